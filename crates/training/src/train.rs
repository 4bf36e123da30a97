//! The training loop.

use crate::checkpoint::{Checkpoint, CheckpointWriter, Keep};
use crate::held_out::held_out_loss;
use crate::loop_memory::{Stopwatch, Sums};
use crate::{Error, Learner, LoopMemory, Run, Tick, Trainer};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use tweedie_data::{DataIdentity, Dataset, Loader};
use tweedie_models::TrainingSummary;
use tweedie_report::{Canvas, Event, Progress};

/// Samples from a learner during training, for the sheets in a run's folder.
pub trait Preview<L> {
    /// A sheet of samples of the learner, which holds its averaged weights. Every call starts from the same noise.
    ///
    /// # Errors
    /// Errors returned by the sampler.
    fn draw(&self, learner: &L) -> Result<Canvas, Box<dyn std::error::Error + Send + Sync>>;

    /// A description of how the sheet is sampled, which is stored in the image file.
    fn caption(&self) -> String;
}

/// The data sets of a training run.
#[derive(Clone)]
pub struct TrainingData {
    /// The training examples.
    pub shown: Arc<dyn Dataset>,
    /// The held-out examples, if any.
    pub held_out: Option<Arc<dyn Dataset>>,
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All images were seen.
    Finished,
    /// A stop was requested. The last step was completed and saved.
    Interrupted,
}

/// Trains until all images are seen or `progress` returns a break, then saves a checkpoint.
///
/// `memory` is the state of a resumed run, or the default. `preview` samples the sheets of `training.report.sheet`.
///
/// # Errors
/// [`Error::Diverged`] if the loss is not finite or explodes; the last good checkpoint is kept. Other errors come from the data, the model
/// or the file system.
pub fn train<L: Learner>(
    trainer: &mut Trainer<L>,
    data: TrainingData,
    run: &mut Run,
    memory: LoopMemory,
    preview: Option<&dyn Preview<L>>,
    progress: &mut dyn Progress,
) -> Result<Ending, Error> {
    let config = trainer.config().clone();
    let TrainingData { shown: data, held_out } = data;
    let identity = DataIdentity::of(data.as_ref());
    let prepare = trainer.model().preparation(&config);
    let prepare = move |batch| prepare(batch).map_err(|error| tweedie_data::Error::Prepare(error.into()));
    let mut loader = Loader::with(data, config.seed, config.batch, trainer.images(), config.flip, prepare)?;
    let mut stopwatch = Stopwatch::new(memory.seconds);
    let mut memory = memory;
    let mut writer = CheckpointWriter::default();
    let keep = Keep::of(&config);
    let sheet = if preview.is_some() { config.report.sheet } else { 0 };
    let due = |every: u64, before: u64, now: u64| every > 0 && before / every != now / every;
    let mut go = progress.on(&Event::Begin { task: "training", unit: "images", total: config.images });
    let mut failure = None;
    while trainer.images() < config.images && go.is_continue() {
        let before = trainer.images();
        let batch = match loader.next_batch() {
            Ok(batch) => batch,
            Err(error) => {
                failure = Some(Error::from(error));
                break;
            }
        };
        let report = trainer.step(&batch)?;
        if let Some(complaint) = memory.watch.complaint(&report) {
            writer.wait()?;
            let step = trainer.steps() + 1;
            return Err(diverged(trainer, run, step, report.loss, complaint));
        }
        let now = trainer.images();
        go = progress.on(&Event::Step { done: now as f64, figure: Some(("loss", report.loss)) });
        memory.sums.add(&report);
        stopwatch.add((now - before) as usize);
        let last = now >= config.images;
        if let Some(held_out) = &held_out
            && (due(config.report.held_out, before, now) || (last && config.report.held_out > 0))
        {
            let n = config.report.held_out_images;
            let measured = match stopwatch.pause(|| held_out_loss(trainer, held_out.as_ref(), n)) {
                Err(error @ Error::Data(_)) => {
                    failure = Some(error);
                    break;
                }
                measured => measured?,
            };
            if let Some(loss) = [measured.raw, measured.averaged].into_iter().find(|loss| !loss.is_finite()) {
                writer.wait()?;
                let complaint = "this is the loss on held-out examples";
                return Err(diverged(trainer, run, trainer.steps(), loss, complaint));
            }
            memory.held_out = Some(measured);
        }
        if due(config.report.tick, before, now) || last {
            let tick = memory.tick(&mut stopwatch, trainer);
            run.record(&tick)?;
            join(&mut go, progress.on(&Event::Figures { done: now, values: &figures(&tick) }));
            (memory.sums, memory.held_out) = (Sums::default(), None);
            stopwatch.begin();
        }
        if let Some(preview) = preview.filter(|_| due(sheet, before, now) || (last && sheet > 0)) {
            stopwatch.pause(|| run.draw_sheet(trainer, preview).and_then(|()| run.write_page()))?;
            join(&mut go, announce("sheet", Some(run.sheet(now)), progress));
        }
        let stores = !config.posthoc_ema.std.is_empty();
        if stores && (due(config.posthoc_ema.every, before, now) || last) {
            stopwatch.pause(|| run.store_averages(trainer))?;
        }
        if due(config.report.checkpoint, before, now) && !last {
            memory.seconds = stopwatch.seconds();
            let checkpoint = stopwatch.pause(|| capture(trainer, &identity, &memory, true))?;
            run.sync()?;
            let written = writer.start(checkpoint, run.checkpoint(now), keep)?;
            join(&mut go, announce("checkpoint", written, progress));
        }
        join(&mut go, announce("checkpoint", writer.finished()?, progress));
    }
    memory.seconds = stopwatch.seconds();
    let saved = save(trainer, run, &identity, &memory, &mut writer, progress);
    let _ = progress.on(&Event::End);
    match failure {
        Some(error) => Err(error),
        None => saved
            .map(|()| if trainer.images() >= config.images { Ending::Finished } else { Ending::Interrupted }),
    }
}

/// Saves what was learned so far, unless the newest checkpoint holds it.
fn save<L: Learner>(
    trainer: &mut Trainer<L>,
    run: &Run,
    identity: &DataIdentity,
    memory: &LoopMemory,
    writer: &mut CheckpointWriter,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let (images, scheduled) = (trainer.images(), trainer.images() >= trainer.config().images);
    let keep = Keep::of(trainer.config());
    let _ = announce("checkpoint", writer.wait()?, progress);
    if run.newest_checkpoint()?.is_none_or(|(newest, _)| newest != images) {
        let checkpoint = capture(trainer, identity, memory, scheduled)?;
        run.sync()?;
        writer.start(checkpoint, run.checkpoint(images), keep)?;
        let _ = announce("checkpoint", writer.wait()?, progress);
    }
    run.write_page()
}

/// Combines two answers of a progress: a break is kept.
fn join(go: &mut ControlFlow<()>, more: ControlFlow<()>) {
    if more.is_break() {
        *go = more;
    }
}

/// The metrics of a tick that are shown in a status line.
fn figures(tick: &Tick) -> Vec<(&'static str, f64)> {
    let mut values = vec![
        ("loss", tick.loss),
        ("gradient_norm", tick.gradient_norm),
        ("learning_rate", tick.learning_rate),
        ("images_per_second", tick.clock.images_per_second),
        ("memory_mib", tick.clock.memory_mib),
        ("seconds", tick.clock.seconds),
        ("eta_seconds", tick.clock.eta_seconds),
    ];
    let accuracy = tick.held_out.as_ref().and_then(|held_out| held_out.accuracy);
    values.extend(accuracy.map(|share| ("accuracy", share.averaged)));
    values
}

fn announce(what: &'static str, written: Option<PathBuf>, progress: &mut dyn Progress) -> ControlFlow<()> {
    match written.as_deref() {
        Some(path) => progress.on(&Event::Wrote { what, path }),
        None => ControlFlow::Continue(()),
    }
}

/// Adds a summary of the training to the model and captures a checkpoint.
fn capture<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &DataIdentity,
    memory: &LoopMemory,
    scheduled: bool,
) -> Result<Checkpoint, Error> {
    let precision = trainer.model().backbone().pass().precision.name().to_string();
    let summary = TrainingSummary {
        data: data.name.clone(),
        images: trainer.images(),
        steps: trainer.steps(),
        seed: trainer.config().seed,
        loss: memory.watch.mean,
        precision,
    };
    trainer.model_mut().backbone_mut().about_mut().training = Some(summary);
    Checkpoint::capture(trainer, data, memory.clone(), scheduled)
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
