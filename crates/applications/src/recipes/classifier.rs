//! The configuration of a classifier of noisy images: its network is the way down of the one that would denoise, its process is the
//! denoiser's.

use super::{NetworkConfig, RunConfig};
use crate::Error;
use toml::{Table, Value};
use tweedie_data::Dataset;
use tweedie_models::{About, VariancePrediction};
use tweedie_networks::{NoisyClassifierConfig, UNetConfig};

/// Whether changes ask for a classifier.
pub(super) fn is_wanted(changes: &Table) -> bool {
    let objective = changes.get("training").and_then(|part| part.get("objective"));
    objective.and_then(|part| part.get("kind")).and_then(Value::as_str) == Some("classifier")
}

/// The distribution of a classifier's log-SNRs unless another is configured: most where a class can be seen, some at pure noise, where it
/// has to learn that it cannot. Two thirds of a discrete process' levels hide the class.
const LEVELS: [(&str, f64); 2] = [("mean", 2.0), ("std", 3.0)];

/// A preset's objective, levels included, is a denoiser's: a classifier's takes its place.
pub(super) fn replace_objective(preset: &mut Table) {
    let mut levels = Table::from_iter([("kind".to_string(), Value::from("normal_log_snr"))]);
    levels.extend(LEVELS.map(|(key, value)| (key.to_string(), Value::from(value))));
    let objective = Table::from_iter([("levels".to_string(), Value::from(levels))]);
    if let Some(training) = preset.get_mut("training").and_then(Value::as_table_mut) {
        training.insert("objective".into(), objective.into());
    }
}

impl RunConfig {
    /// Fails where data have no classes to learn, or where a setting is a denoiser's alone; a classifier draws no sheets.
    pub(super) fn fit_to_classify(&mut self, data: &dyn Dataset) -> Result<(), Error> {
        let n = data.class_names().len();
        let wrong =
            |key, found: &str, allowed: String| Err(Error::Setting { key, found: found.into(), allowed });
        if n < 2 {
            let has = if n == 0 { "no classes" } else { "one class" };
            let allowed =
                format!("the set {} has {has}, and a classifier learns from at least 2", data.name());
            return wrong("training.objective.kind", "classifier", allowed);
        }
        let contradiction = "training.objective.kind is classifier";
        if self.model.conditional {
            let allowed =
                format!("{contradiction}: a classifier is not conditioned on the class that it finds");
            return wrong("model.conditional", "true", allowed);
        }
        if self.model.variance != VariancePrediction::None {
            let allowed = format!("{contradiction}: a classifier predicts no variance");
            return wrong("model.variance", self.model.variance.name(), allowed);
        }
        if !self.training.posthoc_ema.std.is_empty() {
            let allowed = format!("{contradiction}: it must be [] there");
            return wrong("training.posthoc_ema.std", "given", allowed);
        }
        self.training.report.sheet = 0;
        self.classifier(data)?.check()?;
        Ok(())
    }

    /// The classifier's network.
    ///
    /// # Errors
    /// [`Error::Setting`] for a network that is not a U-Net.
    pub fn classifier(&self, data: &dyn Dataset) -> Result<NoisyClassifierConfig, Error> {
        match &self.network {
            NetworkConfig::UNet(encoder) => Ok(NoisyClassifierConfig {
                n_classes: data.class_names().len() as i64,
                encoder: UNetConfig::clone(encoder),
            }),
            other => Err(Error::Setting {
                key: "network.class",
                found: other.class().into(),
                allowed: "a classifier of noisy images is the way down of a UNet2DModel".into(),
            }),
        }
    }

    /// What is known of the classifier.
    pub fn classifier_about(&self, data: &dyn Dataset) -> About {
        About { class_names: data.class_names(), ..self.about(data) }
    }
}
