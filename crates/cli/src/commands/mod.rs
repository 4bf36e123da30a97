//! One file per subcommand: it parses, calls the library and prints.

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

use tch::Device;
use tweedie_torch::Choice;

/// A device from its name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}
