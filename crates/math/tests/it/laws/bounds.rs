//! The laws of divergences and the bound.

use super::holds;
use crate::strategies::{any_gaussian_data, any_levels, any_process, any_shares, any_vp};
use proptest::prelude::*;
use tweedie_math::{FirstVariance, NoiseLevel, laws, reverse_steps};

proptest! {
    #[test]
    fn kl_is_its_integral(shift in -3.0..3.0, v1 in 0.05..5.0, v2 in 0.05..5.0) {
        holds(laws::kl_is_its_integral(shift, v1, v2));
    }

    #[test]
    fn kl_is_positive(shift in -3.0..3.0, log_v1 in -14.0..14.0f64, log_v2 in -14.0..14.0f64, exponent in 0..50) {
        let (v1, v2) = (log_v1.exp(), log_v2.exp());
        holds(laws::kl_is_positive(shift, v1, v2));
        holds(laws::kl_is_positive(0.0, v1, v2));
        // Down to variances that differ in the last digit.
        holds(laws::kl_is_positive(0.0, v1, v1 * (1.0 + 0.5f64.powi(exponent))));
    }

    /// At every level but the first, for variances from a twentieth of the posterior's to twenty times it.
    #[test]
    fn step_term_is_weighted_eps_error(process in any_vp(), eps_error in -3.0..3.0, offset in -3.0..3.0) {
        for t in (2..=process.steps()).filter(|t| process.level(*t).signal_rate() > 0.0) {
            let steps = reverse_steps(&[process.level(t - 1), process.level(t)], FirstVariance::OwnForward);
            let step = steps.unwrap()[1];
            for log_variance in [step.log_small + offset, step.log_small, step.log_large] {
                holds(laws::step_term_is_weighted_eps_error(&process, t, eps_error, log_variance));
            }
        }
    }

    #[test]
    fn bound_is_exact(data in any_gaussian_data(), levels in any_levels(), start_std in 0.2..5.0) {
        holds(laws::bound_is_exact(&data, &levels, start_std));
    }

    /// Of any process, what sampling starts from being its own.
    #[test]
    fn bound_is_exact_in_any_process(data in any_gaussian_data(), it in any_process(), shares in any_shares()) {
        let last = it.process.last_time();
        let mut levels: Vec<NoiseLevel> =
            shares[1..].iter().map(|share| it.process.at_time(share * last).unwrap()).collect();
        levels.dedup_by_key(|level| level.log_snr());
        let start_std = it.process.start_std(levels[levels.len() - 1]);
        holds(laws::bound_is_exact(&data, &levels, start_std));
    }

    #[test]
    fn variance_is_best(levels in any_levels(), x0_variance in 0.0..4.0, offset in -3.0..3.0) {
        for step in &reverse_steps(&levels, FirstVariance::OwnForward).unwrap()[1..] {
            let best = step.optimal_variance(x0_variance).ln();
            for other in [best + offset, step.log_small, step.log_large] {
                holds(laws::variance_is_best(step, x0_variance, other));
            }
        }
    }
}
