//! Gaussian data with any covariance: turned, in one dimension, integrated, and drawn.

use super::{draw, moments_agree};
use crate::strategies::any_gaussian_data;
use crate::{any_level, close, density, integrate, within};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use tweedie_math::{GaussianData, GaussianDenoiser, NoiseLevel, Oracle};

/// A turn of each plane of two coordinates, one after another.
fn turn(dimensions: usize, angles: &[f64]) -> Array2<f64> {
    let mut turn: Array2<f64> = Array2::eye(dimensions);
    let planes = (0..dimensions).flat_map(|i| (0..i).map(move |j| (i, j)));
    for ((i, j), angle) in planes.zip(angles) {
        let mut plane: Array2<f64> = Array2::eye(dimensions);
        (plane[[i, i]], plane[[j, j]]) = (angle.cos(), angle.cos());
        (plane[[i, j]], plane[[j, i]]) = (-angle.sin(), angle.sin());
        turn = turn.dot(&plane);
    }
    turn
}

/// Independent coordinates and what turns them, with a point.
fn any_turned() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Array2<f64>, Vec<f64>)> {
    (1usize..=4).prop_flat_map(|n| {
        let vector = || prop::collection::vec(-2.0..2.0, n);
        let angles = prop::collection::vec(0.0..6.3, 6);
        (
            vector(),
            prop::collection::vec(0.01..4.0, n),
            angles.prop_map(move |angles| turn(n, &angles)),
            vector(),
        )
    })
}

#[track_caller]
fn all_within(found: &Array1<f64>, expected: &Array1<f64>, absolute: f64) {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(found, expected)| within(*found, *expected, absolute));
}

proptest! {
    /// The results for rotated data at rotated points are the rotated results for independent coordinates.
    #[test]
    fn turned_data_says_the_same((mean, variances, turn, x) in any_turned(), level in any_level()) {
        let covariance = turn.dot(&Array2::from_diag(&Array1::from(variances.clone()))).dot(&turn.t());
        let turned = |v: &[f64]| turn.dot(&Array1::from(v.to_vec()));
        let data = GaussianData::new(turned(&mean).to_vec(), &covariance).unwrap();
        let independent = GaussianData::diagonal(mean, variances).unwrap();
        let x_turned = turned(&x).to_vec();
        // Variances within a factor of 400 of each other, each found to some roundings of the greatest.
        let total = level.signal_rate().powi(2) * 0.01 + level.noise_rate().powi(2);
        let rounding = 1e-13 * (1.0 + 1.0 / total) * (1.0 + level.noise_rate() + 1.0 / level.signal_rate().max(1e-3));
        let (found, expected) = (data.log_density(&x_turned, level), independent.log_density(&x, level));
        within(found, expected, 1e-12 * (1.0 + expected.abs() + 1.0 / total));
        let score = Array1::from(data.score(&x_turned, level));
        all_within(&score, &turned(&independent.score(&x, level)), rounding * (1.0 + 4.0 / total));
        let x0 = Array1::from(data.x0(&x_turned, level));
        all_within(&x0, &turned(&independent.x0(&x, level)), rounding * (4.0 + 1.0 / level.signal_rate()));
        let found = data.x0_covariance(&x_turned, level);
        let expected = turn.dot(&independent.x0_covariance(&x, level)).dot(&turn.t());
        for (found, expected) in found.iter().zip(&expected) {
            within(*found, *expected, 1e-13);
        }
        within(data.entropy(), independent.entropy(), 1e-12);
    }

    /// What was put in comes back.
    #[test]
    fn the_covariance_comes_back((mean, variances, turn, _) in any_turned()) {
        let covariance = turn.dot(&Array2::from_diag(&Array1::from(variances))).dot(&turn.t());
        let data = GaussianData::new(mean.clone(), &covariance).unwrap();
        all_within(&data.mean().to_owned(), &Array1::from(mean), 0.0);
        // An eigenvector's rounding, times the greatest variance, once on the way out and once back.
        let size = covariance.diag().sum();
        for (found, expected) in data.covariance().iter().zip(&covariance) {
            within(*found, *expected, 1e-14 * (1.0 + size));
        }
        close(data.variances().sum(), size, 1e-14);
    }

    /// In one dimension it is the denoiser of a Gaussian, and the density of x_t that of N(s·mean, s²v + n²).
    #[test]
    fn one_dimension_is_the_denoiser(
        mean in -3.0..3.0, variance in 0.01..9.0, level in any_level(), x in -5.0..5.0,
    ) {
        let one = GaussianDenoiser { mean, variance };
        for data in [
            GaussianData::isotropic(vec![mean], variance).unwrap(),
            GaussianData::new(vec![mean], &Array2::from_elem((1, 1), variance)).unwrap(),
        ] {
            // The mean is added to the result for centred data, which has a rounding error.
            let size = mean.abs() + one.x0(x, level).abs() + (x / level.signal_rate()).abs().min(1e3);
            within(data.x0(&[x], level)[0], one.x0(x, level), 1e-14 * size);
            within(data.eps(&[x], level)[0], one.eps(x, level), 1e-14 * one.eps(x, level).abs());
            close(data.x0_covariance(&[x], level)[[0, 0]], one.x0_variance(level), 1e-14);
            let expected = -0.5
                * ((x - level.signal_rate() * mean).powi(2) / one.marginal_variance(level)
                    + (core::f64::consts::TAU * one.marginal_variance(level)).ln());
            within(data.log_density(&[x], level), expected, 1e-14 * (2.0 + expected.abs()));
            prop_assert_eq!(data.dimensions(), 1);
        }
    }

    /// −E ln q by integration.
    #[test]
    fn entropy_is_its_integral(mean in -3.0..3.0, variance in 0.01..9.0f64) {
        let data = GaussianData::isotropic(vec![mean], variance).unwrap();
        let log = |x: f64| data.log_density(&[x], NoiseLevel::CLEAN);
        let found = integrate(mean, 12.0 * variance.sqrt(), 400, |x| -log(x) * log(x).exp());
        within(data.entropy(), found, 1e-12);
        within(integrate(mean, 12.0 * variance.sqrt(), 400, |x| density(x, mean, variance)), 1.0, 1e-12);
    }
}

/// Samples of the data, of x_t, and of x_0 given x_t have the documented moments, for 16 random data and levels of fixed seeds.
#[test]
fn points_have_the_moments() {
    let config = ProptestConfig { cases: 16, ..ProptestConfig::default() };
    proptest!(config, |(data in any_gaussian_data(), log_snr in -5.0..5.0, seed in any::<u64>())| {
        let level = crate::level(log_snr, 1.0);
        moments_agree(&draw(seed, |numbers| data.sample(numbers)), &data.mean().to_owned(), &data.covariance());
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let noised = draw(seed, |numbers| {
            let x0 = data.sample(numbers);
            data.noised(&x0, level, numbers)
        });
        let noise: Array2<f64> = n * n * Array2::eye(data.dimensions());
        moments_agree(&noised, &(s * &data.mean()), &(s * s * data.covariance() + noise));
        let x = &noised[0];
        let drawn = draw(!seed, |numbers| data.sample_x0(x, level, numbers));
        moments_agree(&drawn, &data.x0(x, level).into(), &data.x0_covariance(x, level));
    });
}

/// A point is known without looking; a line is known but along itself.
#[test]
fn data_without_spread() {
    let level = crate::level(0.3, 1.0);
    let point = GaussianData::isotropic(vec![0.5, -0.5], 0.0).unwrap();
    assert_eq!(point.x0(&[3.0, 3.0], level), [0.5, -0.5]);
    assert_eq!(point.x0_covariance(&[3.0, 3.0], level), Array2::<f64>::zeros((2, 2)));
    assert_eq!(point.entropy(), f64::NEG_INFINITY);
    // The diagonal of the plane.
    let line = GaussianData::new(vec![0.0, 0.0], &Array2::from_elem((2, 2), 1.0)).unwrap();
    let x0 = line.x0(&[1.0, -1.0], level);
    within(x0[0], 0.0, 1e-15);
    within(x0[1], 0.0, 1e-15);
    let x0 = line.x0(&[1.0, 1.0], level);
    within(x0[0], x0[1], 1e-15);
}
