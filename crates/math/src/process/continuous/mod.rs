//! Processes in continuous time: stochastic differential equations with Gaussian kernels in closed form.
//!
//! Each process is a pair of rates (signal, noise) as a function of t. The exact kernel between two of its times is
//! [`Transition::between`](crate::Transition::between) their levels.

mod cosine;
mod edm;
mod sub_vp;
mod ve_sde;
mod vp_sde;

pub use cosine::ContinuousCosine;
pub use edm::Edm;
pub use sub_vp::SubVpSde;
pub use ve_sde::VeSde;
pub use vp_sde::VpSde;

use crate::Error;
use crate::number::{POSITIVE, is_positive};

/// Returns the time if it is in [0, last].
fn checked(time: f64, last: f64) -> Result<f64, Error> {
    if (0.0..=last).contains(&time) { Ok(time) } else { Err(Error::Time { time, last }) }
}

/// Returns the log-SNR unless it is NaN, or below that of the last level by more than `SAME_LEVEL`.
fn reached(log_snr: f64, last: f64) -> Result<f64, Error> {
    if log_snr.is_nan() || log_snr < last - super::SAME_LEVEL {
        return Err(Error::LogSnr { log_snr, last });
    }
    Ok(log_snr)
}

/// Returns a parameter if it is positive and finite in single precision. The error has the given name.
fn positive(name: &'static str, found: f64) -> Result<f64, Error> {
    if is_positive(found) { Ok(found) } else { Err(Error::Parameter { name, found, allowed: POSITIVE }) }
}
