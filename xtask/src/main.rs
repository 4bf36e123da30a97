//! `cargo xtask …`: sets LibTorch up, and builds, tests, benchmarks and runs tweedie.
//!
//! This program runs before LibTorch is installed, so `tch` is not among its dependencies.

mod arguments;
mod bench;
mod binary;
mod cargo;
mod ci;
mod digests;
mod doctor;
#[cfg(test)]
mod documents;
mod faults;
mod fixtures;
mod mutations;
mod quality;
mod setup;
mod test;

use arguments::{Arguments, Command};
use clap::CommandFactory;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(arguments::read()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if arguments.tweedie_help {
        return binary::exec(&["--help".into()]);
    }
    match arguments.command {
        None => Arguments::command().print_help()?,
        Some(Command::Setup(options)) => setup::command(&options)?,
        Some(Command::Test(options)) => test::command(options)?,
        Some(Command::Ci) => ci::command()?,
        Some(Command::Bench(options)) => bench::command(&options)?,
        Some(Command::Quality(options)) => quality::command(&options)?,
        Some(Command::Mutations) => mutations::command()?,
        Some(Command::Faults(options)) => faults::command(&options)?,
        Some(Command::Fixtures(options)) => fixtures::command(&options)?,
        Some(Command::Digests(options)) => digests::command(&options)?,
        Some(Command::Doctor) => doctor::command()?,
        Some(Command::Program(words)) => {
            // A misspelt command is known before anything is installed or built.
            if let Some(word) = arguments::unknown_program(&words) {
                anyhow::bail!("`{word}` is not a command; `cargo xtask --help` lists the commands");
            }
            return binary::exec(&words);
        }
    }
    Ok(ExitCode::SUCCESS)
}
