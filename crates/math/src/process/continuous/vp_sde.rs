//! The variance-preserving SDE, the limit of Ho et al.'s process.

use super::{checked, positive, reached};
use crate::level::log_alpha_bar_of;
use crate::{Error, NoiseLevel, Process};

/// dx = −½β(t)x dt + √β(t) dw with β(t) = β_min + t·(β_max − β_min), for t from 0 to 1, so that
/// ln ᾱ(t) = −β_min·t − ½t²·(β_max − β_min) (Song et al. 2021, eq. 11 and 33).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VpSde {
    beta_min: f64,
    beta_max: f64,
}

impl VpSde {
    /// The paper's constants: β from .1 to 20.
    pub const USUAL: Self = Self { beta_min: 0.1, beta_max: 20.0 };

    /// Creates a process from β(0) and β(1).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 0 < β_min ≤ β_max.
    pub fn new(beta_min: f64, beta_max: f64) -> Result<Self, Error> {
        positive("beta_min", beta_min)?;
        positive("beta_max", beta_max)?;
        if beta_max < beta_min {
            let allowed = "at least beta_min";
            return Err(Error::Parameter { name: "beta_max", found: beta_max, allowed });
        }
        Ok(Self { beta_min, beta_max })
    }

    /// ln ᾱ at a time.
    pub(super) fn log_alpha_bar(&self, t: f64) -> f64 {
        -t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min))
    }

    /// The time of a ln ᾱ: the root of the quadratic in the form that avoids a difference.
    pub(super) fn time_of_log_alpha_bar(&self, log_alpha_bar: f64) -> f64 {
        let (l, rise) = (-log_alpha_bar, self.beta_max - self.beta_min);
        let root = libm::sqrt(self.beta_min * self.beta_min + 2.0 * rise * l);
        if l == f64::INFINITY { 1.0 } else { (2.0 * l / (self.beta_min + root)).min(1.0) }
    }
}

impl Process for VpSde {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        NoiseLevel::from_log_alpha_bar(self.log_alpha_bar(checked(t, 1.0)?))
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let last = self.at_time(1.0)?.log_snr();
        NoiseLevel::variance_preserving(reached(log_snr, last)?)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        self.time_of_log_alpha_bar(log_alpha_bar_of(level.log_snr()))
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, _level: NoiseLevel) -> f64 {
        1.0
    }
}
