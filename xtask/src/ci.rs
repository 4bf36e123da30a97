//! `cargo xtask ci`: the checks that a change must pass, the cheapest first.

use crate::arguments::Test;
use crate::{cargo, setup, test};
use anyhow::Result;
use std::time::Instant;

/// Runs format, clippy, documentation and tests.
pub fn command() -> Result<()> {
    let start = Instant::now();
    step("format", start);
    cargo::run(&["fmt", "--all", "--check"])?;
    step("set-up", start);
    setup::ensure(setup::Wanted::Any)?;
    step("clippy", start);
    cargo::run(&["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    step("clippy without LibTorch", start);
    cargo::run(&[
        "clippy",
        "--release",
        "--locked",
        "--package",
        "tweedie-samplers",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    step("documentation", start);
    cargo::run(&["doc", "--release", "--locked", "--workspace", "--no-deps", "--quiet"])?;
    step("tests", start);
    test::run(&Test::default(), &[])?;
    step("done", start);
    Ok(())
}

fn step(name: &str, start: Instant) {
    println!("── {name} (after {:.0} s)", start.elapsed().as_secs_f64());
}
