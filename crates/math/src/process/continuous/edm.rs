//! The process of Karras et al. (2022), whose time is σ.

use super::{checked, positive, reached};
use crate::{Error, NoiseLevel, Process};

/// Signal 1 and noise σ = t, for t from 0 to σ_max (Karras et al. 2022, sec. 3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edm {
    sigma_max: f64,
}

impl Edm {
    /// Creates a process with the greatest σ; 80 in the paper.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless σ_max is positive and finite.
    pub fn new(sigma_max: f64) -> Result<Self, Error> {
        Ok(Self { sigma_max: positive("sigma_max", sigma_max)? })
    }
}

impl Process for Edm {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        NoiseLevel::new(1.0, checked(t, self.sigma_max)?)
    }

    fn last_time(&self) -> f64 {
        self.sigma_max
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let last = self.at_time(self.sigma_max)?.log_snr();
        NoiseLevel::new(1.0, libm::exp(-0.5 * reached(log_snr, last)?))
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        level.sigma().min(self.sigma_max)
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, level: NoiseLevel) -> f64 {
        level.noise_rate()
    }
}
