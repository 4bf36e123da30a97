//! The bound of Gaussian data in closed form, against integrals of its definition.

use crate::strategies::any_levels;
use crate::{integrate, within};
use proptest::prelude::*;
use tweedie_math::bound::{Bound, prior_term, step_term};
use tweedie_math::decoder::continuous_log_likelihood;
use tweedie_math::oracle::OracleVariance;
use tweedie_math::{
    FirstVariance, FixedVariance, GaussianData, GaussianDenoiser, NoiseLevel, Oracle, Parameterization,
    ReverseStep, reverse_steps,
};

/// E f(x_0, x_t) over data and noise for an f that is a polynomial, by the trapezoidal rule in both: with two points per standard
/// deviation it errs by e^(−8π²).
fn expected(data: GaussianDenoiser, level: NoiseLevel, f: impl Fn(f64, f64) -> f64) -> f64 {
    let std = data.variance.sqrt();
    let of_noise = |x0: f64, eps: f64| f(x0, level.signal_rate() * x0 + level.noise_rate() * eps);
    integrate(0.0, 9.0, 36, |z| {
        let x0 = data.mean + std * z;
        crate::density(z, 0.0, 1.0)
            * integrate(0.0, 9.0, 36, |eps| crate::density(eps, 0.0, 1.0) * of_noise(x0, eps))
    })
}

/// The term of a step by its definition, for a network that predicts the exact ε̂, from which x̂_0 and the mean are computed.
fn term(data: GaussianDenoiser, step: &ReverseStep, log_variance: f64) -> f64 {
    let level = step.transition.to();
    let reading = Parameterization::Epsilon.reading(level, None).unwrap();
    expected(data, level, |x0, xt| {
        let guess = reading.x0_from_x * xt + reading.x0_from_out * data.eps(xt, level);
        if step.ends_clean() {
            -continuous_log_likelihood(x0, step.posterior.mean(guess, xt), log_variance)
        } else {
            step_term(x0 - guess, step, log_variance)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Each term is the expectation of its definition over data and noise, for either fixed variance and the optimal one.
    #[test]
    fn terms_are_their_integrals(
        mean in -1.0..1.0, variance in 0.05..2.0, levels in any_levels(), start_std in 0.5..2.0, first in any::<bool>(),
    ) {
        let one = GaussianDenoiser { mean, variance };
        let data = GaussianData::isotropic(vec![mean], variance).unwrap();
        let second = first && levels.len() > 1;
        let first = if second { FirstVariance::SecondPosterior } else { FirstVariance::OwnForward };
        let steps = reverse_steps(&levels, first).unwrap();
        for reverse in [
            OracleVariance::Fixed(FixedVariance::FixedSmall),
            OracleVariance::Fixed(FixedVariance::FixedLarge),
            OracleVariance::Optimal,
        ] {
            let bound = data.expected_bound(&steps, reverse, start_std);
            prop_assert_eq!(bound.steps.len(), steps.len());
            for (found, step) in bound.steps.iter().zip(&steps) {
                let log_variance = match reverse {
                    OracleVariance::Fixed(fixed) => step.log_variance(fixed),
                    OracleVariance::Optimal => {
                        step.optimal_variance(one.x0_variance(step.transition.to())).ln()
                    }
                };
                let by_hand = term(one, step, log_variance);
                // What lies beyond nine standard deviations is 1e-18; a term is a sum of some that are far greater.
                let terms = 1.0 + log_variance.abs() + by_hand.abs();
                within(*found, by_hand, 1e-10 * terms);
            }
            let last = levels[levels.len() - 1];
            let prior = expected(one, NoiseLevel::CLEAN, |x0, _| prior_term(x0, last, start_std));
            within(bound.prior, prior, 1e-11 * (1.0 + prior));
            within(bound.prior, data.expected_prior(last, start_std), 0.0);
        }
    }

    /// KL(q(x_T) ‖ p) by integration of its definition.
    #[test]
    fn the_marginal_prior_is_its_integral(
        mean in -1.0..1.0, variance in 0.05..2.0, levels in any_levels(), start_std in 0.5..2.0f64,
    ) {
        let data = GaussianData::isotropic(vec![mean], variance).unwrap();
        let last = levels[levels.len() - 1];
        let (s, n) = (last.signal_rate(), last.noise_rate());
        let (middle, half) = (s * mean, 12.0 * (s * s * variance + n * n).sqrt());
        let log_q = |x: f64| data.log_density(&[x], last);
        let log_p = |x: f64| continuous_log_likelihood(x, 0.0, 2.0 * start_std.ln());
        let integral = integrate(middle, half, 400, |x| log_q(x).exp() * (log_q(x) - log_p(x)));
        within(data.marginal_prior(last, start_std), integral, 1e-11 * (1.0 + integral));
    }
}

#[test]
fn a_bound_is_the_sum_of_its_parts() {
    let bound = Bound { prior: 0.5, steps: vec![4.0, 2.0, 1.0] };
    assert_eq!((bound.total(), bound.rate(), bound.distortion()), (7.5, 3.5, 4.0));
    let nothing = Bound { prior: 0.5, steps: vec![] };
    assert_eq!((nothing.total(), nothing.rate(), nothing.distortion()), (0.5, 0.5, 0.0));
}
