//! One file per subcommand.

mod class;
pub mod completions;
pub mod data;
pub mod devices;
pub mod ema;
mod estimate;
pub mod evaluate;
pub mod inspect;
pub mod runs;
pub mod sample;
pub mod train;

use indicatif::ProgressBar;
use std::io::IsTerminal;
use tch::Device;
use tweedie_torch::Choice;

/// A device from its name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}

/// A bar over so many steps on a terminal, nothing elsewhere.
fn progress(steps: u64) -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new(steps) } else { ProgressBar::hidden() }
}
