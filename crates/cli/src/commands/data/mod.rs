//! The subcommands of `tweedie data`.

mod download;
mod get;
mod preview;
mod statistics;

use crate::arguments::Data;

/// Runs the subcommand.
pub fn run(command: &Data) -> anyhow::Result<()> {
    match command {
        Data::Preview(options) => preview::run(options),
        Data::Get(options) => get::run(options),
    }
}
