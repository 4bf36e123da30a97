//! Schedules that define β, returned as ln(1 − β).

use super::{check_beta, check_count};
use crate::Error;

/// β linear in t.
pub(super) fn linear(steps: usize, start: f64, end: f64) -> Result<Vec<f64>, Error> {
    ramp(steps, start, end, |beta| beta, |beta| beta)
}

/// The same β at every level.
pub(super) fn constant(steps: usize, beta: f64) -> Result<Vec<f64>, Error> {
    check_beta("beta", beta)?;
    Ok(vec![libm::log1p(-beta); steps])
}

/// √β linear in t.
pub(super) fn quadratic(steps: usize, start: f64, end: f64) -> Result<Vec<f64>, Error> {
    ramp(steps, start, end, libm::sqrt, |root| root * root)
}

/// β linear in t, multiplied by 1000/T. At T = 1000·β_T levels the last β would be 1.
pub(super) fn scaled_linear(steps: usize, start: f64, end: f64) -> Result<Vec<f64>, Error> {
    check_beta("beta_start", start)?;
    check_beta("beta_end", end)?;
    let scale = 1000.0 / steps as f64;
    if scale * start.max(end) >= 1.0 {
        let allowed =
            "more than 1000 times the greatest beta, so that every beta scaled by 1000/T is below 1";
        return Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed });
    }
    linear(steps, scale * start, scale * end)
}

/// β linear over the first levels, then constant.
pub(super) fn warm_up(steps: usize, start: f64, end: f64, share: f64) -> Result<Vec<f64>, Error> {
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::Parameter { name: "share", found: share, allowed: "between 0 and 1" });
    }
    check_beta("beta_start", start)?;
    check_beta("beta_end", end)?;
    let rising = (steps as f64 * share) as usize;
    let mut log_alphas = if rising == 0 { Vec::new() } else { linear(rising, start, end)? };
    log_alphas.resize(steps, libm::log1p(-end));
    Ok(log_alphas)
}

/// ln(1 − 1/(T − t + 1)) = ln((T − t)/(T − t + 1)).
pub(super) fn binomial(steps: usize) -> Vec<f64> {
    (1..=steps).map(|t| libm::log1p(-1.0 / (steps - t + 1) as f64)).collect()
}

/// β along a sigmoid.
pub(super) fn sigmoid(steps: usize, start: f64, end: f64) -> Result<Vec<f64>, Error> {
    check_beta("beta_start", start)?;
    check_beta("beta_end", end)?;
    let share = |i: usize| {
        let z = -6.0 + 12.0 * fraction(i, steps);
        1.0 / (1.0 + libm::exp(-z))
    };
    Ok((0..steps).map(|i| libm::log1p(-(start + share(i) * (end - start)))).collect())
}

/// The given β_1 … β_T.
pub(super) fn explicit(steps: usize, betas: &[f64]) -> Result<Vec<f64>, Error> {
    check_count(steps, betas.len(), "the number of the explicit betas")?;
    for (i, &beta) in betas.iter().enumerate() {
        let is_last = i + 1 == steps;
        if !(0.0 < beta && (beta < 1.0 || (is_last && beta == 1.0))) {
            return Err(Error::Beta { time: i + 1, beta });
        }
    }
    Ok(betas.iter().map(|&beta| libm::log1p(-beta)).collect())
}

/// β for which `warp(β)` is linear in t; `unwarp` is the inverse of `warp`.
fn ramp(
    steps: usize,
    start: f64,
    end: f64,
    warp: impl Fn(f64) -> f64,
    unwarp: impl Fn(f64) -> f64,
) -> Result<Vec<f64>, Error> {
    check_beta("beta_start", start)?;
    check_beta("beta_end", end)?;
    let (low, high) = (warp(start), warp(end));
    Ok((0..steps).map(|i| libm::log1p(-unwarp(low + fraction(i, steps) * (high - low)))).collect())
}

/// The number i of `n` numbers that are spread evenly from 0 to 1.
fn fraction(i: usize, n: usize) -> f64 {
    if n == 1 { 0.0 } else { i as f64 / (n - 1) as f64 }
}
