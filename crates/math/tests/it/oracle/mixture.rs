//! Mixtures: by integration, of one, of equals, and drawn.

use super::{draw, moments_agree};
use crate::strategies::{any_gaussian_data, any_mixture};
use crate::{any_level, close, density, integrate, level, within};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;
use tweedie_math::{GaussianData, Mixture, NoiseLevel, Oracle};

/// Weights, means and variances of one-dimensional components.
fn any_components() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    prop::collection::vec((0.1..1.0, -2.0..2.0, 0.02..1.0), 1..5)
}

fn mixture(components: &[(f64, f64, f64)]) -> Mixture {
    let one = |&(weight, mean, variance): &(f64, f64, f64)| {
        (weight, GaussianData::isotropic(vec![mean], variance).unwrap())
    };
    Mixture::new(components.iter().map(one).collect()).unwrap()
}

/// The mixture's own density, straightforwardly.
fn prior(components: &[(f64, f64, f64)], x: f64) -> f64 {
    let total: f64 = components.iter().map(|(weight, ..)| weight).sum();
    components.iter().map(|(weight, mean, variance)| weight / total * density(x, *mean, *variance)).sum()
}

proptest! {
    /// The density of x_t is ∫ q(x_0)·N(x_t; s·x_0, n²), and the mean and variance of x_0 those of the integrand.
    #[test]
    fn everything_is_an_integral(components in any_components(), log_snr in -6.0..3.0, size in 0.3..3.0, score in -2.5..2.5) {
        let (data, level) = (mixture(&components), level(log_snr, size));
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = s * score + n * score;
        let joint = |x0: f64| prior(&components, x0) * density(x, s * x0, n * n);
        // Twelve of the widest standard deviation around the means, and 14 points per narrowest one of prior and likelihood: the
        // trapezoidal rule errs by e^(−2π²·14²/2) or so.
        let moment = |f: &dyn Fn(f64) -> f64| integrate(0.0, 14.0, 4000, |x0| f(x0) * joint(x0));
        let evidence = moment(&|_| 1.0);
        let mean = moment(&|x0| x0) / evidence;
        let variance = moment(&|x0| (x0 - mean).powi(2)) / evidence;
        within(data.log_density(&[x], level), evidence.ln(), 1e-11);
        within(data.x0(&[x], level)[0], mean, 1e-11);
        within(data.x0_covariance(&[x], level)[[0, 0]], variance, 1e-10);
    }

    /// All probability is 1, of data and at every level.
    #[test]
    fn densities_integrate_to_one(components in any_components(), log_snr in -6.0..6.0) {
        let data = mixture(&components);
        for level in [NoiseLevel::CLEAN, level(log_snr, 1.0)] {
            // Two points per narrowest standard deviation, with which the trapezoidal rule errs by e^(−8π²).
            within(integrate(0.0, 14.0, 400, |x| data.log_density(&[x], level).exp()), 1.0, 1e-12);
        }
    }

    /// A mixture of one component is that Gaussian, and so is a mixture of equal components with any weights.
    #[test]
    fn a_mixture_of_equals_is_the_gaussian(
        data in any_gaussian_data(), weights in prop::collection::vec(0.1..10.0, 1..5), level in any_level(), seed in any::<u64>(),
    ) {
        let mixture = Mixture::new(weights.into_iter().map(|weight| (weight, data.clone())).collect()).unwrap();
        let mut numbers = crate::numbers(seed);
        let x0 = data.sample(&mut numbers);
        let x = data.noised(&x0, level, &mut numbers);
        prop_assert_eq!(mixture.dimensions(), data.dimensions());
        let expected = data.log_density(&x, level);
        within(mixture.log_density(&x, level), expected, 1e-14 * (1.0 + expected.abs()));
        let pairs = [
            (mixture.score(&x, level), data.score(&x, level)),
            (mixture.x0(&x, level), data.x0(&x, level)),
            (mixture.eps(&x, level), data.eps(&x, level)),
        ];
        for (found, expected) in pairs {
            for (found, expected) in found.into_iter().zip(expected) {
                // An average of equals has a rounding for each.
                close(found, expected, 2e-15);
            }
        }
        let [found, expected] = [&mixture as &dyn Oracle, &data].map(|oracle| oracle.x0_covariance(&x, level));
        for (found, expected) in found.iter().zip(&expected) {
            within(*found, *expected, 1e-14 * (1.0 + expected.abs()));
        }
    }

    /// Bayes' rule: weight times density, over their sum.
    #[test]
    fn responsibilities_are_bayes(components in any_components(), log_snr in -6.0..4.0, x in -3.0..3.0) {
        let (data, level) = (mixture(&components), level(log_snr, 1.0));
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let joint: Vec<f64> = components
            .iter()
            .map(|(weight, mean, variance)| weight * density(x, s * mean, s * s * variance + n * n))
            .collect();
        let found = data.responsibilities(&[x], level);
        close(found.iter().sum(), 1.0, 1e-14);
        for (found, joint_of) in found.iter().zip(&joint) {
            // Logarithms down to −600 have roundings of 1e-13.
            close(*found, joint_of / joint.iter().sum::<f64>(), 1e-12);
        }
        prop_assert_eq!(data.components().len(), components.len());
    }
}

/// Samples of the data and of x_0 given x_t have the documented moments, for 16 random mixtures and levels of fixed seeds.
#[test]
fn points_have_the_moments() {
    let config = ProptestConfig { cases: 16, ..ProptestConfig::default() };
    proptest!(config, |(data in any_mixture(), log_snr in -5.0..3.0, seed in any::<u64>())| {
        let level = level(log_snr, 1.0);
        // Without signal nothing is known of x_0: its mean and covariance are the data's.
        let pure = NoiseLevel::new(0.0, 1.0).unwrap();
        let nothing = vec![0.0; data.dimensions()];
        let points = draw(seed, |numbers| data.sample(numbers));
        moments_agree(&points, &data.x0(&nothing, pure).into(), &data.x0_covariance(&nothing, pure));
        let x = data.noised(&points[0], level, &mut crate::numbers(seed));
        let drawn = draw(!seed, |numbers| data.sample_x0(&x, level, numbers));
        moments_agree(&drawn, &data.x0(&x, level).into(), &data.x0_covariance(&x, level));
    });
}

/// Two points far apart: half-way it is either, and beside one it is that one, without overflow.
#[test]
fn points_far_apart() {
    let at = |mean: f64| (1.0, GaussianData::isotropic(vec![mean], 0.0).unwrap());
    let data = Mixture::new(vec![at(-1.0), at(1.0)]).unwrap();
    // The densities of the farther one are e^(−10⁶).
    let level = NoiseLevel::new(1.0, 1e-3).unwrap();
    // A responsibility is an exponential of a difference of logarithms near −500,000, whose roundings are 6e-11.
    within(data.x0(&[0.0], level)[0], 0.0, 1e-9);
    within(data.x0_covariance(&[0.0], level)[[0, 0]], 1.0, 1e-9);
    assert_eq!(data.responsibilities(&[0.9], level), [0.0, 1.0]);
    assert_eq!(data.x0(&[0.9], level), [1.0]);
    within(data.eps(&[0.9], level)[0], -100.0, 1e-11);
}

/// Var(x_0) = E Var(x_0 | component) + Var E(x_0 | component), the law of total variance in three dimensions.
#[test]
fn total_covariance() {
    let component = |mean: [f64; 3], variance: f64| GaussianData::isotropic(mean.to_vec(), variance).unwrap();
    let (one, other) = (component([1.0, 0.0, 0.0], 0.5), component([0.0, 2.0, 0.0], 0.25));
    let data = Mixture::new(vec![(3.0, one), (1.0, other)]).unwrap();
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    let apart = Array1::from(vec![1.0, -2.0, 0.0]).insert_axis(Axis(1));
    let eye: Array2<f64> = Array2::eye(3);
    let expected: Array2<f64> = (0.75 * 0.5 + 0.25 * 0.25) * eye + 0.75 * 0.25 * apart.dot(&apart.t());
    for (found, expected) in data.x0_covariance(&[9.0, 9.0, 9.0], pure).iter().zip(&expected) {
        // A responsibility is an exponential of a logarithm near −13.
        within(*found, *expected, 1e-14);
    }
}
