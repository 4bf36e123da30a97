//! Finds or installs LibTorch 2.11.0, and writes its place to the file that every cargo command reads.

mod cache;
mod cargo_config;
mod install;
mod platform;
pub mod python;
mod record;
pub mod source;
mod stamp;

use crate::arguments::Setup;
use crate::cargo;
use anyhow::Result;
pub use platform::compiler;
use source::LibTorch;
use std::time::Instant;

/// The version of LibTorch that `tch` 0.24 is written for.
pub const VERSION: &str = "2.11.0";

/// The wanted set of libraries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// The CUDA set if an NVIDIA driver is loaded, otherwise the CPU set.
    Any,
    /// The CPU set on any machine.
    Cpu,
    /// The CUDA set on any machine.
    Cuda,
}

/// Finds or installs LibTorch and prints its place.
pub fn command(options: &Setup) -> Result<()> {
    let wanted = match options {
        Setup { cuda: true, .. } => Wanted::Cuda,
        Setup { cpu: true, .. } => Wanted::Cpu,
        _ => Wanted::Any,
    };
    let start = Instant::now();
    let found = ensure(wanted)?;
    println!(
        "LibTorch {VERSION} is at {} ({}); ready in {:.2} s",
        found.folder.display(),
        found.origin,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Makes LibTorch available to every cargo command. It returns quickly if nothing is missing.
pub fn ensure(wanted: Wanted) -> Result<LibTorch> {
    platform::check_compiler()?;
    let libtorch = match source::find(wanted)? {
        Some(found) => found,
        None => {
            platform::check_system()?;
            install::install(wanted)?
        }
    };
    cargo_config::write(&libtorch.folder)?;
    fetch_crates()?;
    Ok(libtorch)
}

/// Downloads every crate of `Cargo.lock` once, so that later builds and tests need no network.
fn fetch_crates() -> Result<()> {
    let lock = std::fs::read(cargo::workspace().join("Cargo.lock")).unwrap_or_default();
    let digest = record::sha256_base64(&lock);
    let note = cargo::release_folder()?.join("xtask-fetched");
    if std::fs::read_to_string(&note).is_ok_and(|written| written == digest) {
        return Ok(());
    }
    cargo::run(&["fetch", "--locked", "--quiet"])?;
    std::fs::write(&note, digest)?;
    Ok(())
}
