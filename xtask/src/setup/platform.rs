//! The requirements on a machine: Linux x86-64 with glibc 2.28 and a C++ compiler; an NVIDIA driver is optional.

use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns an error on a system for which no LibTorch can be installed.
pub fn check_system() -> Result<()> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    if (os, arch) != ("linux", "x86_64") {
        bail!(
            "LibTorch is installed automatically only on Linux x86-64, and this system is {os} {arch}: install LibTorch {} \
             yourself and set LIBTORCH to its folder",
            super::VERSION
        );
    }
    if let Some(version) = glibc()
        && version < (2, 28)
    {
        bail!(
            "LibTorch {} needs glibc 2.28 or newer, and this system has {}.{}: use a newer system, or set LIBTORCH to a \
             LibTorch built for it",
            super::VERSION,
            version.0,
            version.1
        );
    }
    Ok(())
}

/// Returns an error if there is no C++ compiler, which the bindings to LibTorch need.
pub fn check_compiler() -> Result<()> {
    match compiler() {
        Some(_) => Ok(()),
        None => bail!(
            "no C++ compiler was found (looked for {}): install one (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install \
             gcc-c++`) or set CXX to it",
            candidates().join(", ")
        ),
    }
}

/// The first C++ compiler that starts.
pub fn compiler() -> Option<String> {
    candidates().into_iter().find(|name| {
        Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    })
}

fn candidates() -> Vec<String> {
    match std::env::var("CXX") {
        Ok(named) if !named.is_empty() => vec![named],
        _ => ["c++", "g++", "clang++"].map(String::from).to_vec(),
    }
}

/// The version of the C library, if `getconf` prints it.
pub fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    let (major, minor) = text.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// Whether an NVIDIA driver is loaded.
pub fn has_nvidia_driver() -> bool {
    Path::new("/proc/driver/nvidia/version").exists()
}

/// The free space in KiB on the disk that holds `folder`, if `df` prints it.
pub fn free_kib(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}
