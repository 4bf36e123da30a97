//! The Python interpreter that installs LibTorch.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Python interpreter of the active environment.
pub fn python() -> Option<PathBuf> {
    let active = std::env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("bin/python"));
    active
        .into_iter()
        .chain(["python3", "python"].map(PathBuf::from))
        .find(|python| starts(python, &["--version"]))
}

/// Whether a program runs successfully with these arguments.
pub fn starts(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
