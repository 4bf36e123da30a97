//! The subcommands, one per module. Each reads its arguments, calls the library and prints the results.

pub mod compare;
pub mod completions;
pub mod data;
pub mod devices;
pub mod ema;
pub mod evaluate;
pub mod inspect;
pub mod invert;
pub mod reconstruct;
pub mod runs;
pub mod sample;
pub mod train;

use std::path::Path;
use tch::Device;
use tweedie_applications::generation::{OpenOptions, Opened};
use tweedie_models::Model;
use tweedie_torch::{Choice, Precision};

/// How a subcommand ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The work is complete.
    Completed,
    /// The work was interrupted, and what was done is saved.
    Interrupted,
}

/// Loads a model, with a measurement if its precision is `auto`, and prints the notes about it.
fn open_model(folder: &Path, options: &OpenOptions) -> anyhow::Result<(Model, Precision)> {
    let options = OpenOptions { auto: crate::start::auto(), ..options.clone() };
    let Opened { model, precision, notes } = tweedie_applications::generation::open(folder, &options)?;
    notes.iter().for_each(crate::output::line);
    Ok((model, precision))
}

/// The device with the given name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}
