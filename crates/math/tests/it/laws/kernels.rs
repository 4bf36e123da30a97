//! The laws of transitions and posteriors.

use super::holds;
use crate::strategies::{any_levels, any_process, any_shares, any_vp};
use crate::three_levels;
use proptest::prelude::*;
use tweedie_math::{NoiseLevel, laws};

proptest! {
    #[test]
    fn chain_is_closed_form(levels in any_levels()) {
        holds(laws::chain_is_closed_form(&levels));
    }

    #[test]
    fn chain_is_closed_form_in_any_process(it in any_process(), shares in any_shares()) {
        let last = it.process.last_time();
        let mut levels: Vec<NoiseLevel> =
            shares.iter().map(|share| it.process.at_time(share * last).unwrap()).collect();
        // In a last step to pure noise all levels are: a chain has that one once.
        levels.dedup_by_key(|level| level.log_snr());
        holds(laws::chain_is_closed_form(&levels));
    }

    #[test]
    fn steps_are_the_papers(process in any_vp()) {
        holds(laws::chain_is_closed_form(&process.levels()));
        for t in 1..=process.steps() {
            holds(laws::steps_are_the_papers(&process, t));
        }
    }

    #[test]
    fn posterior_is_bayes([s, t, _] in three_levels(), x0 in -2.0..2.0, eps in -2.0..2.0) {
        holds(laws::posterior_is_bayes(s, t, x0, eps));
    }

    #[test]
    fn posterior_averages_back([s, t, noisiest] in three_levels()) {
        holds(laws::posterior_averages_back(s, t));
        holds(laws::posterior_averages_back(t, noisiest));
        holds(laws::posterior_averages_back(NoiseLevel::CLEAN, t));
        let pure = NoiseLevel::new(0.0, noisiest.noise_rate()).unwrap();
        holds(laws::posterior_averages_back(t, pure));
    }

    #[test]
    fn mean_from_eps_is_posterior_mean([s, t, noisiest] in three_levels(), x in -5.0..5.0, eps in -3.0..3.0) {
        holds(laws::mean_from_eps_is_posterior_mean(s, t, x, eps));
        holds(laws::mean_from_eps_is_posterior_mean(t, noisiest, x, eps));
        holds(laws::mean_from_eps_is_posterior_mean(NoiseLevel::CLEAN, t, x, eps));
    }
}
