//! Rectified flow: a straight line from data to noise.

use super::{DiscreteProcess, Process, check_steps};
use crate::number::{POSITIVE, is_positive};
use crate::{Error, NoiseLevel};

/// x_t = (1 − σ)·x_0 + σ·ε (Liu et al. 2022; Lipman et al. 2022) with T levels σ_t = s·u/(1 + (s − 1)·u), u = t/T. A shift
/// s above 1 puts more of the levels near noise (Esser et al. 2024, eq. 23).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RectifiedFlow {
    steps: usize,
    shift: f64,
}

impl RectifiedFlow {
    /// Creates a flow with T = `steps` levels.
    ///
    /// # Errors
    /// [`Error::Parameter`] for 0 steps or more than a million, or a shift that is not positive and finite.
    pub fn new(steps: usize, shift: f64) -> Result<Self, Error> {
        check_steps(steps)?;
        if !is_positive(shift) {
            return Err(Error::Parameter { name: "shift", found: shift, allowed: POSITIVE });
        }
        Ok(Self { steps, shift })
    }

    /// σ at u = t/T.
    pub fn shifted(&self, u: f64) -> f64 {
        // The denominator 1 + (s − 1)·u as (1 − u) + s·u. One of the two terms is 0 at each end, so that σ is exactly 0 and 1.
        self.shift * u / ((1.0 - u) + self.shift * u)
    }

    /// The level with the given σ between 0 and 1.
    ///
    /// # Errors
    /// [`Error::Rates`] for a σ outside [0, 1].
    pub fn at_sigma(&self, sigma: f64) -> Result<NoiseLevel, Error> {
        NoiseLevel::new(1.0 - sigma, sigma)
    }
}

impl Process for RectifiedFlow {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        if !(0.0..=self.last_time()).contains(&t) {
            return Err(Error::Time { time: t, last: self.last_time() });
        }
        self.at_sigma(self.shifted(t / self.last_time()))
    }

    fn last_time(&self) -> f64 {
        self.steps as f64
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        if log_snr.is_nan() {
            return Err(Error::LogSnr { log_snr, last: f64::NEG_INFINITY });
        }
        // (1 − σ)/σ = e^(log-SNR/2) gives both rates without a difference.
        let half = 0.5 * log_snr;
        NoiseLevel::new(1.0 / (1.0 + libm::exp(-half)), 1.0 / (1.0 + libm::exp(half)))
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        // σ = n/(s + n), and u = σ/(shift − (shift − 1)·σ).
        self.last_time() * n / (self.shift * s + n)
    }

    fn trained_previous(&self, level: NoiseLevel) -> Option<NoiseLevel> {
        let time = self.trained_time(level).map_or_else(|| self.time_of(level), |time| time as f64);
        (time > 0.0).then(|| self.level((libm::ceil(time) as usize).saturating_sub(1)))
    }

    fn start_std(&self, _level: NoiseLevel) -> f64 {
        1.0
    }
}

impl DiscreteProcess for RectifiedFlow {
    fn steps(&self) -> usize {
        self.steps
    }

    fn level(&self, t: usize) -> NoiseLevel {
        let u = t.min(self.steps) as f64 / self.steps as f64;
        // By construction 0 ≤ σ ≤ 1, so that the level exists.
        self.at_sigma(self.shifted(u)).unwrap_or(NoiseLevel::CLEAN)
    }
}
