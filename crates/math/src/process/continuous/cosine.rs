//! The cosine process in continuous time.

use super::{checked, reached};
use crate::level::log_alpha_bar_of;
use crate::{Error, NoiseLevel, Process};
use core::f64::consts::FRAC_PI_2;

/// ᾱ(t) = cos²b/cos²a with a = s/(1 + s)·π/2 and b = (t + s)/(1 + s)·π/2, for t from 0 to 1 (Nichol & Dhariwal 2021, eq. 17,
/// without the cap that the discrete form needs). ᾱ(1) is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContinuousCosine {
    offset: f64,
}

impl ContinuousCosine {
    /// Creates a process with the offset s. It is .008 in the paper; with 0, signal and noise are the cosine and sine of t·π/2.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an offset outside [0, 1].
    pub fn new(offset: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&offset) {
            return Err(Error::Parameter { name: "offset", found: offset, allowed: "between 0 and 1" });
        }
        Ok(Self { offset })
    }

    fn first_angle(&self) -> f64 {
        self.offset / (1.0 + self.offset) * FRAC_PI_2
    }
}

impl Process for ContinuousCosine {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        let risen = checked(t, 1.0)? / (1.0 + self.offset) * FRAC_PI_2;
        if t == 1.0 {
            return NoiseLevel::new(0.0, 1.0);
        }
        let a = self.first_angle();
        // cos²a − cos²b is computed as the product sin(b − a)·sin(b + a), which avoids the difference.
        let noise = libm::sqrt(libm::sin(risen) * libm::sin(risen + 2.0 * a)) / libm::cos(a);
        // Near t = 1, cos b is computed as the sine of the complement π/2 − b.
        let left = (1.0 - t) / (1.0 + self.offset) * FRAC_PI_2;
        let cosine = if t < 0.5 { libm::cos(a + risen) } else { libm::sin(left) };
        NoiseLevel::new(cosine / libm::cos(a), noise)
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        NoiseLevel::variance_preserving(reached(log_snr, f64::NEG_INFINITY)?)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        let a = self.first_angle();
        let log_alpha_bar = log_alpha_bar_of(level.log_snr());
        // cos b = √ᾱ·cos a; sin²b = sin²a + (1 − ᾱ)·cos²a.
        let cosine = libm::exp(0.5 * log_alpha_bar) * libm::cos(a);
        let lost = -libm::expm1(log_alpha_bar) * libm::cos(a) * libm::cos(a);
        let sine = libm::sqrt(libm::sin(a) * libm::sin(a) + lost);
        let b = libm::atan2(sine, cosine);
        // Near clean data b − a would lose digits as a difference, so that it comes from sin(b − a) = lost/sin(b + a). Near the end
        // it comes from the complement π/2 − b.
        let whole = FRAC_PI_2 / (1.0 + self.offset);
        if b - a > 0.5 {
            1.0 - libm::atan2(cosine, sine) / whole
        } else if lost > 0.0 {
            libm::asin(lost / libm::sin(b + a)) / whole
        } else {
            0.0
        }
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, _level: NoiseLevel) -> f64 {
        1.0
    }
}
