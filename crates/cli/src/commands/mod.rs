//! One file per subcommand.

mod class;
pub mod compare;
pub mod completions;
pub mod data;
pub mod devices;
mod drawing;
pub mod ema;
mod estimate;
pub mod evaluate;
pub mod inspect;
pub mod invert;
mod pictures;
pub mod reconstruct;
pub mod runs;
pub mod sample;
pub mod train;
mod watch;

use anyhow::Context;
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tch::Device;
use tweedie_torch::Choice;

/// A device from its name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}

/// What a shell sees of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// A flag that Ctrl-C and SIGTERM set, so that what is being done can be ended in order; a second one ends at once.
fn interruptible() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let on_signal = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    };
    ctrlc::set_handler(on_signal).context("signals cannot be caught")?;
    Ok(stop)
}

/// A bar over so many steps on a terminal, nothing elsewhere.
fn progress(steps: u64) -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new(steps) } else { ProgressBar::hidden() }
}
