//! At which of its own levels a model is asked, and what its network is told there.

use crate::Model;
use tweedie_math::{Conditioning, Error as MathError, NoiseLevel};
use tweedie_samplers::Error;

impl Model {
    /// The process' own level of a level's log-SNR. One within 1e-9 of a trained level is that level.
    pub(super) fn own_level(&self, level: NoiseLevel) -> Result<NoiseLevel, MathError> {
        match self.process.trained_time(level) {
            Some(time) => Ok(self.process.level(time)),
            None => self.process.at_log_snr(level.log_snr()),
        }
    }

    /// Whether some of the levels are clean and what the network says cannot be read there.
    pub(super) fn says_nothing_of_clean(&self, at: &[NoiseLevel]) -> bool {
        at.iter().any(NoiseLevel::is_clean)
            && self.description.parameterization.reading(NoiseLevel::CLEAN, None).is_err()
    }

    /// The level that a posterior mean is that of: one trained step cleaner, also from between two trained levels; none for clean
    /// data.
    pub(crate) fn previous(&self, level: NoiseLevel) -> Result<Option<NoiseLevel>, MathError> {
        match self.process.trained_time(level) {
            Some(time) => Ok(time.checked_sub(1).map(|before| self.process.level(before))),
            None => self.process.at_time((self.process.time_of(level) - 1.0).max(0.0)).map(Some),
        }
    }

    /// The number that the network is told at a level.
    pub(crate) fn told(&self, level: NoiseLevel) -> Result<f64, Error> {
        if let (Conditioning::Index, Some(time)) =
            (self.description.conditioning, self.process.trained_time(level))
        {
            return Ok(time.saturating_sub(1) as f64);
        }
        if self.network.has_time_table() {
            let time = self.process.time_of(level);
            return Err(Error::other(format!(
                "this network has a learned time table and knows nothing between its trained levels; the path asks for time {time:.3}"
            )));
        }
        Ok(self.description.conditioning.told(self.process.as_ref(), level)?)
    }
}
