//! The loop.

use crate::checkpoint::{Checkpoint, CheckpointWriter, Keep};
use crate::held_out::held_out_loss;
use crate::progress::{Stopwatch, Sums};
use crate::{Error, Learner, Progress, Run, StepReport, Tick, Trainer};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tweedie_data::{DataIdentity, Dataset, Loader};
use tweedie_models::TrainingSummary;

/// Who is told what happens.
pub trait Observer {
    /// The first step begins.
    fn begins(&mut self) {}

    /// After every step.
    fn step(&mut self, _images: u64, _report: &StepReport) {}

    /// After every stretch; the same numbers as in `metrics.jsonl`.
    fn tick(&mut self, _tick: &Tick) {}

    /// Something was written.
    fn wrote(&mut self, _what: &str, _path: &std::path::Path) {}
}

/// What is trained on, and what is not.
#[derive(Clone)]
pub struct TrainingData {
    /// Pictures to learn from.
    pub shown: Arc<dyn Dataset>,
    /// Pictures to measure on, where there are some.
    pub held_out: Option<Arc<dyn Dataset>>,
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All images were seen.
    Finished,
    /// It was asked to stop; the last step was finished and saved.
    Interrupted,
}

/// Trains until all images are seen or `stop` is set; then saves. A run that was resumed brings its `progress`.
///
/// # Errors
/// [`Error::Diverged`] names the step; the last good checkpoint is kept. What data, model or disk report.
pub fn train<L: Learner>(
    trainer: &mut Trainer<L>,
    data: TrainingData,
    run: &mut Run,
    progress: Progress,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, Error> {
    let config = trainer.config().clone();
    let TrainingData { shown: data, held_out } = data;
    let shape = data.shape().as_array();
    let identity = DataIdentity::of(data.as_ref());
    let mut loader = Loader::new(data, config.seed, config.batch, trainer.images(), config.flip)?;
    let mut stopwatch = Stopwatch::new(progress.seconds);
    let mut progress = progress;
    let mut writer = CheckpointWriter::default();
    let keep = Keep::of(&config);
    // A classifier draws nothing.
    let sheet = if trainer.model().denoiser().is_some() { config.report.sheet } else { 0 };
    let due = |every: u64, before: u64, now: u64| every > 0 && before / every != now / every;
    observer.begins();
    while trainer.images() < config.images && !stop.load(Ordering::Relaxed) {
        let before = trainer.images();
        let batch = loader.next_batch()?;
        let report = trainer.step(&batch)?;
        if let Some(complaint) = progress.watch.complaint(&report) {
            writer.wait()?;
            let step = trainer.steps() + 1;
            return Err(diverged(trainer, run, step, report.loss, complaint));
        }
        let now = trainer.images();
        observer.step(now, &report);
        progress.sums.add(&report);
        stopwatch.add(batch.n);
        let last = now >= config.images;
        if let Some(held_out) = &held_out
            && (due(config.report.held_out, before, now) || (last && config.report.held_out > 0))
        {
            let n = config.report.held_out_pictures;
            let measured = stopwatch.pause(|| held_out_loss(trainer, held_out.as_ref(), n))?;
            if let Some(loss) = [measured.raw, measured.averaged].into_iter().find(|loss| !loss.is_finite()) {
                writer.wait()?;
                let complaint = "that is the loss on held-out pictures";
                return Err(diverged(trainer, run, trainer.steps(), loss, complaint));
            }
            progress.held_out = Some(measured);
        }
        if due(config.report.tick, before, now) || last {
            let tick = progress.tick(&stopwatch, trainer);
            run.record(&tick)?;
            observer.tick(&tick);
            (progress.sums, progress.held_out) = (Sums::default(), None);
            stopwatch.begin();
        }
        if due(sheet, before, now) || (last && sheet > 0) {
            stopwatch.pause(|| run.draw_sheet(trainer, shape).and_then(|()| run.write_page()))?;
            observer.wrote("sheet", &run.sheet(now));
        }
        let stores = !config.posthoc_ema.std.is_empty();
        if stores && (due(config.posthoc_ema.every, before, now) || last) {
            stopwatch.pause(|| run.store_averages(trainer))?;
        }
        if due(config.report.checkpoint, before, now) && !last {
            progress.seconds = stopwatch.seconds();
            let checkpoint = stopwatch.pause(|| capture(trainer, &identity, &progress, true))?;
            run.sync()?;
            announce(writer.start(checkpoint, run.checkpoint(now), keep)?, observer);
        }
        announce(writer.finished()?, observer);
    }
    let images = trainer.images();
    announce(writer.wait()?, observer);
    if run.newest_checkpoint()?.is_none_or(|(newest, _)| newest != images) {
        progress.seconds = stopwatch.seconds();
        let checkpoint = capture(trainer, &identity, &progress, images >= config.images)?;
        run.sync()?;
        writer.start(checkpoint, run.checkpoint(images), keep)?;
        announce(writer.wait()?, observer);
    }
    run.write_page()?;
    Ok(if images >= config.images { Ending::Finished } else { Ending::Interrupted })
}

fn announce(written: Option<PathBuf>, observer: &mut dyn Observer) {
    if let Some(path) = written {
        observer.wrote("checkpoint", &path);
    }
}

/// A deep copy of everything that the checkpoint holds.
fn capture<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &DataIdentity,
    progress: &Progress,
    scheduled: bool,
) -> Result<Checkpoint, Error> {
    let precision = trainer.model().pass().precision.name().to_string();
    let summary = TrainingSummary {
        data: data.name.clone(),
        images: trainer.images(),
        steps: trainer.steps(),
        seed: trainer.config().seed,
        loss: progress.watch.mean,
        precision,
    };
    trainer.model_mut().set_summary(summary);
    Checkpoint::capture(trainer, data, progress.clone(), scheduled)
}

fn diverged<L: Learner>(trainer: &Trainer<L>, run: &Run, step: u64, loss: f64, complaint: &str) -> Error {
    let kept =
        run.newest_checkpoint().ok().flatten().map_or("no checkpoint was written yet".into(), |(_, path)| {
            format!("the last good checkpoint is {}", path.display())
        });
    Error::Diverged {
        step,
        images: trainer.images(),
        loss,
        advice: format!(
            "{complaint}; {kept}. A lower training.optimizer.learning_rate or precision = \"f32\" may help"
        ),
    }
}
