//! The terms of the bound: divergences from logarithms of variances, to the last digits, and the units they come in.

use crate::strategies::any_levels;
use crate::{close, level, within};
use proptest::prelude::*;
use tweedie_math::bound::{
    bits_per_dimension, eps_weight, kl_to_log_variance, prior_term, step_constant, step_term,
};
use tweedie_math::gaussian::{expm1_minus, kl};
use tweedie_math::{FirstVariance, NoiseLevel, reverse_steps};

proptest! {
    /// From logarithms as from the variances themselves.
    #[test]
    fn logarithms_say_the_same(difference in -3.0..3.0, log1 in -20.0..20.0f64, log2 in -20.0..20.0f64) {
        let (v1, v2) = (log1.exp(), log2.exp());
        // A variance has the roundings of its logarithm, by which the ratio's excess over 1 moves.
        let expected = kl(difference, v1, v2);
        let rounding = 1e-14 * (1.0 + expected + (v1 / v2 - 1.0).abs());
        within(kl_to_log_variance(difference, log1, log2), expected, rounding);
    }

    /// However far apart the variances are, ½·(r − 1 − ln r) keeps ln r's digits: r − 1 has none left of a small r.
    #[test]
    fn variances_far_apart_keep_their_digits(log_ratio in -600.0..600.0f64, log2 in -30.0..30.0f64) {
        let (v1, v2) = ((log2 + log_ratio).exp(), log2.exp());
        let log_ratio = v1.ln() - v2.ln();
        let expected = 0.5 * (log_ratio.exp() - 1.0 - log_ratio);
        prop_assume!(log_ratio.abs() > 1.0);
        close(kl_to_log_variance(0.0, log2 + log_ratio, log2), expected, 1e-12);
        close(kl(0.0, v1, v2), expected, 1e-12);
    }

    /// Nearly equal ones keep theirs: d²/4 + d³/12 + d⁴/48 + ….
    #[test]
    fn logarithms_that_are_nearly_equal_keep_their_digits(exponent in 7..45, minus in any::<bool>()) {
        let d = if minus { -0.5f64.powi(exponent) } else { 0.5f64.powi(exponent) };
        let expansion = d * d / 4.0 * (1.0 + d / 3.0 + d * d / 12.0 + d.powi(3) / 60.0 + d.powi(4) / 360.0);
        // The next term of the bracket is d⁵/2520 of at most 1e-14.
        close(kl_to_log_variance(0.0, d, 0.0), expansion, 2e-14);
        close(expm1_minus(d), 2.0 * expansion, 2e-14);
    }

    /// Only the error of x_0 enters a step's term, by c₁, and that of ε by c₁·n/s: a square and a constant.
    #[test]
    fn a_term_is_a_square_and_a_constant(levels in any_levels(), error in -3.0..3.0, offset in -3.0..3.0f64) {
        for step in &reverse_steps(&levels, FirstVariance::OwnForward).unwrap()[1..] {
            let log_variance: f64 = step.log_small + offset;
            let c1: f64 = step.posterior.x0_coefficient;
            let square = 0.5 * (c1 * error) * (c1 * error) / log_variance.exp();
            let constant = step_constant(step, log_variance);
            close(step_term(error, step, log_variance), square + constant, 1e-13);
            // ½·(ln(σ²/β̃) + β̃/σ² − 1), which cancels near σ² = β̃.
            within(constant, 0.5 * (offset + (-offset).exp() - 1.0), 1e-13 * (1.0 + step.log_small.abs()));
            let of_eps = eps_weight(step, log_variance) * (error / step.transition.to().sigma()).powi(2);
            close(of_eps, square, 1e-13);
            prop_assert_eq!(step_constant(step, step.log_small), 0.0);
        }
    }

    /// L_T of a pixel is the divergence of N(s·x_0, n²) from what sampling starts from, and nothing where no signal is left.
    #[test]
    fn the_prior_is_a_divergence(x0 in -1.0..1.0, log_snr in -12.0..2.0, start_std in 0.3..3.0f64) {
        let last = level(log_snr, 1.0);
        let (s, n) = (last.signal_rate(), last.noise_rate());
        let (ratio, total): (f64, f64) = (n * n / (start_std * start_std), start_std * start_std);
        let expected = 0.5 * ((s * x0) * (s * x0) / total + ratio - 1.0 - ratio.ln());
        // Written out it cancels near a ratio of 1.
        within(prior_term(x0, last, start_std), expected, 1e-14 * (1.0 + expected));
        let pure = NoiseLevel::new(0.0, start_std).unwrap();
        prop_assert_eq!(prior_term(x0, pure, start_std), 0.0);
    }
}

/// A nat is 1/ln 2 bits, and the dimensions of an image are its pixels and channels.
#[test]
fn nats_are_said_in_bits() {
    assert_eq!(bits_per_dimension(core::f64::consts::LN_2, 1), 1.0);
    close(bits_per_dimension(3072.0, 3072), core::f64::consts::LOG2_E, 1e-15);
}

/// e^d − 1 − d at both ends of where numbers go.
#[test]
fn ends_of_the_exponential() {
    assert_eq!((expm1_minus(0.0), expm1_minus(-800.0)), (0.0, 799.0));
    for d in [800.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(expm1_minus(d), f64::INFINITY);
    }
}
