//! `cargo xtask faults`: disturbs small trainings and checks that each is resumed bit for bit.

use crate::arguments::Faults as Options;
use crate::cargo;
use anyhow::{Context, Result, bail};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tweedie_testing::faults::{Budget, Campaign, Kind};

/// Carries out the campaign. Returns an error if a trial failed.
pub fn command(options: &Options) -> Result<()> {
    let binary = cargo::tweedie(options.binary.as_deref())?;
    let target = cargo::release_folder()?;
    let scratch = target.parent().context("the target folder has no parent")?.join("faults");
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = options.seed.unwrap_or_else(clock);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let time = Duration::try_from_secs_f64(60.0 * options.minutes).context("--minutes")?;
    let campaign = Campaign {
        binary,
        scratch: scratch.clone(),
        seed,
        kinds: options.only.map_or(Kind::ALL.to_vec(), |kind| vec![kind]),
        budget: options.trial.map_or(Budget::Time(time), Budget::One),
        jobs: options.jobs.unwrap_or(cores),
    };
    println!("the seed is {seed}");
    let report = campaign.run(&|line| println!("{line}")).map_err(anyhow::Error::msg)?;
    println!("\n{report}");
    if report.failures.is_empty() {
        return Ok(());
    }
    bail!("{}; the files of failed trials are in {}", report.summary(), scratch.join("trials").display())
}
