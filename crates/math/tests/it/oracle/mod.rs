//! The oracles against each other, against integrals, and against what they draw.

mod bound;
mod gaussian;
mod limits;
mod mixture;
mod refused;

use crate::numbers;
use ndarray::{Array1, Array2};

/// Asserts that points drawn have a mean and a covariance, within five standard errors of each: the fourth moments, which the
/// covariance's error needs, are those of the points themselves.
#[track_caller]
fn moments_agree(points: &[Vec<f64>], mean: &Array1<f64>, covariance: &Array2<f64>) {
    let n = points.len() as f64;
    for i in 0..mean.len() {
        let found = points.iter().map(|point| point[i]).sum::<f64>() / n;
        let error = (covariance[[i, i]] / n).sqrt();
        crate::within(found, mean[i], 5.0 * error);
        for j in 0..=i {
            let product = |point: &Vec<f64>| (point[i] - mean[i]) * (point[j] - mean[j]);
            let found = points.iter().map(product).sum::<f64>() / n;
            let spread = points.iter().map(|point| (product(point) - found).powi(2)).sum::<f64>() / n;
            crate::within(found, covariance[[i, j]], 5.0 * (spread / n).sqrt());
        }
    }
}

/// 4,000 points that a closure draws from one stream.
fn draw(seed: u64, mut one: impl FnMut(&mut tweedie_math::random::Stream) -> Vec<f64>) -> Vec<Vec<f64>> {
    let mut numbers = numbers(seed);
    (0..4000).map(|_| one(&mut numbers)).collect()
}
