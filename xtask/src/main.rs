//! `cargo xtask …`: sets LibTorch up, then builds, tests, benchmarks and runs tweedie.
//!
//! Knows nothing of LibTorch itself (no `tch` among its dependencies): it runs before LibTorch is there.

mod bench;
mod binary;
mod cargo;
mod ci;
mod digests;
mod doctor;
mod fixtures;
mod mutations;
mod quality;
mod setup;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND [ARGUMENTS]

The workspace:
  setup [--cuda|--cpu]  find or install LibTorch 2.11.0, so that every cargo command works
  test [FILTER …]       set up what is missing, run every test; --explore tries properties on fresh cases
  ci                    format, clippy, docs, tests: what a change must pass
  bench [FILTER]        run the benchmarks, write a table and a JSON, compare with the last run
  quality [--set …]     train small, sample, score; fail where a recorded bound is broken (some minutes)
  mutations             plant mistakes in the theory; fail where its laws do not see one (some minutes)
  fixtures [NAME]       list the golden values and the scripts that make them, or run one script
  digests [--write FILE] [--against FILE]
                        fingerprint what training, sampling and evaluation compute; fail where one differs
  doctor                what is there, what is missing, versions, devices

The program (set up, build in release, then run it in place of this command):
  train, sample, inspect, evaluate, runs, ema, data, completions …   see `cargo xtask train --help`, `cargo xtask --tweedie-help`
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    match command.as_str() {
        "help" | "--help" | "-h" => print!("{HELP}"),
        "setup" => setup::command(rest)?,
        "test" => test::command(rest)?,
        "ci" => ci::command(rest)?,
        "bench" => bench::command(rest)?,
        "digests" => digests::command(rest)?,
        "fixtures" => fixtures::command(rest)?,
        "quality" => quality::command(rest)?,
        "mutations" => mutations::command(rest)?,
        "doctor" => doctor::command(rest)?,
        "--tweedie-help" => return binary::exec(&["--help".to_string()]),
        _ => return binary::exec(arguments),
    }
    Ok(ExitCode::SUCCESS)
}
