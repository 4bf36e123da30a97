//! The choice of a precision, a memory order and a number of replicas, where a configuration or a flag leaves it open.
//!
//! The choice changes results only by rounding. [`Auto::Rule`] depends on the hardware alone. [`Auto::Measured`] times a few evaluations
//! or steps of each mode, of which the timed rounds take about a second. The choice is remembered for the machine, the network and the batch, so that the
//! same command gives the same result again.

mod inference;
mod race;
mod remembered;
mod training;

pub(crate) use inference::prepare as prepare_for_inference;
pub(crate) use training::trainer_of;

use race::Race;
use remembered::{Case, Measurement, recall, remember};
use std::path::{Path, PathBuf};
use tweedie_torch::share_of_threads;
use tweedie_training::Replicas;

/// How a mode of computation is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Auto {
    /// By properties of the hardware: bf16 if it has instructions for it, and the memory order N, H, W, C on a CPU.
    #[default]
    Rule,
    /// By measurement.
    Measured {
        /// The file of remembered measurements, JSON.
        file: PathBuf,
    },
}

/// A chosen mode.
struct Chosen {
    index: usize,
    /// The measured times as text.
    reason: String,
}

/// The fastest mode of a case: the remembered one, otherwise by measurement. `run` computes a number of examples in a mode and returns its
/// seconds. `None` if a single example takes too long to measure.
///
/// # Errors
/// Those of `run`.
fn fastest<E>(
    file: &Path,
    case: &Case,
    mut run: impl FnMut(usize, usize) -> Result<f64, E>,
) -> Result<Option<Chosen>, E> {
    if let Some(known) = recall(file, case) {
        return Ok(Some(Chosen { index: known.chosen, reason: known.to_string() }));
    }
    let Some(race) = Race::of(case.modes.len(), case.batch, &mut run)? else { return Ok(None) };
    let per_example = |seconds: f64| 1e3 * seconds / race.examples as f64;
    let milliseconds = race.seconds.iter().map(|seconds| seconds.map(per_example)).collect();
    let measurement =
        Measurement { case: case.clone(), examples: race.examples, milliseconds, chosen: race.winner() };
    let chosen = Chosen { index: measurement.chosen, reason: measurement.to_string() };
    remember(file, measurement);
    Ok(Some(chosen))
}

/// The numbers of replicas to choose from for a batch: 1, and powers of two up to the number of threads, with at least two examples each.
fn numbers_of_replicas(batch: usize) -> Vec<usize> {
    let most = usize::from(share_of_threads(1)).min(batch / 2).min(Replicas::MOST);
    (0..).map(|power| 1 << power).take_while(|n| *n == 1 || *n <= most).collect()
}

/// A number of replicas as text.
fn named(n: usize) -> String {
    format!("{n} {}", if n == 1 { "replica" } else { "replicas" })
}

/// The reason for the choice by the hardware if a measurement takes too long.
fn unmeasured() -> String {
    "by the hardware, because one example takes too long to be measured".into()
}
