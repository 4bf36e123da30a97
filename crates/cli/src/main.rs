//! `tweedie`: train, sample and inspect diffusion models.

mod arguments;
mod commands;
mod output;
mod progress;
mod start;

use arguments::{Arguments, Command};
use clap::Parser;
use commands::Ended;

fn main() -> ! {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| output::end_of_parsing(&error));
    let run = || -> anyhow::Result<Ended> {
        start::with_quiet_threads()?;
        start::logging(arguments.verbose);
        tweedie_torch::guard(|| run(arguments)).unwrap_or_else(|panic| {
            Err(anyhow::anyhow!("this should not have happened, please report it: {panic}"))
        })
    };
    output::end(match run() {
        Ok(Ended::Completed) => 0,
        Ok(Ended::Interrupted) => progress::INTERRUPTED,
        Err(error) => {
            output::complain(&error);
            1
        }
    })
}

fn run(arguments: Arguments) -> anyhow::Result<Ended> {
    if !matches!(arguments.command, Command::Completions { .. }) {
        start::check_libtorch()?;
        start::check_auto()?;
        tweedie_torch::keep_freed_memory();
    }
    match arguments.command {
        Command::Train(options) => return commands::train::run(&options),
        Command::Sample(options) => return commands::sample::run(&options),
        Command::Compare(options) => commands::compare::run(&options)?,
        Command::Invert(options) => commands::invert::run(&options)?,
        Command::Reconstruct(options) => commands::reconstruct::run(&options)?,
        Command::Inspect(options) => commands::inspect::run(&options)?,
        Command::Data { command } => commands::data::run(&command)?,
        Command::Evaluate { command } => return commands::evaluate::run(&command),
        Command::Ema(options) => commands::ema::run(&options)?,
        Command::Runs(options) => commands::runs::run(&options)?,
        Command::Devices => commands::devices::run()?,
        Command::Completions { shell } => commands::completions::run(shell),
    }
    Ok(Ended::Completed)
}
