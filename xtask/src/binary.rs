//! The `tweedie` binary: set up, build, and become it.

use crate::{cargo, setup};
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds `tweedie` in release and replaces this process by it, so that the terminal, signals and the exit
/// code are the binary's. Returns only when that fails.
pub fn exec(arguments: &[String]) -> Result<ExitCode> {
    setup::ensure(setup::Wanted::Any)?;
    cargo::run(&["build", "--release", "--locked", "--quiet", "--package", "tweedie-cli"])?;
    let binary = cargo::release_folder()?.join("tweedie");
    let mut command = Command::new(&binary);
    command.args(arguments);
    let error = command.exec();
    Err(error).with_context(|| format!("{} could not be started", binary.display()))
}
