//! `cargo xtask test`: runs every test in one profile, then prints how many were skipped and why.

use crate::arguments::Test;
use crate::{cargo, setup};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// Crates that must also work without LibTorch, with their default features alone.
const WITHOUT_LIBTORCH: [&str; 6] = [
    "tweedie-math",
    "tweedie-samplers",
    "tweedie-files",
    "tweedie-weights",
    "tweedie-data",
    "tweedie-report",
];

/// Cases of each property with `--explore`.
const EXPLORED: &str = "2048";

const EXPLORE: &str = "--explore";

/// Sets LibTorch up and runs the tests. With `--explore` properties are tested on more cases, from a seed that is printed.
pub fn command(mut options: Test) -> Result<()> {
    // Behind a filter the flag is an argument of cargo to the parser.
    options.explore |= options.cargo.iter().any(|argument| argument == EXPLORE);
    options.cargo.retain(|argument| argument != EXPLORE);
    if !options.explore {
        return run(&options, &[]);
    }
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let seed = std::env::var("PROPTEST_RNG_SEED").unwrap_or_else(|_| seed.to_string());
    let cases = std::env::var("PROPTEST_CASES").unwrap_or_else(|_| EXPLORED.into());
    println!("each property is tested on {cases} cases from the seed {seed}");
    let result = run(&options, &[("PROPTEST_RNG_SEED", &seed), ("PROPTEST_CASES", &cases)]);
    println!(
        "to repeat: PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} cargo xtask test --explore; \
         a case that failed is stored beside the tests, under proptest-regressions, and should be committed"
    );
    result
}

/// Runs the tests with more variables in their environment.
pub fn run(options: &Test, variables: &[(&str, &str)]) -> Result<()> {
    setup::ensure(setup::Wanted::Any)?;
    let skips = cargo::release_folder()?.join("skipped-tests");
    let _ = std::fs::remove_file(&skips);
    let passed_on = passed_on(options);
    let extra: Vec<&str> = passed_on.iter().map(String::as_str).collect();

    let mut everything = vec!["test", "--release", "--locked", "--workspace"];
    everything.extend(&extra);
    let mut alone = vec!["test", "--release", "--locked"];
    for name in WITHOUT_LIBTORCH {
        alone.extend(["--package", name]);
    }
    alone.extend(&extra);
    for arguments in [&alone, &everything] {
        let mut command = cargo::command(arguments);
        command.env("TWEEDIE_SKIPPED_TESTS", &skips).envs(variables.iter().copied());
        cargo::check(command, &format!("cargo {}", arguments.join(" ")))?;
    }
    report_skipped(&std::fs::read_to_string(&skips).unwrap_or_default());
    Ok(())
}

/// The arguments that follow `cargo test`. Cargo takes one filter, the test binaries take several, so filters alone go to the binaries.
fn passed_on(options: &Test) -> Vec<String> {
    let Test { cargo, binaries, .. } = options;
    let are_filters = cargo.iter().all(|argument| !argument.starts_with('-'));
    let separator = (!binaries.is_empty() || (are_filters && !cargo.is_empty())).then(|| "--".to_string());
    let (before, after) = if are_filters { (&[][..], &cargo[..]) } else { (&cargo[..], &[][..]) };
    before.iter().cloned().chain(separator).chain(after.iter().chain(binaries).cloned()).collect()
}

fn report_skipped(log: &str) {
    let mut reasons = BTreeMap::<&str, usize>::new();
    for line in log.lines() {
        *reasons.entry(line.split_once('\t').map_or(line, |(_, reason)| reason)).or_default() += 1;
    }
    println!("\ntests skipped: {}", reasons.values().sum::<usize>());
    for (reason, n) in reasons {
        println!("  {n} because {reason}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_reach_the_test_binaries_and_flags_reach_cargo() {
        let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
        for (cargo, binaries, expected) in [
            ("", "", ""),
            ("laws ddim", "", "-- laws ddim"),
            ("", "laws --nocapture", "-- laws --nocapture"),
            ("laws", "--nocapture", "-- laws --nocapture"),
            ("--no-fail-fast", "", "--no-fail-fast"),
            ("--no-fail-fast laws -- --ignored", "", "--no-fail-fast laws -- --ignored"),
        ] {
            let options = Test { explore: false, cargo: words(cargo), binaries: words(binaries) };
            assert_eq!(passed_on(&options), words(expected), "{cargo} | {binaries}");
        }
    }
}
