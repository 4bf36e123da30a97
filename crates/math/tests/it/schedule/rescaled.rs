//! Zero-terminal SNR: what rescaling changes of a schedule, and what it does not.

use crate::close;
use crate::strategies::any_vp_schedule;
use proptest::prelude::*;
use tweedie_math::{DiscreteVp, Error, Schedule};

fn rescaled(of: &Schedule) -> Schedule {
    Schedule::ZeroTerminalSnr { of: Box::new(of.clone()) }
}

/// A schedule of as many levels as rescaling needs.
fn two_or_more() -> impl Strategy<Value = (Schedule, usize)> {
    any_vp_schedule().prop_filter("one level cannot keep its signal and lose it", |(_, steps)| *steps > 1)
}

proptest! {
    /// Pure noise at the end, the first level as it was, all others noisier than they were.
    #[test]
    fn the_last_level_loses_its_signal_and_the_first_keeps_it((schedule, steps) in two_or_more()) {
        let of = DiscreteVp::new(&schedule, steps).unwrap();
        let process = DiscreteVp::new(&rescaled(&schedule), steps).unwrap();
        prop_assert_eq!(process.level(1), of.level(1));
        prop_assert_eq!((process.level(steps).signal_rate(), process.level(steps).noise_rate()), (0.0, 1.0));
        for t in 2..steps {
            let most = of.level(t).signal_rate() * (1.0 + 1e-13 * steps as f64);
            prop_assert!(process.level(t).signal_rate() <= most, "t = {}", t);
        }
    }

    /// √ᾱ is shifted and scaled: ratios of its differences stay.
    #[test]
    fn differences_keep_their_ratios((schedule, steps) in two_or_more()) {
        let of = DiscreteVp::new(&schedule, steps).unwrap();
        let process = DiscreteVp::new(&rescaled(&schedule), steps).unwrap();
        let root = |process: &DiscreteVp, t: usize| process.level(t).signal_rate();
        let whole = |process: &DiscreteVp| root(process, 1) - root(process, steps);
        for t in 2..steps {
            let share = |process: &DiscreteVp| (root(process, t) - root(process, steps)) / whole(process);
            // Differences of numbers up to 1, which have the roundings of a sum of logarithms.
            let doubt = 1e-15 * (steps as f64 + of.level(t).log_snr().abs()) / whole(&of);
            prop_assert!((share(&process) - share(&of)).abs() <= doubt, "t = {}: {:e}", t, doubt);
        }
    }

    /// What ends at pure noise is left alone.
    #[test]
    fn twice_is_once((schedule, steps) in two_or_more()) {
        let once = rescaled(&schedule);
        prop_assert_eq!(rescaled(&once).log_alphas(steps), once.log_alphas(steps));
    }
}

#[test]
fn the_binomial_schedule_is_left_alone() {
    assert_eq!(rescaled(&Schedule::Binomial {}).log_alphas(50), (Schedule::Binomial {}).log_alphas(50));
    let binomial = DiscreteVp::new(&Schedule::Binomial {}, 50).unwrap();
    for t in 1..50 {
        close(binomial.alpha_bar(t), 1.0 - t as f64 / 50.0, 1e-14);
    }
}

#[test]
fn what_cannot_be_rescaled_is_refused() {
    let one = rescaled(&Schedule::LINEAR).log_alphas(1);
    let is_named =
        matches!(one, Err(Error::Parameter { name: "num_train_timesteps", found, .. }) if found == 1.0);
    assert!(is_named, "{one:?}");
    assert_eq!(rescaled(&Schedule::RectifiedFlow { shift: 1.0 }).log_alphas(10), Err(Error::NoBetas));
    // The other schedule's own refusal comes through.
    let bad = Schedule::Constant { beta: 2.0 };
    assert_eq!(rescaled(&bad).log_alphas(10), bad.log_alphas(10));
}
