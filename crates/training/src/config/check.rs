//! Checks the values of a training configuration.

use super::TrainingConfig;
use crate::Error;
use tweedie_math::number::{GREATEST, LEAST};
use tweedie_math::{MOST_LEVELS, Short, power_average};
use tweedie_report::MOST_ON_A_SHEET;

/// The greatest number of images or of an interval of images, a trillion.
const MOST_IMAGES: u64 = 1_000_000_000_000;

/// The greatest number of stored averages, each of which is a copy of the weights.
const MOST_AVERAGES: usize = 16;

impl TrainingConfig {
    /// Checks that every value is in its allowed range.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of the first value that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        let wrong =
            |key, found: String, allowed: &str| Err(Error::Config { key, found, allowed: allowed.into() });
        if self.batch == 0 || self.batch > 1 << 20 {
            return wrong("training.batch", self.batch.to_string(), "between 1 and 1048576");
        }
        if self.accumulate == 0 || !self.batch.is_multiple_of(self.accumulate) {
            return wrong("training.accumulate", self.accumulate.to_string(), "a divisor of training.batch");
        }
        let (report, has_sheets) = (&self.report, u64::from(self.report.sheet > 0));
        let stores = u64::from(!self.posthoc_ema.std.is_empty());
        for (key, value, least, most) in [
            ("training.images", self.images, 0, MOST_IMAGES),
            ("training.optimizer.warmup", self.optimizer.warmup, 0, MOST_IMAGES),
            ("training.posthoc_ema.every", self.posthoc_ema.every, stores, MOST_IMAGES),
            ("training.report.tick", report.tick, 1, MOST_IMAGES),
            ("training.report.sheet", report.sheet, 0, MOST_IMAGES),
            ("training.report.sheet_images", report.sheet_images as u64, has_sheets, MOST_ON_A_SHEET as u64),
            ("training.report.sheet_steps", report.sheet_steps as u64, has_sheets, MOST_LEVELS as u64),
            ("training.report.checkpoint", report.checkpoint, 0, MOST_IMAGES),
            ("training.report.held_out", report.held_out, 0, MOST_IMAGES),
            ("training.report.held_out_images", report.held_out_images as u64, 0, 1 << 20),
            ("training.report.keep_last", report.keep_last as u64, 1, 1 << 20),
            ("training.report.keep_every", report.keep_every, 0, MOST_IMAGES),
        ] {
            if !(least..=most).contains(&value) {
                return wrong(key, value.to_string(), &format!("between {least} and {most}"));
            }
        }
        let n_averages = self.posthoc_ema.std.len();
        if n_averages > MOST_AVERAGES {
            let allowed = format!("a list of at most {MOST_AVERAGES} widths");
            return wrong("training.posthoc_ema.std", format!("a list of {n_averages}"), &allowed);
        }
        for &std in &self.posthoc_ema.std {
            if power_average::gamma_of(std).is_err() {
                return wrong(
                    "training.posthoc_ema.std",
                    Short(std).to_string(),
                    "above 0.0001 and at most 0.2886",
                );
            }
        }
        let optimizer = &self.optimizer;
        for (key, value, least, below) in [
            ("training.optimizer.learning_rate", optimizer.learning_rate, 0.0, 10.0),
            ("training.optimizer.final_share", optimizer.final_share, 0.0, 1.000_001),
            ("training.optimizer.beta1", optimizer.beta1, 0.0, 1.0),
            ("training.optimizer.beta2", optimizer.beta2, 0.0, 1.0),
            ("training.optimizer.eps", optimizer.eps, 1e-30, 1.0),
            ("training.optimizer.weight_decay", optimizer.weight_decay, 0.0, 10.0),
            ("training.optimizer.max_grad_norm", optimizer.max_grad_norm, 0.0, GREATEST),
            ("training.label_dropout", self.label_dropout, 0.0, 1.0),
            ("training.ema_half_life", self.ema_half_life, 0.0, GREATEST),
            ("training.ema_ramp", self.ema_ramp, 0.0, GREATEST),
            ("training.objective.vlb_weight", self.objective.vlb_weight, 0.0, GREATEST),
            ("training.objective.max_weight", self.objective.max_weight, 1e-12, GREATEST),
        ] {
            if !(least <= value && value < below) {
                let [found, least] = [value, least].map(|number| Short(number).to_string());
                // The greatest number of f32 has more digits than a message needs.
                let below = if below == GREATEST { "3.4e38".to_string() } else { Short(below).to_string() };
                return wrong(key, found, &format!("at least {least} and below {below}"));
            }
        }
        if optimizer.max_grad_norm > 0.0 && optimizer.max_grad_norm < LEAST {
            let found = Short(optimizer.max_grad_norm).to_string();
            return wrong(
                "training.optimizer.max_grad_norm",
                found,
                "0, or at least 1.2e-38, or f32 rounds it to 0",
            );
        }
        self.objective.check()
    }
}
