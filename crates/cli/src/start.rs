//! What happens before a subcommand runs.

use anyhow::{Context, bail};
use std::os::unix::process::CommandExt;
use std::process::Command;
use tracing_subscriber::EnvFilter;

/// LibTorch's OpenMP threads spin by default and collapse when anything else uses the cores. The policy is read once,
/// before `main`: where it is not set, the program starts itself again with it.
pub fn with_quiet_threads() -> anyhow::Result<()> {
    const POLICY: &str = "OMP_WAIT_POLICY";
    if std::env::var_os(POLICY).is_some() {
        return Ok(());
    }
    let own = std::env::current_exe().context("this program cannot tell where it lies")?;
    let error = Command::new(own).args(std::env::args_os().skip(1)).env(POLICY, "passive").exec();
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
