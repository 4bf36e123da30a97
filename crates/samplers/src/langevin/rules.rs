//! Techniques 1 to 5 of Song & Ermon 2020 ("Improved techniques for training score-based generative models").

use crate::{Coefficient, Error, Path, State};

/// Technique 5: the decay per update of the moving average of the weights, which stabilises the colours of samples.
pub const EMA_DECAY: f64 = 0.999;

/// Technique 1: σ_1 is the greatest distance between two data points, so that Langevin dynamics at the first level can move between any
/// two points. `points` are N slices of D numbers. It takes N²·D/2 operations; for a large data set use a few thousand of its points.
pub fn first_sigma(points: &[&[f64]]) -> f64 {
    let squared = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    let from = |(i, a): (usize, &&[f64])| points[i + 1..].iter().map(|b| squared(a, b)).fold(0.0, f64::max);
    points.iter().enumerate().map(from).fold(0.0, f64::max).sqrt()
}

/// Technique 2: the ratio γ of neighbouring σ in D dimensions at which the shells of two levels overlap by half,
/// Φ(√(2D)·(γ − 1) + 3γ) − Φ(√(2D)·(γ − 1) − 3γ) = ½.
///
/// # Errors
/// [`Error::Parameter`] for no dimensions.
pub fn level_ratio(dimensions: usize) -> Result<f64, Error> {
    if dimensions == 0 {
        return Err(Error::Parameter { name: "the number of dimensions", found: 0.0, allowed: "at least 1" });
    }
    let root = (2.0 * dimensions as f64).sqrt();
    let overlap = |gamma: f64| {
        let middle = root * (gamma - 1.0);
        normal_cdf(middle + 3.0 * gamma) - normal_cdf(middle - 3.0 * gamma)
    };
    // In few dimensions the shells are so thick that they overlap for every ratio.
    let (mut low, mut high) = (1.0, 1e6);
    if overlap(high) > 0.5 {
        return Ok(high);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if overlap(middle) > 0.5 { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// The levels of technique 2: 1 + ln(σ_1/σ_L)/ln γ values of σ from the first to the last, with equal ratios close to [`level_ratio`].
///
/// # Errors
/// [`Error::Parameter`] unless `first` > `last` > 0; errors returned by [`level_ratio`].
pub fn geometric_sigmas(first: f64, last: f64, dimensions: usize) -> Result<Vec<f64>, Error> {
    if !(last > 0.0 && first > last && first.is_finite()) {
        return Err(Error::Parameter {
            name: "the last sigma",
            found: last,
            allowed: "positive and below the first",
        });
    }
    let n = 1 + ((first / last).ln() / level_ratio(dimensions)?.ln()).round().max(1.0) as usize;
    Ok((0..n).map(|i| first * (last / first).powf(i as f64 / (n - 1) as f64)).collect())
}

/// Technique 3: the output of a network s(x), which is not conditioned on the level, is divided by σ.
///
/// # Errors
/// [`Error::Parameter`] for a σ that is not positive.
pub fn scale_by_noise<X: State>(output: &X, sigma: f64) -> Result<X, Error> {
    if sigma > 0.0 {
        return X::combine(&[(Coefficient::Same(1.0 / sigma), output)]);
    }
    Err(Error::Parameter { name: "sigma", found: sigma, allowed: "positive" })
}

/// The quantity of technique 4: the variance of x in units of the level's σ² after T steps at each of many levels with ratio γ, for data
/// of a single point (proposition 3). It is (1 − ε/σ_L²)^(2T)·(γ² − b) + b with b = 2ε/σ_L²/(1 − (1 − ε/σ_L²)²), and should be 1.
pub fn variance_after_levels(epsilon: f64, last_sigma: f64, ratio: f64, steps: usize) -> f64 {
    let share = epsilon / (last_sigma * last_sigma);
    let kept = (1.0 - share) * (1.0 - share);
    let settled = 2.0 * share / (1.0 - kept);
    kept.powi(steps as i32) * (ratio * ratio - settled) + settled
}

/// Technique 4: the ε below 2σ_L² for T steps per level at which [`variance_after_levels`] is nearest to 1.
///
/// # Errors
/// [`Error::Parameter`] for a σ_L that is not positive, a ratio that is not above 1, or no steps.
pub fn step_size(last_sigma: f64, ratio: f64, steps: usize) -> Result<f64, Error> {
    let wrong = |name, found, allowed| Err(Error::Parameter { name, found, allowed });
    if !(last_sigma > 0.0 && last_sigma.is_finite()) {
        return wrong("the last sigma", last_sigma, "positive");
    }
    if !(ratio > 1.0 && ratio.is_finite()) {
        return wrong("the ratio of the levels", ratio, "above 1");
    }
    if steps == 0 {
        return wrong("the steps per level", 0.0, "at least 1");
    }
    let off = |share: f64| {
        (variance_after_levels(share * last_sigma * last_sigma, last_sigma, ratio, steps) - 1.0).abs()
    };
    // A logarithmic grid from 1e-9 to 1 (above 1 the variance only increases), then a finer grid around its best value.
    let grid = |low: f64, high: f64| (0..=2000).map(move |i| low * (high / low).powf(f64::from(i) / 2000.0));
    let best = |low, high| grid(low, high).min_by(|&a, &b| off(a).total_cmp(&off(b))).unwrap_or(low);
    let (coarse, width) = (best(1e-9, 1.0), 1e9_f64.powf(1.0 / 2000.0));
    Ok(best(coarse / width, (coarse * width).min(1.0)) * last_sigma * last_sigma)
}

/// Technique 4 for a path: the ε of [`step_size`] for the σ = noise/signal of the path's last level with noise and the mean ratio of the
/// levels' σ. If only one level has noise, the ratio is that of technique 2 for the number of dimensions (elements per sample).
///
/// # Errors
/// Errors returned by [`step_size`], also for a path whose σ do not decrease; errors returned by [`level_ratio`].
pub fn technique_4(path: &Path, dimensions: usize, steps: usize) -> Result<f64, Error> {
    let sigmas = path.levels().iter().map(|level| level.sigma());
    let sigmas: Vec<f64> = sigmas.filter(|sigma| *sigma > 0.0 && sigma.is_finite()).collect();
    let (first, last) = (sigmas.first().copied().unwrap_or(1.0), sigmas.last().copied().unwrap_or(1.0));
    let ratio = match sigmas.len() {
        0 | 1 => level_ratio(dimensions)?,
        n => (first / last).powf(1.0 / (n - 1) as f64),
    };
    step_size(last, ratio, steps)
}

/// The standard normal distribution function Φ.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}
