//! Estimates of the time and memory of a training, from measurements of a few steps and from counts.

use super::RunConfig;
use super::memory::kept_bytes;
use super::warm::warm_seconds;
use crate::Error;
use crate::auto::{Auto, trainer_of};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tch::Device;
use tweedie_data::Loader;
use tweedie_math::DataShape;
use tweedie_training::{Clock, Environment, Learner, Mode, Trainer, TrainingConfig, TrainingData};

/// The number of examples in the first timed step.
const FIRST: usize = 8;

/// Whole batches are timed only if one is expected to take at most this many seconds.
const PATIENCE: f64 = 5.0;

/// The number of examples for timing the loader.
const LOADED: usize = 512;

/// An estimate of the time and memory of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The name, the number of examples (`None` for endless sets) and the shape of the data set.
    pub data: (String, Option<u64>, DataShape),
    /// The number of trained parameters.
    pub n_trained: usize,
    /// The number of floating-point operations of the forward pass of one example.
    pub flops: f64,
    /// The device.
    pub device: Device,
    /// The precision and the memory order.
    pub mode: Mode,
    /// The reason for the mode.
    pub reason: String,
    /// The memory for weights, gradients, averages and moments, in MiB.
    pub kept_mib: f64,
    /// The additional memory for one batch, in MiB.
    pub batch_mib: f64,
    /// The number of examples in the part of a batch that is computed at once.
    pub micro: usize,
    /// The speed of the loader alone, in examples per second.
    pub loaded: f64,
    /// The number of examples in the timed steps, and the seconds per example: the median of several steps after a warm-up.
    pub step: (usize, f64),
    /// The number of images of the training.
    pub images: u64,
}

impl Estimate {
    /// Measures a learner and drops it.
    pub(super) fn of<L: Learner>(
        learner: L,
        config: &RunConfig,
        data: &TrainingData,
        before: Option<&Environment>,
        auto: &Auto,
    ) -> Result<Self, Error> {
        let shown = data.shown.as_ref();
        let (device, n_trained) = (learner.backbone().device(), learner.backbone().n_trained());
        let flops = learner.backbone().network().plan().flops();
        // The loader is timed first, before any example is cached.
        let loaded = loaded_per_second(data)?;
        let micro = config.training.batch / config.training.accumulate.max(1);
        let part = TrainingConfig { accumulate: 1, batch: micro, ..config.training.clone() };
        let (mut trainer, reason) = trainer_of(learner, part, shown, before, auto)?;
        let before = Clock::memory_mib();
        let mut n = FIRST.min(micro);
        let batch = first_batch(&trainer, data, n)?;
        // The first step is not counted, because it also sets up kernels, threads and memory.
        step_time(&mut trainer, &batch)?;
        let few = step_time(&mut trainer, &batch)?;
        let batch = if few / n as f64 * micro as f64 <= PATIENCE {
            n = micro;
            first_batch(&trainer, data, n)?
        } else {
            batch
        };
        let seconds = warm_seconds(|| step_time(&mut trainer, &batch))?;
        Ok(Self {
            data: (shown.name(), shown.len(), shown.shape()),
            n_trained,
            flops,
            device,
            mode: trainer.mode(),
            reason,
            kept_mib: kept_bytes(&config.training, n_trained) / (1 << 20) as f64,
            batch_mib: (Clock::peak_memory_mib() - before).max(0.0) * micro as f64 / n as f64,
            micro,
            loaded,
            step: (n, seconds / n as f64),
            images: config.training.images,
        })
    }
}

/// The first `n` examples as a batch of the learner.
fn first_batch<L: Learner>(trainer: &Trainer<L>, data: &TrainingData, n: usize) -> Result<L::Batch, Error> {
    let examples = Loader::new(Arc::clone(&data.shown), 0, n, 0, false)?.next_batch()?;
    Ok(trainer.prepare(examples)?)
}

/// The time of one update with a batch, in seconds.
fn step_time<L: Learner>(trainer: &mut Trainer<L>, batch: &L::Batch) -> Result<f64, Error> {
    let began = Instant::now();
    trainer.step(batch)?;
    Ok(began.elapsed().as_secs_f64())
}

/// The speed of the loader alone, in examples per second.
fn loaded_per_second(data: &TrainingData) -> Result<f64, Error> {
    // No example is loaded twice, because the second time it would come from the cache.
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
        let count = len.map_or("unlimited".into(), |len| format!("{len} examples"));
        writeln!(f, "data: {name} ({count}), {shape}")?;
        writeln!(
            f,
            "parameters: {:.2} M, {:.3} GFLOP for the forward pass of one example; computed on {:?} in {} ({})",
            self.n_trained as f64 / 1e6,
            self.flops / 1e9,
            self.device,
            self.mode.precision.name(),
            self.reason
        )?;
        writeln!(
            f,
            "memory: about {:.0} MiB kept, about {:.0} MiB more for a batch of {}",
            self.kept_mib, self.batch_mib, self.micro
        )?;
        writeln!(
            f,
            "loader: {:.0} images per second by itself, as the training will load them",
            self.loaded
        )?;
        let (n, each) = self.step;
        let hours = each * self.images as f64 / 3600.0;
        let time = if hours < 1.0 {
            format!("{:.0} minutes", (60.0 * hours).ceil())
        } else {
            format!("{hours:.1} hours")
        };
        write!(
            f,
            "time: about {time} for {} images at {:.0} images per second, the median of warm steps of {n} images",
            self.images,
            1.0 / each
        )
    }
}
