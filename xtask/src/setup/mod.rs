//! LibTorch 2.11.0, found or installed, and written down where every cargo command reads it.

mod cache;
mod cargo_config;
mod install;
mod platform;
pub mod python;
mod record;
pub mod source;
mod stamp;

use crate::cargo;
use anyhow::{Result, bail};
pub use platform::compiler;
use source::LibTorch;
use std::time::Instant;

/// The version of LibTorch that `tch` 0.24 is made for.
pub const VERSION: &str = "2.11.0";

/// Which set of libraries is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// CUDA where there is an NVIDIA driver, else the small set.
    Any,
    /// The small set, whatever the machine has.
    Cpu,
    /// The CUDA set, whatever the machine has.
    Cuda,
}

/// `cargo xtask setup [--cuda|--cpu]`.
pub fn command(arguments: &[String]) -> Result<()> {
    let wanted = match arguments {
        [] => Wanted::Any,
        [flag] if flag == "--cuda" => Wanted::Cuda,
        [flag] if flag == "--cpu" => Wanted::Cpu,
        other => bail!("setup takes --cuda, --cpu or nothing; found `{}`", other.join(" ")),
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

/// Makes LibTorch available to every cargo command. Quick when there is nothing to do.
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

/// Downloads every crate of `Cargo.lock` once, so that builds and tests are offline afterwards.
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
