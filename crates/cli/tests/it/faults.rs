//! The short form of `cargo xtask faults`: a few trials of each kind, always the same ones.

use std::path::Path;
use tweedie_testing::faults::{Budget, Campaign, Kind};

#[test]
fn a_disturbed_training_loses_nothing() {
    let campaign = Campaign {
        binary: env!("CARGO_BIN_EXE_tweedie").into(),
        scratch: Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults"),
        seed: 0,
        kinds: Kind::ALL.to_vec(),
        budget: Budget::Each(2),
        jobs: 2,
    };
    let report = campaign.run(&|_| {}).unwrap_or_else(|error| panic!("{error}"));
    report.rows.values().filter_map(|row| row.skipped.as_deref()).for_each(tweedie_testing::skip);
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{report}\n{}", failures.join("\n"));
}
