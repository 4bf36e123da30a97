//! What happens before a subcommand runs.

use anyhow::{Context, bail};
use std::os::unix::process::CommandExt;
use std::process::Command;
use tracing_subscriber::EnvFilter;

/// How LibTorch's OpenMP threads wait for each other: a short spin, then sleep.
///
/// Spinning for long collapses as soon as anything else uses the cores; sleeping at once costs nearly half of the speed of
/// a small network (both measured: `benches/README.md`).
const WAITING: [(&str, &str); 2] = [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "10000")];

/// Starts the program again with [`WAITING`], which is read once, before `main`; a user's own setting is left alone.
pub fn with_quiet_threads() -> anyhow::Result<()> {
    if WAITING.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return Ok(());
    }
    let own = std::env::current_exe().context("this program cannot tell where it lies")?;
    let error = Command::new(own).args(std::env::args_os().skip(1)).envs(WAITING).exec();
    Err(error)
        .context("this program could not start itself again with OMP_WAIT_POLICY=passive; set it yourself")
}

/// Log lines on standard error: warnings, more with `-v`, or what `RUST_LOG` says.
pub fn logging(verbose: u8) {
    let level = ["warn", "info", "trace"][usize::from(verbose.min(2))];
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}

/// The version of LibTorch that this program is built for.
const LIBTORCH: &str = "2.11.0";

/// Opens the CUDA back end, and refuses another LibTorch than the one this program is built for.
pub fn check_libtorch() -> anyhow::Result<()> {
    tweedie_torch::open_cuda();
    let machine = tweedie_torch::machine();
    if machine.libtorch.split(['+', 'a']).next() != Some(LIBTORCH) {
        bail!(
            "this program needs LibTorch {LIBTORCH}, and {} was loaded from {}: look at LD_LIBRARY_PATH, or run `cargo xtask setup`",
            machine.libtorch,
            machine.library_folder.map_or("an unknown place".into(), |folder| folder.display().to_string())
        );
    }
    Ok(())
}
