//! Builds the `tweedie` binary and replaces this process by it.

use crate::{cargo, setup};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds `tweedie` in release mode and replaces this process by it, so that the terminal, the signals and the exit code are those of
/// the binary. Returns only if an error occurs.
pub fn exec(arguments: &[OsString]) -> Result<ExitCode> {
    setup::ensure(setup::Wanted::Any)?;
    let binary = cargo::release_folder()?.join("tweedie");
    let mut build = vec!["build", "--release", "--locked", "--package", "tweedie-cli"];
    if binary.exists() {
        build.push("--quiet");
    } else {
        eprintln!("Building tweedie for the first time; this takes some minutes …");
    }
    cargo::run(&build)?;
    let mut command = Command::new(&binary);
    command.args(arguments);
    let error = command.exec();
    Err(error).with_context(|| format!("{} could not be started", binary.display()))
}
