//! A model's own levels, and the number that its network is conditioned on there.

use super::Backbone;
use crate::Error;
use tweedie_math::{Conditioning, NoiseLevel};

impl Backbone {
    /// The process' own level of a level's log-SNR. A level within 1e-9 of one of the T levels is that level.
    ///
    /// # Errors
    /// A level noisier than the last, unless the last stands for those.
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

    /// The level of the posterior mean at a level: one trained step cleaner, also from between two trained levels. `None` for clean
    /// data and for a continuous process.
    ///
    /// # Errors
    /// A level outside the process.
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
    /// [`Error::BetweenTimes`] for a network with a learned time table; a level outside the process.
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

/// The factor that takes x from one level to another of the same log-SNR.
pub(crate) fn rescaling(from: NoiseLevel, to: NoiseLevel) -> f64 {
    if from.signal_rate() > from.noise_rate() {
        to.signal_rate() / from.signal_rate()
    } else {
        to.noise_rate() / from.noise_rate()
    }
}
