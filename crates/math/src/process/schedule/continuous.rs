//! Schedules of continuous processes: the constants of the papers and the spacing of the T levels.

use crate::process::{ContinuousCosine, Discretised, Edm, SubVpSde, VeSde, VpSde};
use crate::{Error, Process};
use core::fmt::Debug;

/// The first time of the VP and sub-VP processes: the time ε at which sampling stops in Song et al. 2021.
///
/// It is also the first time of the cosine process. For T = 1000, the first level of the discrete cosine process is at this time
/// (Nichol & Dhariwal 2021).
const FIRST_TIME: f64 = 1e-3;

/// The first time of the VE process, whose noise tends to σ_min as t falls to 0.
///
/// Song et al. 2021 stop sampling at ε = 1e-5, where σ exceeds σ_min by a share of about 1e-4. At the least positive time, σ is
/// exactly σ_min.
const FIRST_VE_TIME: f64 = f64::MIN_POSITIVE;

/// ρ of the EDM process (Karras et al. 2022, eq. 5).
const EDM_RHO: f64 = 7.0;

/// β_min of the VP and sub-VP processes in Song et al. 2021.
pub(super) fn beta_min() -> f64 {
    0.1
}

/// β_max of the VP and sub-VP processes in Song et al. 2021.
pub(super) fn beta_max() -> f64 {
    20.0
}

/// σ_min of the VE process for CIFAR-10 in Song et al. 2021.
pub(super) fn ve_sigma_min() -> f64 {
    0.01
}

/// σ_max of the VE process for CIFAR-10 in Song et al. 2021.
pub(super) fn ve_sigma_max() -> f64 {
    50.0
}

/// σ_min of Karras et al. 2022, table 1.
pub(super) fn edm_sigma_min() -> f64 {
    0.002
}

/// σ_max of Karras et al. 2022, table 1.
pub(super) fn edm_sigma_max() -> f64 {
    80.0
}

/// The offset s of Nichol & Dhariwal 2021.
pub(super) fn offset() -> f64 {
    0.008
}

/// The VP process with `steps` levels.
pub(super) fn vp(steps: usize, beta_min: f64, beta_max: f64) -> Result<Discretised, Error> {
    evenly_in_time(VpSde::new(beta_min, beta_max)?, steps, FIRST_TIME)
}

/// The sub-VP process with `steps` levels.
pub(super) fn sub_vp(steps: usize, beta_min: f64, beta_max: f64) -> Result<Discretised, Error> {
    evenly_in_time(SubVpSde::new(beta_min, beta_max)?, steps, FIRST_TIME)
}

/// The VE process with `steps` levels, whose σ are a geometric sequence from σ_min to σ_max.
pub(super) fn ve(steps: usize, sigma_min: f64, sigma_max: f64) -> Result<Discretised, Error> {
    evenly_in_time(VeSde::new(sigma_min, sigma_max)?, steps, FIRST_VE_TIME)
}

/// The cosine process with `steps` levels.
pub(super) fn cosine(steps: usize, offset: f64) -> Result<Discretised, Error> {
    evenly_in_time(ContinuousCosine::new(offset)?, steps, FIRST_TIME)
}

/// The EDM process with `steps` levels, spread evenly in σ^(1/7) from σ_min to σ_max (Karras et al. 2022, eq. 5).
pub(super) fn edm(steps: usize, sigma_min: f64, sigma_max: f64) -> Result<Discretised, Error> {
    let process = Edm::new(sigma_max)?;
    if !(sigma_min > 0.0 && sigma_min < sigma_max) {
        let allowed = "positive and less than sigma_max";
        return Err(Error::Parameter { name: "sigma_min", found: sigma_min, allowed });
    }
    Discretised::new(process, steps, sigma_min, EDM_RHO)
}

fn evenly_in_time(
    process: impl Process + Debug + Send + Sync + 'static,
    steps: usize,
    first_time: f64,
) -> Result<Discretised, Error> {
    Discretised::new(process, steps, first_time, 1.0)
}
