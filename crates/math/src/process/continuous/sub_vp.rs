//! The sub-VP SDE, which has less noise than the variance-preserving SDE at every time.

use super::{VpSde, checked, reached};
use crate::{Error, NoiseLevel, Process};

/// dx = −½β(t)x dt + √(β(t)(1 − ᾱ(t)²)) dw, with signal √ᾱ and noise 1 − ᾱ (Song et al. 2021, eq. 12 and 29), where ᾱ is that
/// of a [`VpSde`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SubVpSde {
    vp: VpSde,
}

impl SubVpSde {
    /// The paper's constants: β from .1 to 20.
    pub const USUAL: Self = Self { vp: VpSde::USUAL };

    /// Creates a process from β(0) and β(1).
    ///
    /// # Errors
    /// Errors returned by [`VpSde::new`].
    pub fn new(beta_min: f64, beta_max: f64) -> Result<Self, Error> {
        Ok(Self { vp: VpSde::new(beta_min, beta_max)? })
    }
}

impl Process for SubVpSde {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        let log_alpha_bar = self.vp.log_alpha_bar(checked(t, 1.0)?);
        NoiseLevel::new(libm::exp(0.5 * log_alpha_bar), -libm::expm1(log_alpha_bar))
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let last = self.at_time(1.0)?.log_snr();
        let ratio = libm::exp(0.5 * reached(log_snr, last)?);
        if ratio == f64::INFINITY {
            return Ok(NoiseLevel::CLEAN);
        }
        // r = s/n with n = 1 − s²: r·s² + s − r = 0, so s = 2r/(1 + √(1 + 4r²)) and n = s/r.
        let noise = 2.0 / (1.0 + libm::hypot(1.0, 2.0 * ratio));
        NoiseLevel::new(ratio * noise, noise)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        let ratio = libm::exp(0.5 * level.log_snr());
        let noise = if ratio == f64::INFINITY { 0.0 } else { 2.0 / (1.0 + libm::hypot(1.0, 2.0 * ratio)) };
        // ln ᾱ equals both ln(1 − n) and 2·ln s; the more accurate form depends on n.
        let log_alpha_bar = if noise < 0.5 { libm::log1p(-noise) } else { 2.0 * libm::log(ratio * noise) };
        self.vp.time_of_log_alpha_bar(log_alpha_bar)
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, _level: NoiseLevel) -> f64 {
        1.0
    }
}
