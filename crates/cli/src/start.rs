//! Set-up of the process before a subcommand runs.

use anyhow::{Context, bail};
use std::os::unix::process::CommandExt;
use std::process::Command;
use tracing_subscriber::EnvFilter;
use tweedie_applications::auto::Auto;

/// Environment variables that make LibTorch's OpenMP threads spin briefly and then sleep while they wait for each other.
///
/// With long spinning, the speed collapses as soon as another process uses the cores. Sleeping at once costs nearly half of the
/// speed of a small network. Both are measured in `benches/README.md`.
const WAITING: [(&str, &str); 2] = [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "10000")];

/// Starts the program again with the variables of [`WAITING`], because OpenMP reads them once, before `main`. Nothing is done if the
/// user has set one of them.
pub fn with_quiet_threads() -> anyhow::Result<()> {
    if WAITING.iter().any(|(name, _)| std::env::var_os(name).is_some()) {
        return Ok(());
    }
    let own = std::env::current_exe().context("the path of this program cannot be determined")?;
    let error = Command::new(own).args(std::env::args_os().skip(1)).envs(WAITING).exec();
    Err(error)
        .context("the program could not be restarted with OMP_WAIT_POLICY=passive; set this variable to start without a restart")
}

/// Logs to standard error: warnings, more with `-v`, or the levels set by `RUST_LOG`.
pub fn logging(verbose: u8) {
    let level = ["warn", "info", "trace"][usize::from(verbose.min(2))];
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}

/// The environment variable that decides how `auto` is chosen.
const AUTO: &str = "TWEEDIE_AUTO";

/// How the precision and the memory order are chosen where `auto` is set: by measurement, or by the hardware if [`AUTO`] is `rule` or if
/// there is no folder for the measurements.
pub fn auto() -> Auto {
    let by_rule = std::env::var_os(AUTO).is_some_and(|value| value == "rule");
    match dirs::cache_dir().filter(|_| !by_rule) {
        Some(folder) => Auto::Measured { file: folder.join("tweedie").join("speed.json") },
        None => Auto::Rule,
    }
}

/// Returns an error if [`AUTO`] has a value that is not known.
pub fn check_auto() -> anyhow::Result<()> {
    match std::env::var_os(AUTO) {
        Some(value) if value != "rule" && value != "measure" => {
            bail!("the environment variable {AUTO} is {value:?}; it must be \"rule\" or \"measure\"")
        }
        _ => Ok(()),
    }
}

/// The version of LibTorch that this program is built for.
const LIBTORCH: &str = "2.11.0";

/// Opens the CUDA back end. Returns an error if the loaded LibTorch is not the version that this program is built for.
pub fn check_libtorch() -> anyhow::Result<()> {
    tweedie_torch::open_cuda();
    tweedie_torch::check_current_threads()?;
    let machine = tweedie_torch::machine();
    if machine.libtorch.split(['+', 'a']).next() != Some(LIBTORCH) {
        bail!(
            "this program needs LibTorch {LIBTORCH}, but {} was loaded from {}; check LD_LIBRARY_PATH or run `cargo xtask setup`",
            machine.libtorch,
            machine.library_folder.map_or("an unknown place".into(), |folder| folder.display().to_string())
        );
    }
    Ok(())
}
