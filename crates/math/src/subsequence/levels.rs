//! n levels of a process, spread by their noise instead of by their times.

use crate::number::{POSITIVE, is_positive};
use crate::process::check_levels;
use crate::{Error, NoiseLevel, Process};

/// n levels of the process from `noisiest` to `cleanest`, both included, whose σ = noise/signal has the spacing of Karras et al.
/// 2022 (eq. 5): σ_i = (σ_max^(1/ρ) + i/(n − 1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ, with ρ = 7 in the paper.
///
/// # Errors
/// [`Error::Parameter`] for n = 0, an n above [`MOST_LEVELS`](crate::MOST_LEVELS) or a ρ that is not positive and finite; [`Error::Singular`] if `noisiest` or `cleanest` has no
/// signal or no noise; [`Error::LogSnr`] if `noisiest` is noisier than the last level of the process.
pub fn karras(
    process: &dyn Process,
    noisiest: NoiseLevel,
    cleanest: NoiseLevel,
    n: usize,
    rho: f64,
) -> Result<Vec<NoiseLevel>, Error> {
    if !is_positive(rho) {
        return Err(Error::Parameter { name: "rho", found: rho, allowed: POSITIVE });
    }
    let warp = |level: NoiseLevel| libm::pow(level.sigma(), 1.0 / rho);
    spread(process, noisiest, cleanest, n, warp, |root| -2.0 * rho * libm::log(root))
}

/// n levels of the process from `noisiest` to `cleanest`, both included, whose log-SNR rises evenly (the spacing of DPM-Solver, Lu
/// et al. 2022).
///
/// # Errors
/// Errors returned by [`karras`].
pub fn uniform_log_snr(
    process: &dyn Process,
    noisiest: NoiseLevel,
    cleanest: NoiseLevel,
    n: usize,
) -> Result<Vec<NoiseLevel>, Error> {
    spread(process, noisiest, cleanest, n, |level| level.log_snr(), |log_snr| log_snr)
}

/// n levels whose values of `warp` are evenly spread; `log_snr_of` maps a value of `warp` to its log-SNR.
fn spread(
    process: &dyn Process,
    noisiest: NoiseLevel,
    cleanest: NoiseLevel,
    n: usize,
    warp: impl Fn(NoiseLevel) -> f64,
    log_snr_of: impl Fn(f64) -> f64,
) -> Result<Vec<NoiseLevel>, Error> {
    check_levels("the number of steps", n)?;
    for level in [noisiest, cleanest] {
        if level.signal_rate() == 0.0 || level.is_clean() {
            let (signal, noise) = (level.signal_rate(), level.noise_rate());
            return Err(Error::Singular { what: "levels spread by their noise", signal, noise });
        }
    }
    let (from, to) = (warp(noisiest), warp(cleanest));
    (0..n)
        .map(|i| match i {
            0 => process.at_log_snr(noisiest.log_snr()),
            _ if i + 1 == n => process.at_log_snr(cleanest.log_snr()),
            _ => process.at_log_snr(log_snr_of(from + i as f64 / (n - 1) as f64 * (to - from))),
        })
        .collect()
}
