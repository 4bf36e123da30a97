//! The levels of a model's process, and the numbers that the network is conditioned on at these levels.

use super::Backbone;
use crate::Error;
use tweedie_math::{Conditioning, NoiseLevel};

impl Backbone {
    /// The level of the process with the log-SNR of the given level. A level within 1e-9 of one of the T levels is mapped to that level.
    ///
    /// # Errors
    /// An error for a level noisier than the last one, unless the last level is used for noisier ones.
    pub fn own_level(&self, level: NoiseLevel) -> Result<NoiseLevel, Error> {
        let process = self.process();
        if self.last_stands_for_noisier {
            let last = process.level(process.steps());
            if level.log_snr() <= last.log_snr() {
                return Ok(last);
            }
        }
        match process.trained_time(level) {
            Some(time) => Ok(process.level(time)),
            None => Ok(process.at_log_snr(level.log_snr())?),
        }
    }

    /// The level of the posterior mean at a level, which is one trained step cleaner, also for a level between two trained levels. It is
    /// `None` for clean data and for a continuous process.
    ///
    /// # Errors
    /// An error for a level outside the process.
    pub fn previous(&self, level: NoiseLevel) -> Result<Option<NoiseLevel>, Error> {
        let process = self.process();
        if process.is_continuous() {
            return Ok(None);
        }
        match process.trained_time(level) {
            Some(time) => Ok(time.checked_sub(1).map(|before| process.level(before))),
            None => Ok(process.at_time((process.time_of(level) - 1.0).max(0.0)).map(Some)?),
        }
    }

    /// The number that the network is conditioned on at a level.
    ///
    /// # Errors
    /// [`Error::BetweenTimes`] for a level between the trained ones and a network with a learned time table; an error for a level outside
    /// the process.
    pub fn number(&self, level: NoiseLevel) -> Result<f64, Error> {
        let (process, conditioning) = (self.process(), self.about().conditioning);
        if self.has_time_table
            && !(conditioning == Conditioning::Index && process.trained_time(level).is_some())
        {
            return Err(Error::BetweenTimes { time: process.time_of(level) });
        }
        Ok(conditioning.number(process, level)?)
    }
}

/// The factor that rescales x from one level to another with the same log-SNR.
pub(crate) fn rescaling(from: NoiseLevel, to: NoiseLevel) -> f64 {
    if from.signal_rate() > from.noise_rate() {
        to.signal_rate() / from.signal_rate()
    } else {
        to.noise_rate() / from.noise_rate()
    }
}
