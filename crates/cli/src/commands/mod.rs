//! One file per subcommand.

mod class;
pub mod completions;
pub mod data;
pub mod devices;
pub mod inspect;
pub mod sample;
pub mod train;

use tch::Device;
use tweedie_torch::Choice;

/// A device from its name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}
