//! The variance-exploding SDE, the limit of noise-conditional score networks.

use super::{checked, positive, reached};
use crate::{Error, NoiseLevel, Process};

/// Signal 1 and noise σ(t) = σ_min·(σ_max/σ_min)^t, for t from 0 to 1 (Song et al. 2021, eq. 9 and 30).
///
/// Time 0 is clean data. As in the paper, whose kernel holds for t > 0, the noise is at least σ_min at every positive time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VeSde {
    sigma_min: f64,
    sigma_max: f64,
}

impl VeSde {
    /// Creates a process from the least and greatest σ; .01 and 50 for CIFAR-10 in the paper.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < σ_min < σ_max.
    pub fn new(sigma_min: f64, sigma_max: f64) -> Result<Self, Error> {
        positive("sigma_min", sigma_min)?;
        positive("sigma_max", sigma_max)?;
        if sigma_max <= sigma_min {
            let allowed = "greater than sigma_min";
            return Err(Error::Parameter { name: "sigma_max", found: sigma_max, allowed });
        }
        Ok(Self { sigma_min, sigma_max })
    }

    fn log_ratio(&self) -> f64 {
        libm::log(self.sigma_max) - libm::log(self.sigma_min)
    }
}

impl Process for VeSde {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        if checked(t, 1.0)? == 0.0 {
            return Ok(NoiseLevel::CLEAN);
        }
        if t == 1.0 {
            return NoiseLevel::new(1.0, self.sigma_max);
        }
        NoiseLevel::new(1.0, self.sigma_min * libm::exp(t * self.log_ratio()))
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let last = self.at_time(1.0)?.log_snr();
        NoiseLevel::new(1.0, libm::exp(-0.5 * reached(log_snr, last)?))
    }

    /// The time of a level; 0 for every level with less noise than σ_min.
    fn time_of(&self, level: NoiseLevel) -> f64 {
        let log_sigma = -0.5 * level.log_snr();
        ((log_sigma - libm::log(self.sigma_min)) / self.log_ratio()).clamp(0.0, 1.0)
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, level: NoiseLevel) -> f64 {
        level.noise_rate()
    }
}
