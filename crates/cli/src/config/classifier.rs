//! What a configuration means where a classifier of noisy pictures is to be trained: the network is the way down of the one that
//! would denoise, the process is its process.

use super::RunConfig;
use anyhow::bail;
use toml::{Table, Value};
use tweedie_data::Dataset;
use tweedie_models::{ClassifierDescription, LearnedVariance, Standardization};
use tweedie_networks::NoisyClassifierConfig;

/// Whether changes ask for a classifier.
pub(super) fn is_wanted(asked: &Table) -> bool {
    let objective = asked.get("training").and_then(|part| part.get("objective"));
    objective.and_then(|part| part.get("kind")).and_then(Value::as_str) == Some("classifier")
}

/// Where a classifier's levels lie unless something else is asked for: most where a class can be seen, some of all noise, where it has
/// to learn that it cannot. Two thirds of a discrete process' levels hide it.
const LEVELS: [(&str, f64); 2] = [("mean", 2.0), ("std", 3.0)];

/// What a preset says of the objective, levels included, is a denoiser's: a classifier's takes its place.
pub(super) fn replace_objective(preset: &mut Table) {
    let mut levels = Table::from_iter([("kind".to_string(), Value::from("normal_log_snr"))]);
    levels.extend(LEVELS.map(|(key, value)| (key.to_string(), Value::from(value))));
    let objective = Table::from_iter([("levels".to_string(), Value::from(levels))]);
    if let Some(training) = preset.get_mut("training").and_then(Value::as_table_mut) {
        training.insert("objective".into(), objective.into());
    }
}

impl RunConfig {
    /// Fails where data have no classes to learn, or where what is asked is a denoiser's alone; a classifier draws no sheets.
    pub(super) fn fit_to_classify(&mut self, data: &dyn Dataset) -> anyhow::Result<()> {
        let n = data.class_names().len();
        if n < 2 {
            bail!(
                "training.objective.kind is classifier, and the set {} has {}; a classifier learns from at least 2",
                data.name(),
                if n == 0 { "no classes" } else { "one class" }
            );
        }
        if self.model.conditional {
            bail!(
                "model.conditional is true and training.objective.kind is classifier: a classifier finds the class and is not told it"
            );
        }
        if self.model.variance != LearnedVariance::None {
            bail!(
                "model.variance is learned and training.objective.kind is classifier: a classifier says no variance"
            );
        }
        if !self.training.posthoc_ema.std.is_empty() {
            bail!(
                "training.posthoc_ema.std is given and training.objective.kind is classifier: it must be [] there"
            );
        }
        self.training.report.sheet = 0;
        self.classifier(data).check()?;
        Ok(())
    }

    /// The classifier's network.
    pub fn classifier(&self, data: &dyn Dataset) -> NoisyClassifierConfig {
        NoisyClassifierConfig { n_classes: data.class_names().len() as i64, encoder: self.network.clone() }
    }

    /// The classifier's description.
    pub fn classifier_description(&self, data: &dyn Dataset) -> ClassifierDescription {
        let (schedule, steps) = (self.model.schedule.clone(), self.model.steps);
        let mut description = ClassifierDescription::new(schedule, steps, data.class_names());
        description.standardization = data.moments().map(|(mean, scale)| Standardization { mean, scale });
        description
    }
}
