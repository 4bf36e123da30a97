//! The number that a network is conditioned on at a noise level.

use crate::number::{FINITE, is_finite};
use crate::{DiscreteProcess, Error, NoiseLevel};
use serde::{Deserialize, Serialize};

/// The map from a noise level to the number that a network is conditioned on. It is stored with the checkpoint and does not depend
/// on the process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conditioning {
    /// The 0-based index of a trained level, t − 1; fractional between trained levels.
    Index,
    /// The noise rate times `scale`, the usual conditioning of flows (σ·1000 in `diffusers`).
    NoiseRate {
        /// The factor.
        scale: f64,
    },
    /// The time as a share of the process' last time, times `scale`: 999·t or 1000·t for the continuous processes of Song et al. 2021.
    Time {
        /// The factor.
        scale: f64,
    },
    /// σ = noise/signal.
    Sigma,
    /// ln(σ)/4 with σ = noise/signal (Karras et al. 2022, table 1).
    LogSigma,
}

impl Conditioning {
    /// The number that a network is conditioned on at a level. For a level cleaner than level 1 of the process, it is the number of
    /// level 1.
    ///
    /// # Errors
    /// [`Error::LogSnr`] for a level noisier than the process' last; [`Error::Singular`] for [`Conditioning::Sigma`] and
    /// [`Conditioning::LogSigma`] at a level without signal, whose σ is infinite.
    pub fn number(self, process: &dyn DiscreteProcess, level: NoiseLevel) -> Result<f64, Error> {
        let own = process.at_log_snr(level.log_snr())?;
        let first = process.level(1);
        let limited = if level.log_snr() > first.log_snr() { first } else { level };
        match self {
            Self::Index => Ok(match process.trained_time(level) {
                Some(t) => t.saturating_sub(1) as f64,
                None => (process.time_of(level) - 1.0).max(0.0),
            }),
            Self::NoiseRate { scale } => Ok(scale * own.noise_rate().max(first.noise_rate())),
            Self::Time { scale } => Ok(scale * process.time_share(limited)),
            Self::Sigma => sigma(limited),
            Self::LogSigma => Ok(0.25 * libm::log(sigma(limited)?)),
        }
    }

    /// Checks the ranges of the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a scale that is not finite in single precision.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::NoiseRate { scale } | Self::Time { scale } if !is_finite(scale) => {
                Err(Error::Parameter { name: "the conditioning's scale", found: scale, allowed: FINITE })
            }
            _ => Ok(()),
        }
    }
}

/// σ = noise/signal, which must be finite.
fn sigma(level: NoiseLevel) -> Result<f64, Error> {
    let sigma = level.sigma();
    if sigma.is_finite() {
        return Ok(sigma);
    }
    let (signal, noise) = (level.signal_rate(), level.noise_rate());
    Err(Error::Singular { what: "the network's conditioning, sigma = noise/signal,", signal, noise })
}
