//! Compares two builds of `measure`, in turn, and fails if the second is slower than a margin allows.

use anyhow::{Result, bail};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::Command;
use tweedie_benches::contender::{Contender, in_turn};
use tweedie_benches::{config_file, ddpm_network, ratio, small_network};
use tweedie_networks::UNetConfig;

/// Compares the speed of two builds in turn.
#[derive(Debug, Parser)]
#[command(name = "against", bin_name = "cargo xtask bench --against REV")]
struct Options {
    /// The program `measure` of the other revision.
    before: PathBuf,
    /// The program `measure` of this one.
    after: PathBuf,
    /// The loss of speed that is allowed, as a share.
    #[arg(long, default_value_t = 0.05)]
    margin: f64,
    /// The number of rounds.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(5..=1000))]
    rounds: u16,
    /// Threads of both programs.
    #[arg(long, default_value_t = 2)]
    threads: u16,
}

/// A measurement: its name, network, batch, mode, precision and steps in a round.
type Case<'a> = (&'a str, &'a UNetConfig, usize, &'a str, &'static str, usize);

fn main() -> Result<()> {
    let options = Options::parse();
    let (small, ddpm) = (small_network(), ddpm_network());
    let cases: [Case<'_>; 7] = [
        ("shapes, sampling", &small, 64, "sample", "f32", 4),
        ("shapes, sampling", &small, 64, "sample", "bf16", 6),
        ("shapes, training", &small, 64, "train", "f32", 4),
        ("shapes, training", &small, 64, "train", "bf16", 6),
        ("shapes, bound of one image", &small, 64, "likelihood", "f32", 1),
        ("ddpm, sampling", &ddpm, 1, "sample", "f32", 4),
        ("ddpm, sampling", &ddpm, 1, "sample", "bf16", 6),
    ];
    println!("{:<28} {:<10} {:>24}", "", "precision", "speed after/before");
    let mut slower = Vec::new();
    for (name, network, batch, mode, precision, steps) in cases {
        let config = config_file(network)?;
        let command = |program: &Path| {
            let mut command = Command::new(program);
            command.arg("--config").arg(config.path()).arg("--serve");
            command.args(["--batch", &batch.to_string(), "--mode", mode, "--precision", precision]);
            command.args([
                "--steps",
                &steps.to_string(),
                "--warmup",
                "1",
                "--threads",
                &options.threads.to_string(),
            ]);
            command
        };
        let before = Contender::start("before", precision, command(&options.before))?;
        let after = Contender::start("after", precision, command(&options.after))?;
        let mut both = [before, after];
        in_turn(&mut both, options.rounds)?;
        let speed = ratio(&both[0].rounds, &both[1].rounds);
        let is_slower = speed.high < 1.0 - options.margin;
        let verdict = if is_slower { "  SLOWER" } else { "" };
        println!(
            "{name:<28} {precision:<10} {:>8.3} ({:.3} … {:.3}){verdict}",
            speed.median, speed.low, speed.high
        );
        if is_slower {
            slower.push(format!("{name} in {precision}"));
        }
    }
    if !slower.is_empty() {
        bail!("slower by more than {} %: {}", 100.0 * options.margin, slower.join(", "));
    }
    println!("nothing is slower by more than {} %, with a confidence of 95 %", 100.0 * options.margin);
    Ok(())
}
