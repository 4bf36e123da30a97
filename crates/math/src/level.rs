//! One point of a forward process.

use crate::Error;

/// A level of noise: x_t = `signal_rate`·x_0 + `noise_rate`·ε with ε ~ N(0, I).
///
/// The rates are finite, non-negative and not both zero. Clean data is (1, 0); pure noise has signal 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseLevel {
    signal_rate: f64,
    noise_rate: f64,
}

impl NoiseLevel {
    /// Clean data: signal 1, noise 0.
    pub const CLEAN: Self = Self { signal_rate: 1.0, noise_rate: 0.0 };

    /// Creates a level from its two rates.
    ///
    /// # Errors
    /// [`Error::Rates`] unless both are finite and not negative, and at least one is positive.
    pub fn new(signal_rate: f64, noise_rate: f64) -> Result<Self, Error> {
        let valid =
            signal_rate.is_finite() && noise_rate.is_finite() && signal_rate >= 0.0 && noise_rate >= 0.0;
        if valid && signal_rate + noise_rate > 0.0 {
            Ok(Self { signal_rate, noise_rate })
        } else {
            Err(Error::Rates { signal: signal_rate, noise: noise_rate })
        }
    }

    /// The variance-preserving level with the given ln ᾱ ≤ 0, where ᾱ = signal². −∞ gives pure noise.
    ///
    /// # Errors
    /// [`Error::Rates`] for a positive logarithm or NaN.
    pub fn from_log_alpha_bar(log_alpha_bar: f64) -> Result<Self, Error> {
        Self::new(libm::exp(0.5 * log_alpha_bar), libm::sqrt(0.0 - libm::expm1(log_alpha_bar)))
    }

    /// The variance-preserving level with the given log-SNR, ln(signal²/noise²): ᾱ = sigmoid(log-SNR).
    ///
    /// # Errors
    /// [`Error::Rates`] for NaN.
    pub fn variance_preserving(log_snr: f64) -> Result<Self, Error> {
        Self::from_log_alpha_bar(log_alpha_bar_of(log_snr))
    }

    /// The factor of x_0.
    pub fn signal_rate(&self) -> f64 {
        self.signal_rate
    }

    /// The factor of ε.
    pub fn noise_rate(&self) -> f64 {
        self.noise_rate
    }

    /// ln(signal²/noise²): +∞ for clean data, −∞ for pure noise.
    pub fn log_snr(&self) -> f64 {
        2.0 * (libm::log(self.signal_rate) - libm::log(self.noise_rate))
    }

    /// σ = noise/signal, the standard deviation of the noise in x_t/signal_rate: 0 for clean data, +∞ for pure noise.
    pub fn sigma(&self) -> f64 {
        self.noise_rate / self.signal_rate
    }

    /// Whether the level is without noise.
    pub fn is_clean(&self) -> bool {
        self.noise_rate == 0.0
    }
}

/// ln ᾱ of a variance-preserving level: ln sigmoid(log-SNR) = −ln(1 + e^(−log-SNR)).
pub(crate) fn log_alpha_bar_of(log_snr: f64) -> f64 {
    if log_snr >= 0.0 { -libm::log1p(libm::exp(-log_snr)) } else { log_snr - libm::log1p(libm::exp(log_snr)) }
}
