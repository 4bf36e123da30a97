//! Checks the values of a training configuration.

use super::TrainingConfig;
use crate::Error;
use tweedie_math::power_average;

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
        if self.report.tick == 0 {
            return wrong("training.report.tick", "0".into(), "at least 1 image");
        }
        if self.report.sheet > 0 && (self.report.sheet_images == 0 || self.report.sheet_steps == 0) {
            return wrong("training.report.sheet_images", "0".into(), "at least 1, like sheet_steps");
        }
        for &std in &self.posthoc_ema.std {
            if power_average::gamma_of(std).is_err() {
                return wrong("training.posthoc_ema.std", std.to_string(), "above 0.0001 and at most 0.2886");
            }
        }
        if !self.posthoc_ema.std.is_empty() && self.posthoc_ema.every == 0 {
            return wrong("training.posthoc_ema.every", "0".into(), "at least 1 image");
        }
        if self.report.held_out_images > 1 << 20 {
            let found = self.report.held_out_images.to_string();
            return wrong("training.report.held_out_images", found, "at most 1048576");
        }
        if self.report.keep_last == 0 {
            return wrong("training.report.keep_last", "0".into(), "at least 1 checkpoint");
        }
        let optimizer = &self.optimizer;
        for (key, value, least, below) in [
            ("training.optimizer.learning_rate", optimizer.learning_rate, 0.0, 10.0),
            ("training.optimizer.final_share", optimizer.final_share, 0.0, 1.000_001),
            ("training.optimizer.beta1", optimizer.beta1, 0.0, 1.0),
            ("training.optimizer.beta2", optimizer.beta2, 0.0, 1.0),
            ("training.optimizer.eps", optimizer.eps, 1e-30, 1.0),
            ("training.optimizer.weight_decay", optimizer.weight_decay, 0.0, 10.0),
            ("training.optimizer.max_grad_norm", optimizer.max_grad_norm, 0.0, f64::INFINITY),
            ("training.label_dropout", self.label_dropout, 0.0, 1.0),
            ("training.ema_half_life", self.ema_half_life, 0.0, f64::INFINITY),
            ("training.ema_ramp", self.ema_ramp, 0.0, f64::INFINITY),
            ("training.objective.vlb_weight", self.objective.vlb_weight, 0.0, f64::INFINITY),
            ("training.objective.max_weight", self.objective.max_weight, 1e-12, f64::INFINITY),
        ] {
            if !(least <= value && value < below) {
                return wrong(key, value.to_string(), &format!("at least {least} and below {below}"));
            }
        }
        self.objective.check()
    }
}
