//! `cargo xtask test`: every test, in one profile; then how many were skipped for want of files.

use crate::{cargo, setup};
use anyhow::Result;
use std::collections::BTreeMap;

/// Crates that must also work without LibTorch, with their default features alone.
const WITHOUT_LIBTORCH: [&str; 5] =
    ["tweedie-math", "tweedie-samplers", "tweedie-weights", "tweedie-data", "tweedie-report"];

/// Sets up what is missing and runs every test; arguments go to `cargo test`.
pub fn command(arguments: &[String]) -> Result<()> {
    run(arguments, &[])
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
