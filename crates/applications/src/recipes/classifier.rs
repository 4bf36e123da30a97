//! The configuration of a classifier of noisy images. Its network is the down-sampling half of the configured U-Net, and its process
//! is that of the denoiser.

use super::{NetworkConfig, RunConfig};
use crate::Error;
use toml::{Table, Value};
use tweedie_data::Dataset;
use tweedie_models::{About, VariancePrediction};
use tweedie_networks::{NoisyClassifierConfig, UNetConfig};

/// Whether changes select a classifier.
pub(super) fn is_wanted(changes: &Table) -> bool {
    let objective = changes.get("training").and_then(|part| part.get("objective"));
    objective.and_then(|part| part.get("kind")).and_then(Value::as_str) == Some("classifier")
}

/// The default distribution of log-SNRs for a classifier. Most of it lies where the class can be recognised, and some at almost pure
/// noise, where the classifier must learn that it cannot. At two thirds of the levels of a discrete process, noise hides the class.
const LEVELS: [(&str, f64); 2] = [("mean", 2.0), ("std", 3.0)];

/// Replaces the objective of a preset, including its levels, which are for a denoiser, by that of a classifier.
pub(super) fn replace_objective(preset: &mut Table) {
    let mut levels = Table::from_iter([("kind".to_string(), Value::from("normal_log_snr"))]);
    levels.extend(LEVELS.map(|(key, value)| (key.to_string(), Value::from(value))));
    let objective = Table::from_iter([("levels".to_string(), Value::from(levels))]);
    if let Some(training) = preset.get_mut("training").and_then(Value::as_table_mut) {
        training.insert("objective".into(), objective.into());
    }
}

impl RunConfig {
    /// Returns an error if the data have fewer than two classes or if a key applies only to denoisers. Turns off the sheets of samples.
    pub(super) fn fit_to_classify(&mut self, data: &dyn Dataset) -> Result<(), Error> {
        let n = data.class_names().len();
        let wrong =
            |key, found: &str, allowed: String| Err(Error::Setting { key, found: found.into(), allowed });
        if n < 2 {
            let has = if n == 0 { "no classes" } else { "one class" };
            let allowed =
                format!("a classifier needs at least 2 classes, but the data set {} has {has}", data.name());
            return wrong("training.objective.kind", "classifier", allowed);
        }
        let contradiction = "training.objective.kind = \"classifier\" selects a classifier";
        if self.model.conditional {
            let allowed = format!("{contradiction}, which is not conditioned on the class that it predicts");
            return wrong("model.conditional", "true", allowed);
        }
        if self.model.variance != VariancePrediction::None {
            let allowed = format!("{contradiction}, which predicts no variance");
            return wrong("model.variance", self.model.variance.name(), allowed);
        }
        if !self.training.posthoc_ema.std.is_empty() {
            let allowed = format!("{contradiction}, for which it must be []");
            return wrong("training.posthoc_ema.std", "given", allowed);
        }
        self.training.report.sheet = 0;
        self.classifier(data)?.check()?;
        Ok(())
    }

    /// The configuration of the classifier's network.
    ///
    /// # Errors
    /// [`Error::Setting`] for a network that is not a U-Net.
    pub fn classifier(&self, data: &dyn Dataset) -> Result<NoisyClassifierConfig, Error> {
        self.classifier_of(data.class_names().len())
    }

    /// The configuration of the network of a classifier with a number of classes.
    pub(super) fn classifier_of(&self, n_classes: usize) -> Result<NoisyClassifierConfig, Error> {
        match &self.network {
            NetworkConfig::UNet(encoder) => {
                Ok(NoisyClassifierConfig { n_classes: n_classes as i64, encoder: UNetConfig::clone(encoder) })
            }
            other => Err(Error::Setting {
                key: "network.class",
                found: other.class().into(),
                allowed: "it must be UNet2DModel for a classifier of noisy images".into(),
            }),
        }
    }

    /// The process and the data of the classifier.
    pub fn classifier_about(&self, data: &dyn Dataset) -> About {
        About { class_names: data.class_names(), ..self.about(data) }
    }
}
