//! The five techniques of NCSNv2 as numbers: against the equations, and against what was published.

use crate::{Batch, within};
use ndarray::array;
use proptest::prelude::*;
use tweedie_samplers::{
    first_sigma, geometric_sigmas, langevin_step, level_ratio, scale_by_noise, step_size,
    variance_after_levels,
};

/// Φ(b) − Φ(a) by Simpson's rule.
fn normal_between(a: f64, b: f64) -> f64 {
    let (a, b) = (a.max(-12.0), b.min(12.0));
    let density = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let n = 4000;
    let h = (b - a) / f64::from(n);
    let weight = |i| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
    (0..=n).map(|i| weight(i) * density(a + h * f64::from(i))).sum::<f64>() * h / 3.0
}

/// Technique 2's equation holds at its γ.
#[test]
fn the_ratio_solves_its_equation() {
    for dimensions in [5, 8, 100, 3072, 196_608] {
        let gamma = level_ratio(dimensions).unwrap();
        let middle = (2.0 * dimensions as f64).sqrt() * (gamma - 1.0);
        within(normal_between(middle - 3.0 * gamma, middle + 3.0 * gamma), 0.5, 1e-10);
    }
    // Up to four dimensions the shells overlap by more than half however far apart.
    assert_eq!(level_ratio(4).unwrap(), 1e6);
    assert!(level_ratio(0).is_err());
}

/// (σ_1, side of the square images, L, T, ε) as published for CIFAR-10, CelebA, LSUN's churches and bedrooms, FFHQ (Song & Ermon 2020,
/// app. B); σ_L = .01.
const PUBLISHED: [(f64, usize, usize, usize, f64); 5] = [
    (50.0, 32, 232, 5, 6.2e-6),
    (90.0, 64, 500, 5, 3.3e-6),
    (140.0, 96, 788, 4, 4.9e-6),
    (190.0, 128, 1086, 3, 1.8e-6),
    (348.0, 256, 2311, 3, 0.9e-6),
];

fn published_ratio((first, _, levels, _, _): (f64, usize, usize, usize, f64)) -> f64 {
    (first / 0.01).powf(1.0 / (levels - 1) as f64)
}

/// Technique 2 with an overlap of exactly ½ takes 219 levels for CIFAR-10 where 232 were published, and as much fewer for the others. What
/// was published overlaps by .567, all five alike: "≈ .5" in the paper's words.
#[test]
fn published_levels_overlap_a_little_more_than_half() {
    for published in PUBLISHED {
        let (first, side, levels, ..) = published;
        let dimensions = 3 * side * side;
        let sigmas = geometric_sigmas(first, 0.01, dimensions).unwrap();
        let fewer = sigmas.len() as f64 / levels as f64;
        assert!((0.94..0.95).contains(&fewer), "{} levels, published {levels}", sigmas.len());
        let (found, ratio) = ((sigmas[0], sigmas[sigmas.len() - 1]), sigmas[0] / sigmas[1]);
        assert_eq!(found.0, first);
        within(found.1, 0.01, 1e-15);
        assert!(sigmas.windows(2).all(|pair| (pair[0] / pair[1] / ratio - 1.0).abs() < 1e-12));
        let gamma = published_ratio(published);
        let middle = (2.0 * dimensions as f64).sqrt() * (gamma - 1.0);
        within(normal_between(middle - 3.0 * gamma, middle + 3.0 * gamma), 0.567, 0.001);
    }
}

/// Technique 4 finds the published ε to their two digits: 6.18, 3.34, 1.77 and .893 (e-6) for 6.2, 3.3, 1.8 and .9. Of churches
/// the published 4.9e-6 is another one: there the variance is 1.0247, and at our 2.3e-6 it is 1.0224.
#[test]
fn published_step_sizes_are_found() {
    for published in PUBLISHED {
        let (_, side, _, steps, epsilon) = published;
        let ratio = published_ratio(published);
        let found = step_size(0.01, ratio, steps).unwrap();
        let off = |epsilon| (variance_after_levels(epsilon, 0.01, ratio, steps) - 1.0).abs();
        assert!(off(found) <= off(epsilon));
        if side != 96 {
            within(found / epsilon, 1.0, 0.02);
        }
        // No ε near by is better.
        assert!(off(found) <= off(found * 1.01) && off(found) <= off(found / 1.01));
    }
}

proptest! {
    /// Proposition 3 by the linear recursion of T steps of x̃ + ε·∇ln p + √(2ε)·z on N(0, σ²), pushed through the step: from the level
    /// before, whose variance is γ²σ².
    #[test]
    fn the_variance_after_a_level_is_the_recursions(
        share in 0.001..1.9, sigma in 0.01..10.0, ratio in 1.01..3.0, steps in 1usize..20,
    ) {
        let variance: f64 = sigma * sigma;
        let epsilon = share * variance;
        // The coefficients of x and of z, one per sample.
        let x: Batch = array![[1.0], [0.0]];
        let step = langevin_step(&x, &(&x / -variance), 2.0 * epsilon, &array![[0.0], [1.0]]).unwrap();
        let (kept, added) = (step[[0, 0]], step[[1, 0]]);
        let start = ratio * ratio * variance;
        let settled = (0..steps).fold(start, |v, _| kept * kept * v + added * added) / variance;
        within(variance_after_levels(epsilon, sigma, ratio, steps), settled, 1e-12 * (1.0 + settled));
    }

    /// Technique 1 is the greatest of all distances.
    #[test]
    fn the_first_sigma_is_the_greatest_distance(numbers in prop::collection::vec(-3.0..3.0, 15)) {
        let points: Vec<&[f64]> = numbers.chunks(3).collect();
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let all = points.iter().flat_map(|a| points.iter().map(|b| distance(a, b)));
        prop_assert_eq!(first_sigma(&points), all.fold(0.0, f64::max));
    }
}

/// Technique 3 divides by σ; what makes no levels or steps is refused.
#[test]
fn the_rest() {
    let output: Batch = array![[1.0, -2.0]];
    assert_eq!(scale_by_noise(&output, 0.5).unwrap(), array![[2.0, -4.0]]);
    assert!(scale_by_noise(&output, 0.0).is_err());
    for (first, last) in [(1.0, 1.0), (0.5, 1.0), (1.0, 0.0), (f64::INFINITY, 1.0)] {
        assert!(geometric_sigmas(first, last, 10).is_err());
    }
    assert!(
        step_size(0.0, 1.1, 5).is_err()
            && step_size(0.01, 1.0, 5).is_err()
            && step_size(0.01, 1.1, 0).is_err()
    );
}
