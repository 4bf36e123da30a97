//! At which of its own levels a classifier is asked, and what it is told there.

use super::Classifier;
use crate::Error;
use tweedie_math::{Conditioning, NoiseLevel};

impl Classifier {
    /// The process' own level of a level's log-SNR; one within 1e-9 of a trained level is that level. The last trained level stands
    /// for those that are noisier.
    pub(super) fn own_level(&self, level: NoiseLevel) -> Result<NoiseLevel, Error> {
        let process = self.process();
        let last = process.level(process.steps());
        if level.log_snr() <= last.log_snr() {
            return Ok(last);
        }
        match process.trained_time(level) {
            Some(time) => Ok(process.level(time)),
            None => Ok(process.at_log_snr(level.log_snr())?),
        }
    }

    /// The number that the network is told at a level of its own process.
    pub(super) fn told(&self, own: NoiseLevel) -> Result<f64, Error> {
        let (process, conditioning) = (self.process(), self.description().conditioning);
        if let (Conditioning::Index, Some(time)) = (conditioning, process.trained_time(own)) {
            return Ok(time.saturating_sub(1) as f64);
        }
        if self.network().has_time_table() {
            return Err(Error::Wish(format!(
                "this classifier has a learned time table and knows nothing between its trained levels; it is asked at time {:.3}",
                process.time_of(own)
            )));
        }
        Ok(conditioning.told(process, own)?)
    }
}
