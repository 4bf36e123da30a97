//! Laws of oracles.

use super::{Broken, law};
use crate::{NoiseLevel, Oracle};

/// The score is the gradient of the log-density, tested by central differences.
pub fn score_is_gradient(oracle: &dyn Oracle, x: &[f64], level: NoiseLevel) -> Result<(), Broken> {
    let law = law("the score is the log-density's gradient");
    let place = (x, level);
    let law = law.at(&place);
    let score = oracle.score(x, level);
    // With a step of 10⁻⁴ of the noise, the relative error is 10⁻⁸ by the third derivative and about 10⁻¹¹ by rounding of the density.
    let step = 1e-4 * level.noise_rate();
    for (i, found) in score.iter().enumerate() {
        let moved = |by: f64| {
            let mut x = x.to_vec();
            x[i] += by;
            oracle.log_density(&x, level)
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        let size = score.iter().fold(1.0 / level.noise_rate(), |most: f64, value| most.max(value.abs()));
        let doubt = 1e-14 * (1.0 + moved(0.0).abs()) / step;
        law.within(*found, slope, 1e-5 * size + doubt)?;
    }
    Ok(())
}

/// Tweedie's formula holds: E[x_0 | x_t] = (x_t + n²·score)/s and E[ε | x_t] = −n·score. So does its second order,
/// Cov(x_0 | x_t) = n²/s·∂E[x_0 | x_t]/∂x_t, tested by central differences.
pub fn tweedie_holds(oracle: &dyn Oracle, x: &[f64], level: NoiseLevel) -> Result<(), Broken> {
    let law = law("Tweedie's formula holds");
    let place = (x, level);
    let law = law.at(&place);
    let (s, n) = (level.signal_rate(), level.noise_rate());
    let (score, x0, eps) = (oracle.score(x, level), oracle.x0(x, level), oracle.eps(x, level));
    for i in 0..x.len() {
        let size = (x[i] / s).abs() + (n * n * score[i] / s).abs();
        law.within(x0[i], (x[i] + n * n * score[i]) / s, 1e-12 * (size + x0[i].abs()))?;
        law.within(s * x0[i] + n * eps[i], x[i], 1e-12 * (s * size + x[i].abs()))?;
    }
    let covariance = oracle.x0_covariance(x, level);
    let step = 1e-4 * n;
    for j in 0..x.len() {
        let moved = |by: f64| {
            let mut x = x.to_vec();
            x[j] += by;
            oracle.x0(&x, level)
        };
        let (above, below) = (moved(step), moved(-step));
        for i in 0..x.len() {
            let slope = n * n / s * (above[i] - below[i]) / (2.0 * step);
            let size = (covariance[[i, i]] * covariance[[j, j]]).sqrt();
            let doubt = 1e-14 * (x0[i].abs() + x[i].abs() / s) * n * n / s / step;
            law.within(covariance[[i, j]], slope, 1e-5 * size + doubt)?;
        }
    }
    Ok(())
}

/// The denoiser has the smallest mean squared error at this x_t: it is the mean of the posterior, and E‖x_0 − x̂_0‖² grows by δ² if
/// x̂_0 moves by δ from that mean. It is compared with the mean of points drawn from the posterior.
pub fn denoiser_is_best(
    oracle: &dyn Oracle,
    x: &[f64],
    level: NoiseLevel,
    points: usize,
    numbers: &mut crate::random::Stream,
) -> Result<(), Broken> {
    let law = law("the denoiser is the posterior's mean");
    let place = (x, level);
    let law = law.at(&place);
    let (x0, covariance) = (oracle.x0(x, level), oracle.x0_covariance(x, level));
    let n = x.len();
    let (mut sums, mut farthest) = (vec![0.0; n], vec![0.0f64; n]);
    for _ in 0..points {
        for (i, drawn) in oracle.sample_x0(x, level, numbers).into_iter().enumerate() {
            sums[i] += drawn;
            farthest[i] = farthest[i].max((drawn - x0[i]).abs());
        }
    }
    for i in 0..n {
        // Bernstein's inequality, with less than one false alarm in 100,000. Its first term, five standard errors, is enough for normal
        // numbers; the second one covers a few distant points.
        let error = (covariance[[i, i]] / points as f64).sqrt();
        let allowed = 5.0 * error + 25.0 / 6.0 * farthest[i] / points as f64;
        law.within(sums[i] / points as f64, x0[i], allowed + 1e-12 * x0[i].abs())?;
    }
    Ok(())
}
