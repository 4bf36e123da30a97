//! The exact denoiser of Gaussian data: Bayes' rule, Tweedie's formula, limits.

use crate::{any_level, close, density, integrate, level, within};
use proptest::prelude::*;
use tweedie_math::{GaussianDenoiser, NoiseLevel};

fn any_gaussian() -> impl Strategy<Value = GaussianDenoiser> {
    (-3.0..3.0, 0.01..9.0).prop_map(|(mean, variance)| GaussianDenoiser { mean, variance })
}

/// x_t as data `x0_score` and noise `eps` standard deviations away from their means make it.
fn noisy(data: GaussianDenoiser, level: NoiseLevel, x0_score: f64, eps: f64) -> f64 {
    level.signal_rate() * (data.mean + data.variance.sqrt() * x0_score) + level.noise_rate() * eps
}

proptest! {
    /// Mean and variance of x_0 under prior × likelihood, by integration over x_0.
    #[test]
    fn the_estimate_is_the_posterior_mean(
        data in any_gaussian(), log_snr in -15.0..4.0, size in 0.1..10.0,
        x0_score in -2.0..2.0, eps in -2.0..2.0,
    ) {
        let level = level(log_snr, size);
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = noisy(data, level, x0_score, eps);
        let joint = |x0: f64| density(x0, data.mean, data.variance) * density(x, s * x0, n * n);
        let (middle, half) = (data.mean, 12.0 * data.variance.sqrt());
        // The posterior is at least 1/25 as wide as the prior: 4,000 points are 6 per standard deviation or
        // more, at which the trapezoidal rule errs by e^(−2π²·36).
        let moment = |f: &dyn Fn(f64) -> f64| integrate(middle, half, 4000, |x0| f(x0) * joint(x0));
        let evidence = moment(&|_| 1.0);
        let mean = moment(&|x0| x0) / evidence;
        let variance = moment(&|x0| (x0 - mean).powi(2)) / evidence;
        within(data.x0(x, level), mean, 1e-11 * (middle.abs() + half));
        close(data.x0_variance(level), variance, 1e-9);
        close(data.marginal_variance(level), s * s * data.variance + n * n, 1e-15);
    }

    /// x̂_0 and ε̂ describe the same x.
    #[test]
    fn the_estimates_add_up(
        data in any_gaussian(), level in any_level(), x0_score in -4.0..4.0, eps in -4.0..4.0,
    ) {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = noisy(data, level, x0_score, eps);
        let (x0, eps) = (data.x0(x, level), data.eps(x, level));
        within(s * x0 + n * eps, x, 1e-14 * (x.abs() + (s * x0).abs() + (s * data.mean).abs()));
    }

    /// x̂_0 = (x + n²·∇log p(x))/s, the gradient being of N(s·mean, s²·v + n²): the formula that names this
    /// workspace.
    #[test]
    fn tweedies_formula(
        data in any_gaussian(), level in any_level(), x0_score in -4.0..4.0, eps in -4.0..4.0,
    ) {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = noisy(data, level, x0_score, eps);
        let score = -(x - s * data.mean) / (s * s * data.variance + n * n);
        // Without signal both terms are large and their difference is not.
        let rounding = 1e-14 * (data.mean.abs() + (x.abs() + (n * n * score).abs()) / s);
        within(data.x0(x, level), (x + n * n * score) / s, rounding);
        within(data.eps(x, level), -n * score, 1e-14 * (n * score).abs());
    }

    /// Var(x_0) = E[Var(x_0 | x_t)] + Var(E[x_0 | x_t]).
    #[test]
    fn the_law_of_total_variance(data in any_gaussian(), level in any_level()) {
        let slope = data.x0(1.0, level) - data.x0(0.0, level);
        let explained = slope * slope * data.marginal_variance(level);
        // The slope is a difference of two estimates, each with a rounding of the mean.
        let rounding = 1e-14 * (data.variance + slope * data.mean.abs() * data.marginal_variance(level));
        within(data.x0_variance(level) + explained, data.variance, rounding);
    }

    #[test]
    fn clean_data_is_itself_and_pure_noise_says_nothing(
        data in any_gaussian(), x in -5.0..5.0, rate in 0.1..10.0,
    ) {
        let clean = NoiseLevel::new(rate, 0.0).unwrap();
        within(data.x0(x, clean), x / rate, 1e-14 * (data.mean.abs() + (x / rate).abs()));
        prop_assert_eq!((data.eps(x, clean), data.x0_variance(clean)), (0.0, 0.0));
        let pure = NoiseLevel::new(0.0, rate).unwrap();
        prop_assert_eq!(data.x0(x, pure), data.mean);
        close(data.eps(x, pure), x / rate, 1e-15);
        close(data.x0_variance(pure), data.variance, 1e-15);
    }

    /// Data that is one point is known without looking, wherever x is.
    #[test]
    fn a_point_is_known(mean in -3.0..3.0, level in any_level(), x in -5.0..5.0) {
        let point = GaussianDenoiser { mean, variance: 0.0 };
        prop_assert_eq!((point.x0(x, level), point.x0_variance(level)), (mean, 0.0));
        prop_assert_eq!((point.x0(x, NoiseLevel::CLEAN), point.eps(x, NoiseLevel::CLEAN)), (mean, 0.0));
    }
}
