//! The laws of oracles.

use super::holds;
use crate::strategies::{any_gaussian_data, any_mixture};
use crate::{level, numbers};
use proptest::prelude::*;
use tweedie_math::{NoiseLevel, Oracle, laws};

/// A point of q(x_t), so far out as points are.
fn noised(oracle: &dyn Oracle, level: NoiseLevel, seed: u64) -> Vec<f64> {
    let mut numbers = numbers(seed);
    let x0 = oracle.sample(&mut numbers);
    oracle.noised(&x0, level, &mut numbers)
}

/// From nearly pure noise to a tenth of noise: mixtures of points far apart in it have cliffs that differences step over.
fn any_oracle_level() -> impl Strategy<Value = NoiseLevel> {
    (-8.0..4.0, 0.2..5.0).prop_map(|(log_snr, size)| level(log_snr, size))
}

proptest! {
    #[test]
    fn score_is_gradient(
        gaussian in any_gaussian_data(), mixture in any_mixture(), level in any_oracle_level(), seed in any::<u64>(),
    ) {
        for oracle in [&gaussian as &dyn Oracle, &mixture] {
            holds(laws::score_is_gradient(oracle, &noised(oracle, level, seed), level));
        }
    }

    #[test]
    fn tweedie_holds(
        gaussian in any_gaussian_data(), mixture in any_mixture(), level in any_oracle_level(), seed in any::<u64>(),
    ) {
        for oracle in [&gaussian as &dyn Oracle, &mixture] {
            holds(laws::tweedie_holds(oracle, &noised(oracle, level, seed), level));
        }
    }

    #[test]
    fn denoiser_is_best(
        gaussian in any_gaussian_data(), mixture in any_mixture(), level in any_oracle_level(), seed in any::<u64>(),
    ) {
        for oracle in [&gaussian as &dyn Oracle, &mixture] {
            let x = noised(oracle, level, seed);
            holds(laws::denoiser_is_best(oracle, &x, level, 200, &mut numbers(!seed)));
        }
    }
}
