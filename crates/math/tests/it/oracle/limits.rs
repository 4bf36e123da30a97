//! What the bound tends to as the steps get finer: with which reverse variance it closes, and what it misses otherwise.

use crate::{close, within};
use core::f64::consts::LN_2;
use tweedie_math::oracle::OracleVariance;
use tweedie_math::{DiscreteVp, FirstVariance, FixedVariance, GaussianData, Schedule, reverse_steps};

/// Euler's constant, Σ 1/k − ln.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// Nats by which the bound of N(0, `variance`) exceeds its negative log-likelihood and KL(q(x_T) ‖ p(x_T)), T levels of the linear
/// schedule whose β are 1000/T times Ho et al.'s.
fn excess(variance: f64, steps: usize, first: FirstVariance, reverse: OracleVariance) -> f64 {
    let data = GaussianData::isotropic(vec![0.0], variance).unwrap();
    let schedule = Schedule::ScaledLinear { beta_start: 1e-4, beta_end: 0.02 };
    let process = DiscreteVp::new(&schedule, steps).unwrap();
    let steps = reverse_steps(&process.levels(), first).unwrap();
    let bound = data.expected_bound(&steps, reverse, 1.0).total();
    bound - data.entropy() - data.marginal_prior(process.level(process.steps()), 1.0)
}

/// With β̃_2 as the last step's variance, which is half of the optimal one, the bound with fixed-large exceeds the likelihood by
/// ½·(1 − ln 2). With fixed-small it exceeds it also by half of Euler's constant, ½·Σ (1/(t − 1) − ln(t/(t − 1))). Both hold for any
/// variance of the data. (At 16,000 levels .150 and .457.)
#[test]
fn fixed_variances_tend_to_constants_above_the_likelihood() {
    for variance in [0.25, 1.0] {
        for (fixed, first, limit) in [
            (FixedVariance::FixedLarge, FirstVariance::SecondPosterior, 0.5 * (1.0 - LN_2)),
            (FixedVariance::FixedSmall, FirstVariance::SecondPosterior, 0.5 * (1.0 - LN_2 + GAMMA)),
            (FixedVariance::FixedSmall, FirstVariance::OwnForward, 0.5 * GAMMA),
        ] {
            let error = |steps| excess(variance, steps, first, OracleVariance::Fixed(fixed)) - limit;
            // It falls nearly as 1/T: by three and more when T is four times as great.
            let [coarse, middle, fine] = [4_000, 16_000, 64_000].map(error);
            assert!(fine.abs() < 0.006, "{fixed:?} {first:?}: {fine} from {limit}");
            for ratio in [coarse / middle, middle / fine] {
                assert!((2.7..4.5).contains(&ratio), "{fixed:?} {first:?}: {coarse} {middle} {fine}");
            }
        }
    }
}

/// The recorded values of N(0, .25), at the T of their run.
#[test]
fn recorded_excesses() {
    let of = |fixed| excess(0.25, 16_000, FirstVariance::SecondPosterior, OracleVariance::Fixed(fixed));
    within(of(FixedVariance::FixedLarge), 0.150, 0.001);
    within(of(FixedVariance::FixedSmall), 0.454, 0.005);
}

/// Fixed-large with the true β_1 closes, as 1/T.
#[test]
fn fixed_large_closes_with_the_true_first_variance() {
    let of = |steps| {
        excess(0.25, steps, FirstVariance::OwnForward, OracleVariance::Fixed(FixedVariance::FixedLarge))
    };
    let [coarse, middle, fine] = [1_000, 4_000, 16_000].map(of);
    assert!(fine > 0.0 && fine < 1e-4, "{fine}");
    within(coarse / middle, 4.0, 0.02);
    within(middle / fine, 4.0, 0.02);
}

/// Of standard normal data it is exact however few the steps: its reverse variance is β.
#[test]
fn fixed_large_is_exact_of_standard_normal_data() {
    for steps in [25, 100, 1000] {
        let fixed = OracleVariance::Fixed(FixedVariance::FixedLarge);
        within(excess(1.0, steps, FirstVariance::OwnForward, fixed), 0.0, 1e-14 * steps as f64);
    }
}

/// The bound with the optimal variance has no excess, for every T and either [`FirstVariance`], which it does not use.
#[test]
fn the_optimal_variance_leaves_nothing() {
    for steps in [25, 50, 200, 1000, 4000] {
        for first in [FirstVariance::OwnForward, FirstVariance::SecondPosterior] {
            within(excess(0.25, steps, first, OracleVariance::Optimal), 0.0, 1e-14 * steps as f64);
        }
    }
}

/// −ln q of N(0, .25) in the mean: ½·ln(2πe/4).
#[test]
fn the_likelihood_itself() {
    let data = GaussianData::isotropic(vec![0.3; 4], 0.25).unwrap();
    close(data.entropy(), 4.0 * 0.725_791_352_644_727_4, 1e-15);
}
