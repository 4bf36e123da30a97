//! `tweedie`: train, sample and inspect diffusion models.

mod arguments;
mod commands;
mod output;
mod progress;
mod start;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = start::with_quiet_threads() {
        output::complain(&error);
        return ExitCode::FAILURE;
    }
    start::logging(arguments.verbose);
    match tweedie_torch::guard(|| run(arguments)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
        Err(panic) => {
            output::complain(&anyhow::anyhow!("this should not have happened, please report it: {panic}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if !matches!(arguments.command, Command::Completions { .. }) {
        start::check_libtorch()?;
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
    Ok(ExitCode::SUCCESS)
}
