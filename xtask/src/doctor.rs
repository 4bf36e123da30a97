//! `cargo xtask doctor`: the versions, libraries and devices that were found.

use crate::cargo;
use crate::setup::python::python;
use crate::setup::{self, source};
use anyhow::Result;
use std::process::Command;

/// Prints a row for each requirement; if the `tweedie` binary is built, also its list of devices.
pub fn command() -> Result<()> {
    row("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    row("cargo", first_line(Command::new("cargo").arg("--version")));
    row(
        "C++ compiler",
        setup::compiler().map_or("missing: install g++ or clang++".into(), |name| {
            first_line(Command::new(name).arg("--version"))
        }),
    );
    row(
        "Python",
        python().map_or("none (needed only to install LibTorch)".into(), |python| {
            first_line(Command::new(python).arg("--version"))
        }),
    );
    row(
        "NVIDIA driver",
        std::fs::read_to_string("/proc/driver/nvidia/version")
            .map_or("none".into(), |text| text.lines().next().unwrap_or_default().to_string()),
    );
    match source::find(setup::Wanted::Any) {
        Ok(Some(found)) => {
            row("LibTorch", format!("{} at {} ({})", setup::VERSION, found.folder.display(), found.origin));
            row(
                "CUDA libraries",
                if source::has_cuda(&found.folder) {
                    "installed"
                } else {
                    "not installed: this is the CPU set"
                }
                .into(),
            );
        }
        Ok(None) => row("LibTorch", "missing: `cargo xtask setup` installs it".into()),
        Err(error) => row("LibTorch", format!("{error:#}")),
    }
    let binary = cargo::release_folder()?.join("tweedie");
    if binary.is_file() {
        let mut devices = Command::new(binary);
        devices.arg("devices");
        cargo::check(devices, "tweedie devices")
    } else {
        row("tweedie", "not built yet: `cargo xtask devices` builds it and lists the devices".into());
        Ok(())
    }
}

fn row(name: &str, value: String) {
    println!("{name:<20} {value}");
}

fn first_line(command: &mut Command) -> String {
    match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_string(),
        Err(_) => "missing".into(),
    }
}
