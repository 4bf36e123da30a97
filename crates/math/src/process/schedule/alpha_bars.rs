//! Schedules that define ᾱ, returned as ln α_t = ln(ᾱ_t/ᾱ_{t−1}), and the rescaling of a schedule's ᾱ.

use super::{check_beta, check_count};
use crate::Error;

/// ᾱ as a squared cosine.
pub(super) fn cosine(steps: usize, offset: f64, max_beta: f64) -> Result<Vec<f64>, Error> {
    if !(0.0..=1.0).contains(&offset) {
        return Err(Error::Parameter { name: "offset", found: offset, allowed: "between 0 and 1" });
    }
    check_beta("max_beta", max_beta)?;
    let angle = |i: usize| (i as f64 / steps as f64 + offset) / (1.0 + offset) * core::f64::consts::FRAC_PI_2;
    // β = 1 − cos²b/cos²a is computed as the product sin(b − a)·sin(b + a)/cos²a, which avoids the difference.
    let beta = |i: usize| {
        let (a, b) = (angle(i), angle(i + 1));
        let cosine = libm::cos(a);
        (libm::sin(b - a) * libm::sin(b + a) / (cosine * cosine)).min(max_beta)
    };
    Ok((0..steps).map(|i| libm::log1p(-beta(i))).collect())
}

/// ᾱ as a decreasing sigmoid.
pub(super) fn sigmoid(
    steps: usize,
    start: f64,
    end: f64,
    temperature: f64,
    max_beta: f64,
) -> Result<Vec<f64>, Error> {
    check_beta("max_beta", max_beta)?;
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(Error::Parameter { name: "temperature", found: temperature, allowed: "positive" });
    }
    let within = |value: f64| (-700.0..=700.0).contains(&(value / temperature));
    for (name, value) in [("start", start), ("end", end)] {
        if !within(value) {
            return Err(Error::Parameter { name, found: value, allowed: "within ±700 temperatures" });
        }
    }
    if start >= end {
        return Err(Error::Parameter { name: "start", found: start, allowed: "less than the end" });
    }
    let place = |i: usize| (start + i as f64 / steps as f64 * (end - start)) / temperature;
    // ᾱ is (sigmoid(e) − sigmoid(a))/…, so β = (sigmoid(b) − sigmoid(a))/(sigmoid(e) − sigmoid(a)).
    let last = place(steps);
    let beta = |i: usize| {
        let (a, b) = (place(i), place(i + 1));
        (sigmoid_rise(a, b) / sigmoid_rise(a, last)).min(max_beta)
    };
    Ok((0..steps).map(|i| libm::log1p(-beta(i))).collect())
}

/// sigmoid(b) − sigmoid(a) = sinh((b − a)/2)/(2·cosh(a/2)·cosh(b/2)), without cancellation.
fn sigmoid_rise(a: f64, b: f64) -> f64 {
    libm::sinh(0.5 * (b - a)) / (2.0 * libm::cosh(0.5 * a) * libm::cosh(0.5 * b))
}

/// The given ᾱ_1 … ᾱ_T.
pub(super) fn explicit(steps: usize, alpha_bars: &[f64]) -> Result<Vec<f64>, Error> {
    check_count(steps, alpha_bars.len(), "the number of the explicit alpha-bars")?;
    let mut before = 1.0;
    let mut log_alphas = Vec::with_capacity(steps);
    for (i, &alpha_bar) in alpha_bars.iter().enumerate() {
        let is_last = i + 1 == steps;
        if !(alpha_bar < before && (alpha_bar > 0.0 || (is_last && alpha_bar == 0.0))) {
            return Err(Error::AlphaBar { time: i + 1, alpha_bar, before });
        }
        log_alphas.push(libm::log1p((alpha_bar - before) / before));
        before = alpha_bar;
    }
    Ok(log_alphas)
}

/// √ᾱ ← (√ᾱ − √ᾱ_T)·√ᾱ_1/(√ᾱ_1 − √ᾱ_T), so that level T is pure noise and level 1 is unchanged (Lin et al. 2024, algorithm 1).
pub(super) fn zero_terminal(log_alphas: &[f64]) -> Result<Vec<f64>, Error> {
    let steps = log_alphas.len();
    if steps < 2 {
        let allowed = "at least 2, since the first level keeps its signal and the last one has none";
        return Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed });
    }
    // ln ᾱ_t − ln ᾱ_T as a sum of terms of one sign.
    let mut above_last = vec![0.0; steps];
    for t in (0..steps - 1).rev() {
        above_last[t] = above_last[t + 1] - log_alphas[t + 1];
    }
    if above_last[0] == f64::INFINITY {
        return Ok(log_alphas.to_vec());
    }
    // The new √α_t is (√ᾱ_t − √ᾱ_T)/(√ᾱ_{t−1} − √ᾱ_T) = 1 − g/(g + 1 − √(ᾱ_T/ᾱ_t)) with g = 1/√α_t − 1.
    let rescaled = (1..steps).map(|t| {
        let g = libm::expm1(-0.5 * log_alphas[t]);
        2.0 * libm::log1p(-g / (g - libm::expm1(-0.5 * above_last[t])))
    });
    Ok([log_alphas[0]].into_iter().chain(rescaled).collect())
}
