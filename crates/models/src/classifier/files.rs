//! A classifier's folder: `classifier/`, `tweedie.json`, a card, and nothing that `diffusers` would take for a pipeline.

use super::{Classifier, ClassifierDescription, card};
use crate::Error;
use crate::folder::{CARD, CLASSIFIER_CONFIG, CLASSIFIER_WEIGHTS, DESCRIPTION, Kind, json};
use crate::load::{read_description, read_weights};
use crate::save::{Snapshot, weights_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tch::Device;
use tweedie_networks::{NoisyClassifier, NoisyClassifierConfig};
use tweedie_weights::Staging;

/// What `config.json` calls the network; `diffusers` knows no such name.
const CLASS: &str = "NoisyClassifier";

impl Classifier {
    /// Opens a classifier's folder; a run's folder stands for its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for a denoiser's folder; a description that cannot be read; weights that do
    /// not fit, by name.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        let folder = Kind::Classifier.find(folder)?;
        let path = folder.join(CLASSIFIER_CONFIG);
        let wrong = |reason: String| Error::Configuration { path: path.clone(), reason };
        let mut object = json::read_object(&path)?;
        match object.remove("_class_name").as_ref().and_then(Value::as_str) {
            Some(CLASS) => {}
            other => {
                let found = other.unwrap_or("network without a name");
                return Err(wrong(format!("the network is a {found}; only {CLASS} is implemented here")));
            }
        }
        let config: NoisyClassifierConfig =
            serde_json::from_value(Value::Object(object)).map_err(|error| wrong(error.to_string()))?;
        let description: ClassifierDescription = read_description(&folder.join(DESCRIPTION))?;
        let network = NoisyClassifier::new(&config, device, 0)?;
        read_weights(network.parameters(), &folder.join(CLASSIFIER_WEIGHTS))?;
        Self::of_network(network, description)
    }

    /// The folder that [`Classifier::save`] writes, in memory.
    ///
    /// # Errors
    /// Memory.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let mut config = json!({ "_class_name": CLASS });
        if let (Value::Object(all), Value::Object(own)) = (&mut config, json!(self.network.config())) {
            all.extend(own);
        }
        let files = vec![
            (CLASSIFIER_CONFIG, json::bytes_of(&config)),
            (DESCRIPTION, json::bytes_of(&self.description)),
            (CARD, card::write(self).into_bytes()),
        ];
        let weights = (CLASSIFIER_WEIGHTS, weights_of(self.network.parameters())?);
        Ok(Snapshot { files, weights })
    }

    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same
    /// staging.
    ///
    /// # Errors
    /// A disk that is full or read-only.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), tweedie_weights::Error>,
    ) -> Result<PathBuf, Error> {
        Ok(self.snapshot()?.write(folder, more)?)
    }
}
