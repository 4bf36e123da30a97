//! `space_timesteps(T, "…")`, whose times are 0-based.

use serde_json::Value;
use tweedie_math::{DiscreteVp, Subsequence};

#[test]
fn recorded_times_are_the_same() {
    let Some(path) = tweedie_testing::shared("reference/openai/openai_space_timesteps.json") else { return };
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let recorded = recorded.as_object().unwrap();
    let mut refused = 0;
    for (name, expected) in recorded {
        let (steps, rule) = name.split_once('|').unwrap();
        let process = DiscreteVp::cosine(steps.parse().unwrap()).unwrap();
        let text = if rule.starts_with("ddim") { rule.to_string() } else { format!("sections:{rule}") };
        let found = text.parse::<Subsequence>().unwrap().times(&process);
        match expected {
            Value::Array(times) => {
                let expected: Vec<usize> =
                    times.iter().rev().map(|time| time.as_u64().unwrap() as usize + 1).collect();
                assert_eq!(found, Ok(expected), "{name}");
            }
            _ => {
                assert!(found.is_err(), "{name}: {found:?}");
                refused += 1;
            }
        }
    }
    assert_eq!((recorded.len(), refused), (33, 1));
}
