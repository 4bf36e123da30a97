//! What a network is told of the level.

use crate::{Error, NoiseLevel, Process};
use serde::{Deserialize, Serialize};

/// What number a network is told; it belongs to the checkpoint, not to the process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conditioning {
    /// The 0-based index of a discrete process' level, t − 1; fractional between trained levels.
    Index,
    /// The noise rate times this: what flows are told (σ·1000 in `diffusers`).
    NoiseRate {
        /// The factor.
        scale: f64,
    },
}

impl Conditioning {
    /// The number for a level. A network is never told a level cleaner than its first trained one.
    ///
    /// # Errors
    /// [`Error::LogSnr`] for a level noisier than the process' last.
    pub fn told(self, process: &dyn Process, level: NoiseLevel) -> Result<f64, Error> {
        let own = process.at_log_snr(level.log_snr())?;
        match self {
            Self::Index => Ok((process.time_of(level) - 1.0).max(0.0)),
            Self::NoiseRate { scale } => {
                let last = process.at_time(process.last_time())?;
                let is_discrete = process.trained_previous(last).is_some();
                let first = if is_discrete { process.at_time(1.0)? } else { NoiseLevel::CLEAN };
                Ok(scale * own.noise_rate().max(first.noise_rate()))
            }
        }
    }
}
