//! The memory that a training needs at least, compared with that of the machine before anything is allocated.

use super::RunConfig;
use crate::Error;
use tch::Device;
use tweedie_math::DataShape;
use tweedie_networks::{NoisyClassifier, Plan, Registry};
use tweedie_report::most_on_a_sheet;
use tweedie_training::{LevelSampling, ObjectiveKind, TrainingConfig};

/// Bytes per parameter for the weights, the gradients, the average and the two moments: five numbers of four bytes. Stored averages
/// are added to it.
const KEPT: f64 = 20.0;

/// The greatest number of losses that importance sampling keeps for all levels.
const MOST_LOSSES: usize = 10_000_000;

/// The memory for the weights, gradients, averages and moments of trained parameters, in bytes.
pub(super) fn kept_bytes(config: &TrainingConfig, n_trained: usize) -> f64 {
    (KEPT + 4.0 * config.posthoc_ema.std.len() as f64) * n_trained as f64
}

impl RunConfig {
    /// Plans the network and returns an error unless the training fits in the memory of the machine. The memory of other devices is not
    /// known here.
    pub(super) fn check_memory(
        &self,
        shape: &DataShape,
        device: Device,
        n_classes: usize,
    ) -> Result<(), Error> {
        self.check_losses()?;
        self.check_sheet(shape)?;
        shape.check()?;
        let plan = self.plan(n_classes)?;
        match tweedie_torch::memory_bytes() {
            Some(available) if device == Device::Cpu => {
                check(&plan, &self.training, shape.n_values(), available as f64)
            }
            _ => Ok(()),
        }
    }

    fn plan(&self, n_classes: usize) -> Result<Plan, Error> {
        let (class, config) = match self.training.objective.kind {
            ObjectiveKind::Denoiser => (self.network.class(), self.network.config()),
            ObjectiveKind::Classifier => {
                (NoisyClassifier::CLASS, serde_json::json!(self.classifier_of(n_classes)?))
            }
        };
        Ok(Registry::default().plan(class, &config)?)
    }

    /// Returns an error for more samples on a sheet than can be kept.
    fn check_sheet(&self, shape: &DataShape) -> Result<(), Error> {
        let Some([_, height, width]) = shape.as_image() else { return Ok(()) };
        let (report, most) = (&self.training.report, most_on_a_sheet(height, width));
        if report.sheet == 0 || report.sheet_images <= most {
            return Ok(());
        }
        Err(Error::Setting {
            key: "training.report.sheet_images",
            found: report.sheet_images.to_string(),
            allowed: format!("for examples of shape {shape} it must be at most {most}"),
        })
    }

    /// Returns an error if importance sampling would keep too many losses.
    fn check_losses(&self) -> Result<(), Error> {
        let LevelSampling::Importance { history, .. } = self.training.objective.levels else { return Ok(()) };
        if history.saturating_mul(self.model.steps) <= MOST_LOSSES {
            return Ok(());
        }
        Err(Error::Setting {
            key: "training.objective.levels.history",
            found: history.to_string(),
            allowed: format!(
                "with model.steps = {}, it must be at most {}",
                self.model.steps,
                MOST_LOSSES / self.model.steps
            ),
        })
    }
}

/// Returns an error unless the weights with all that training keeps for them, and one batch, fit in a number of bytes.
fn check(plan: &Plan, config: &TrainingConfig, n_values: usize, available: f64) -> Result<(), Error> {
    let n_trained = plan.n_trained();
    let kept = kept_bytes(config, n_trained);
    let batch = 4.0 * config.batch as f64 * n_values as f64;
    if kept + batch <= available {
        return Ok(());
    }
    Err(Error::Memory { n_trained, batch: config.batch, kept, of_batch: batch, available })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tweedie_networks::PlannedParameter;

    const GIB: f64 = (1u64 << 30) as f64;

    #[test]
    fn a_training_beyond_the_memory_is_refused_with_both_amounts() {
        let weight = PlannedParameter { name: "a".into(), shape: vec![1 << 15, 1 << 15], trained: true };
        let plan = Plan { parameters: vec![weight], ..Plan::default() };
        let config = TrainingConfig { batch: 2, ..TrainingConfig::default() };
        assert!(check(&plan, &config, 3, 20.1 * GIB).is_ok());
        let refused = check(&plan, &config, 3, 16.0 * GIB).unwrap_err().to_string();
        assert_eq!(
            refused,
            "training needs at least 20.0 GiB: 20.0 GiB for the weights, gradients, averages and moments of 1073741824 parameters, and \
             0.0 GiB for a batch of 2 examples; the machine has 16.0 GiB, so the network or training.batch must be smaller"
        );
        let large = TrainingConfig { batch: 1 << 20, ..config };
        assert!(check(&plan, &large, 3 << 20, 64.0 * GIB).is_err());
    }
}
