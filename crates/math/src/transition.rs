//! The forward kernel between two levels, and the posterior given x_0.

use crate::{Error, NoiseLevel};

/// q(x_t | x_s) = N(scale·x_s, variance·I): the forward kernel from level s to a noisier level t.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// Factor of x_s: signal_t/signal_s.
    pub scale: f64,
    /// Variance of the added noise; β_t between neighbouring levels of a discrete process.
    pub variance: f64,
    from: NoiseLevel,
    to: NoiseLevel,
    /// The step's share of the variance of x_t's noise: variance/noise_t² = 1 − SNR_t/SNR_s.
    fresh: f64,
}

/// q(x_s | x_t, x_0) = N(`x0_coefficient`·x_0 + `xt_coefficient`·x_t, `variance`·I) (Ho et al. 2020, eq. 6–7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// Factor of x_0; signal_s·β_t/(1 − ᾱ_t) in a variance-preserving process.
    pub x0_coefficient: f64,
    /// Factor of x_t; √α_t·(1 − ᾱ_s)/(1 − ᾱ_t) in a variance-preserving process.
    pub xt_coefficient: f64,
    /// The variance, β̃_t.
    pub variance: f64,
}

impl Posterior {
    /// The mean, μ̃(x_t, x_0).
    pub fn mean(&self, x0: f64, xt: f64) -> f64 {
        self.x0_coefficient * x0 + self.xt_coefficient * xt
    }
}

impl Transition {
    /// The kernel from `from` to a level that is at least as noisy.
    ///
    /// Its variance is noise_t²·(1 − SNR_t/SNR_s), computed without cancellation from the difference of the log-SNRs.
    ///
    /// # Errors
    /// [`Error::NotNoisier`] if `to` is cleaner than `from`, or `from` has no signal.
    pub fn between(from: NoiseLevel, to: NoiseLevel) -> Result<Self, Error> {
        let (log_snr_from, log_snr_to) = (from.log_snr(), to.log_snr());
        let not_noisier = Error::NotNoisier { from: log_snr_from, to: log_snr_to };
        if log_snr_to > log_snr_from || from.signal_rate() == 0.0 {
            return Err(not_noisier);
        }
        let fresh =
            if from.is_clean() && to.is_clean() { 0.0 } else { -libm::expm1(log_snr_to - log_snr_from) };
        Ok(Self {
            scale: to.signal_rate() / from.signal_rate(),
            variance: to.noise_rate() * to.noise_rate() * fresh,
            from,
            to,
            fresh,
        })
    }

    /// The posterior q(x_s | x_t, x_0), by Bayes' rule from the two forward kernels.
    pub fn posterior(&self) -> Posterior {
        if self.to.is_clean() {
            // Both levels are clean, so that x_t determines x_s.
            return Posterior { x0_coefficient: 0.0, xt_coefficient: 1.0 / self.scale, variance: 0.0 };
        }
        let kept_noise = self.from.noise_rate() / self.to.noise_rate();
        Posterior {
            x0_coefficient: self.from.signal_rate() * self.fresh,
            xt_coefficient: self.scale * kept_noise * kept_noise,
            variance: self.from.noise_rate() * self.from.noise_rate() * self.fresh,
        }
    }

    /// The posterior's mean as a function of x_t and ε: (x_t − β_t/√(1 − ᾱ_t)·ε)/√α_t (Ho et al. 2020, eq. 11), which is
    /// (x_t − variance/noise_t·ε)/scale in any process. It is not finite if x_t has no signal.
    pub fn mean_from_eps(&self, xt: f64, eps: f64) -> f64 {
        (xt - self.to.noise_rate() * self.fresh * eps) / self.scale
    }

    /// The level where the transition starts.
    pub fn from(&self) -> NoiseLevel {
        self.from
    }

    /// The level where the transition ends.
    pub fn to(&self) -> NoiseLevel {
        self.to
    }
}
