//! The laws of processes.

use super::holds;
use crate::strategies::{any_process, any_schedule, any_shares, any_vp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use tweedie_math::{Process, laws};

/// Shares of the way as times.
fn times(process: &dyn Process, shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|share| share * process.last_time()).collect()
}

proptest! {
    #[test]
    fn rates_are_in_range(it in any_process(), shares in any_shares()) {
        holds(laws::rates_are_in_range(&*it.process, &times(&*it.process, &shares)));
    }

    #[test]
    fn noise_grows(it in any_process(), shares in any_shares()) {
        holds(laws::noise_grows(&*it.process, &times(&*it.process, &shares)));
    }

    #[test]
    fn times_and_levels_invert(it in any_process(), shares in any_shares()) {
        holds(laws::times_and_levels_invert(&*it.process, &times(&*it.process, &shares)));
    }

    #[test]
    fn log_snr_names_levels(it in any_process(), shares in any_shares()) {
        holds(laws::log_snr_names_levels(&*it.process, &times(&*it.process, &shares)));
    }

    /// At every trained level and half-way between.
    #[test]
    fn every_vp_process_obeys_at_every_level(process in any_vp()) {
        let times: Vec<f64> = (0..=2 * process.steps()).map(|half| half as f64 / 2.0).collect();
        holds(laws::rates_are_in_range(&process, &times));
        holds(laws::noise_grows(&process, &times));
        holds(laws::variance_is_preserved(&process, &times));
        holds(laws::times_and_levels_invert(&process, &times));
        holds(laws::log_snr_names_levels(&process, &times));
    }

    #[test]
    fn respaced_agrees(process in any_vp(), kept in prop::collection::vec(any::<bool>(), 200), last in any::<bool>()) {
        let mut times: Vec<usize> = (1..=process.steps()).filter(|t| kept[t - 1]).collect();
        if last || times.is_empty() {
            times.push(process.steps());
            times.dedup();
        }
        // Any order will do.
        times.reverse();
        holds(laws::respaced_agrees(&process, &times));
    }
}

/// The strategy that the laws are put over draws every schedule by its name, on its own and rescaled.
#[test]
fn every_schedule_is_drawn() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..2000 {
        let (schedule, _) = any_schedule().new_tree(&mut runner).unwrap().current();
        let json = serde_json::to_value(&schedule).unwrap();
        let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_string();
        seen.insert(match json.get("of") {
            Some(of) => format!("{} of {}", name(&json), name(of)),
            None => name(&json),
        });
    }
    let plain = [
        "linear",
        "scaled_linear",
        "quadratic",
        "constant",
        "warm_up",
        "binomial",
        "cosine",
        "sigmoid",
        "sigmoid_alpha_bar",
        "explicit",
        "explicit_alpha_bars",
    ];
    let rescaled = plain.iter().map(|name| format!("zero_terminal_snr of {name}"));
    let all: BTreeSet<String> = plain
        .iter()
        .map(|name| name.to_string())
        .chain(rescaled)
        .chain(["rectified_flow", "vp", "sub_vp", "ve", "edm", "continuous_cosine"].map(str::to_string))
        .collect();
    assert_eq!(seen, all);
}
