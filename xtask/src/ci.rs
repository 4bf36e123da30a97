//! `cargo xtask ci`: what a change must pass, cheapest check first.

use crate::{cargo, setup, test};
use anyhow::Result;
use std::time::Instant;

/// Format, clippy, docs, tests.
pub fn command(_arguments: &[String]) -> Result<()> {
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
    step("docs", start);
    cargo::run(&["doc", "--release", "--locked", "--workspace", "--no-deps", "--quiet"])?;
    step("tests", start);
    test::run(&[], &[("TWEEDIE_REQUIRE_SHARED", "1")])?;
    step("done", start);
    Ok(())
}

fn step(name: &str, start: Instant) {
    println!("── {name} (after {:.0} s)", start.elapsed().as_secs_f64());
}
