//! `cargo xtask test`: every test, in one profile; then how many were skipped for want of files.

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

/// Cases of each property when fresh ones are explored.
const EXPLORED: &str = "2048";

/// Sets up what is missing and runs every test; arguments go to `cargo test`. With `--explore` properties are tried on fresh cases,
/// eight times as many, of a seed that is printed.
pub fn command(arguments: &[String]) -> Result<()> {
    let Some(at) = arguments.iter().position(|argument| argument == "--explore") else {
        return run(arguments, &[]);
    };
    let mut rest = arguments.to_vec();
    rest.remove(at);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let seed = std::env::var("PROPTEST_RNG_SEED").unwrap_or_else(|_| seed.to_string());
    let cases = std::env::var("PROPTEST_CASES").unwrap_or_else(|_| EXPLORED.into());
    println!("properties are tried on {cases} cases each, of the seed {seed}");
    let result = run(&rest, &[("PROPTEST_RNG_SEED", &seed), ("PROPTEST_CASES", &cases)]);
    println!(
        "again: PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} cargo xtask test --explore; \
         a case that failed is kept beside the tests, under proptest-regressions, to be committed"
    );
    result
}

/// The same with more variables in the tests' environment.
pub fn run(arguments: &[String], variables: &[(&str, &str)]) -> Result<()> {
    setup::ensure(setup::Wanted::Any)?;
    let skips = cargo::release_folder()?.join("skipped-tests");
    let _ = std::fs::remove_file(&skips);
    let extra: Vec<&str> = arguments.iter().map(String::as_str).collect();

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
