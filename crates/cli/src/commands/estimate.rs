//! What a training will take: measured on a step or two of a small batch, and counted.

use crate::config::RunConfig;
use std::time::Instant;
use tweedie_data::{Batch, Loader};
use tweedie_torch::Precision;
use tweedie_training::{Clock, Learner, Trainer, TrainingConfig, TrainingData};

/// Pictures in the first step that is timed.
const FIRST: usize = 8;

/// A whole batch is timed where it is expected to take no longer than this.
const PATIENCE: f64 = 5.0;

/// Weights, gradients, average, two moments: five numbers of four bytes for each parameter, and the stored averages.
const KEPT: f64 = 20.0;

/// Pictures by which the loader is timed.
const LOADED: usize = 512;

/// How long an update from so many pictures at once takes, in seconds.
fn step_time<L: Learner>(trainer: &mut Trainer<L>, data: &TrainingData, n: usize) -> anyhow::Result<f64> {
    let batch: Batch = Loader::new(std::sync::Arc::clone(&data.shown), 0, n, 0, false)?.next_batch()?;
    let began = Instant::now();
    trainer.step(&batch)?;
    Ok(began.elapsed().as_secs_f64())
}

/// How many pictures a second the loader makes by itself.
fn loaded_per_second(data: &TrainingData) -> anyhow::Result<f64> {
    // No picture twice: the second time it lies in memory.
    let n = data.shown.len().map_or(LOADED, |len| len.min(LOADED as u64) as usize);
    let batch = n.min(32);
    let began = Instant::now();
    let mut loader = Loader::new(std::sync::Arc::clone(&data.shown), 1, batch, 0, false)?;
    for _ in 0..n / batch {
        loader.next_batch()?;
    }
    Ok((n / batch * batch) as f64 / began.elapsed().as_secs_f64())
}

/// The lines, as comments of the configuration, from a few steps of a model that is not needed afterwards.
pub fn lines<L: Learner>(
    config: &RunConfig,
    data: &TrainingData,
    learner: L,
    (precision, reason): (Precision, &str),
) -> anyhow::Result<Vec<String>> {
    let shown = data.shown.as_ref();
    let device = learner.parameters().device();
    // First, while nothing is in memory yet.
    let load = loaded_per_second(data)?;
    let n_parameters = learner.parameters().n_trained() as f64;
    let micro = config.training.batch / config.training.accumulate.max(1);
    let whole = TrainingConfig { accumulate: 1, ..config.training.clone() };
    let mut trainer = Trainer::new(learner, whole, precision)?;
    let before = Clock::memory_mib();
    let mut n = FIRST.min(micro);
    // The first step also makes what later ones find: kernels, threads, memory.
    step_time(&mut trainer, data, n)?;
    let mut seconds = step_time(&mut trainer, data, n)?;
    if seconds / n as f64 * micro as f64 <= PATIENCE {
        n = micro;
        seconds = step_time(&mut trainer, data, n)?;
    }
    let per_image = seconds / n as f64;
    let activations = (Clock::peak_memory_mib() - before).max(0.0) * micro as f64 / n as f64;
    let kept = (KEPT + 4.0 * config.training.posthoc_ema.std.len() as f64) * n_parameters / (1 << 20) as f64;
    let hours = per_image * config.training.images as f64 / 3600.0;
    let time = if hours < 1.0 {
        format!("{:.0} minutes", (60.0 * hours).ceil())
    } else {
        format!("{hours:.1} hours")
    };
    let count = shown.len().map_or("without end".into(), |len| format!("{len} pictures"));
    Ok(vec![
        format!("data: {} ({count}), {:?}", shown.name(), shown.shape().as_array()),
        format!(
            "parameters: {:.2} M; computed on {device:?} in {} ({reason})",
            n_parameters / 1e6,
            precision.name()
        ),
        format!("memory: about {kept:.0} MiB kept, about {activations:.0} MiB more at a batch of {micro}"),
        format!("loader: {load:.0} images a second by itself, each for the first time"),
        format!(
            "time: about {time} for {} images at {:.0} a second, as a step of {n} just took",
            config.training.images,
            1.0 / per_image
        ),
    ])
}
