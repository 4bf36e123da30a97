//! What a training will take: measured on a few steps of a small batch, and counted.

use super::RunConfig;
use crate::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tch::Device;
use tweedie_data::Loader;
use tweedie_math::DataShape;
use tweedie_torch::Precision;
use tweedie_training::{Clock, Learner, Trainer, TrainingConfig, TrainingData};

/// Examples in the first step that is timed.
const FIRST: usize = 8;

/// A whole batch is timed where it is expected to take no longer than this.
const PATIENCE: f64 = 5.0;

/// Weights, gradients, average, two moments: five numbers of four bytes for each parameter, and the stored averages.
const KEPT: f64 = 20.0;

/// Examples by which the loader is timed.
const LOADED: usize = 512;

/// What a training will take.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The data set's name, its size and its shape.
    pub data: (String, Option<u64>, DataShape),
    /// How many numbers training changes.
    pub n_trained: usize,
    /// Floating-point operations of one example's forward pass.
    pub flops: f64,
    /// The device.
    pub device: Device,
    /// The precision and the reason for it.
    pub precision: (Precision, String),
    /// MiB that weights, gradients, averages and moments take.
    pub kept_mib: f64,
    /// MiB that one batch takes beside.
    pub batch_mib: f64,
    /// Examples in the part of a batch that is computed at once.
    pub micro: usize,
    /// Examples a second that the loader makes by itself.
    pub loaded: f64,
    /// Examples of the step that was timed, and seconds for each.
    pub step: (usize, f64),
    /// Images of the training.
    pub images: u64,
}

impl Estimate {
    /// Measures a learner, which is dropped.
    pub(super) fn of<L: Learner>(
        learner: L,
        config: &RunConfig,
        data: &TrainingData,
        precision: (Precision, String),
    ) -> Result<Self, Error> {
        let shown = data.shown.as_ref();
        let (device, n_trained) = (learner.backbone().device(), learner.backbone().n_trained());
        let flops = learner.backbone().network().plan().flops();
        // First, while nothing is in memory yet.
        let loaded = loaded_per_second(data)?;
        let micro = config.training.batch / config.training.accumulate.max(1);
        let whole = TrainingConfig { accumulate: 1, ..config.training.clone() };
        let mut trainer = Trainer::new(learner, whole, precision.0)?;
        let before = Clock::memory_mib();
        let mut n = FIRST.min(micro);
        // The first step also makes what later ones find: kernels, threads, memory.
        step_time(&mut trainer, data, n)?;
        let mut seconds = step_time(&mut trainer, data, n)?;
        if seconds / n as f64 * micro as f64 <= PATIENCE {
            n = micro;
            seconds = step_time(&mut trainer, data, n)?;
        }
        let kept = KEPT + 4.0 * config.training.posthoc_ema.std.len() as f64;
        Ok(Self {
            data: (shown.name(), shown.len(), shown.shape()),
            n_trained,
            flops,
            device,
            precision,
            kept_mib: kept * n_trained as f64 / (1 << 20) as f64,
            batch_mib: (Clock::peak_memory_mib() - before).max(0.0) * micro as f64 / n as f64,
            micro,
            loaded,
            step: (n, seconds / n as f64),
            images: config.training.images,
        })
    }
}

/// How long an update from so many examples at once takes, in seconds.
fn step_time<L: Learner>(trainer: &mut Trainer<L>, data: &TrainingData, n: usize) -> Result<f64, Error> {
    let batch = Loader::new(Arc::clone(&data.shown), 0, n, 0, false)?.next_batch()?;
    let batch = trainer.prepare(batch)?;
    let began = Instant::now();
    trainer.step(&batch)?;
    Ok(began.elapsed().as_secs_f64())
}

/// How many examples a second the loader makes by itself.
fn loaded_per_second(data: &TrainingData) -> Result<f64, Error> {
    // No example twice: the second time it lies in memory.
    let n = data.shown.len().map_or(LOADED, |len| len.min(LOADED as u64) as usize);
    let batch = n.min(32);
    let began = Instant::now();
    let mut loader = Loader::new(Arc::clone(&data.shown), 1, batch, 0, false)?;
    for _ in 0..n / batch {
        loader.next_batch()?;
    }
    Ok((n / batch * batch) as f64 / began.elapsed().as_secs_f64())
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, len, shape) = &self.data;
        let count = len.map_or("without end".into(), |len| format!("{len} examples"));
        writeln!(f, "data: {name} ({count}), {shape}")?;
        writeln!(
            f,
            "parameters: {:.2} M, {:.3} GFLOP for an example's forward pass; computed on {:?} in {} ({})",
            self.n_trained as f64 / 1e6,
            self.flops / 1e9,
            self.device,
            self.precision.0.name(),
            self.precision.1
        )?;
        writeln!(
            f,
            "memory: about {:.0} MiB kept, about {:.0} MiB more at a batch of {}",
            self.kept_mib, self.batch_mib, self.micro
        )?;
        writeln!(f, "loader: {:.0} images a second by itself, each for the first time", self.loaded)?;
        let (n, each) = self.step;
        let hours = each * self.images as f64 / 3600.0;
        let time = if hours < 1.0 {
            format!("{:.0} minutes", (60.0 * hours).ceil())
        } else {
            format!("{hours:.1} hours")
        };
        write!(
            f,
            "time: about {time} for {} images at {:.0} a second, as a step of {n} just took",
            self.images,
            1.0 / each
        )
    }
}
