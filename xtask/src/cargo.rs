//! Starts cargo with the LibTorch that `setup` found, and with no other.

use crate::setup;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Environment variables that would make `torch-sys` rebuild, or remove the run path that `.cargo/libtorch.toml` adds.
const FOREIGN: [&str; 9] = [
    "LIBTORCH",
    "LIBTORCH_USE_PYTORCH",
    "LIBTORCH_INCLUDE",
    "LIBTORCH_LIB",
    "LIBTORCH_CXX11_ABI",
    "LIBTORCH_STATIC",
    "LIBTORCH_BYPASS_VERSION_CHECK",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
];

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The folder that holds this program and, after a build, the `tweedie` binary.
pub fn release_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program cannot be determined")?;
    Ok(own.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// The path of the `tweedie` binary: the given one, or one that is built.
pub fn tweedie(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(binary) = given {
        return binary.canonicalize().with_context(|| format!("{} does not exist", binary.display()));
    }
    setup::ensure(setup::Wanted::Any)?;
    run(&["build", "--release", "--locked", "--quiet", "--package", "tweedie-cli"])?;
    Ok(release_folder()?.join("tweedie"))
}

/// The binary without measurements, on which results would depend.
pub fn pinned(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env("TWEEDIE_AUTO", "rule");
    command
}

/// `cargo ARGUMENTS` in the workspace, without the variables of [`FOREIGN`].
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace());
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// Runs `cargo ARGUMENTS`. The error names the command line.
pub fn run(arguments: &[&str]) -> Result<()> {
    check(command(arguments), &format!("cargo {}", arguments.join(" ")))
}

/// Runs a command. Returns an error that names it unless it succeeds.
pub fn check(mut command: Command, name: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("`{name}` could not be started"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}
