//! The training loop.

use crate::checkpoint::{Checkpoint, CheckpointWriter, Keep};
use crate::held_out::held_out_loss;
use crate::loop_memory::{Stopwatch, Sums};
use crate::{Error, Learner, LogState, LoopMemory, Run, Tick, Trainer, TrainingConfig};
use std::collections::BTreeSet;
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
    let loader = Loader::with(data, config.seed, config.batch, trainer.images(), config.flip, prepare)?;
    let mut training = Training {
        sheet: if preview.is_some() { config.report.sheet } else { 0 },
        stopwatch: Stopwatch::new(memory.seconds),
        writer: CheckpointWriter::default(),
        go: progress.on(&Event::Begin { task: "training", unit: "images", total: config.images }),
        warned: BTreeSet::new(),
        loader,
        held_out,
        identity,
        config,
        memory,
        preview,
        trainer,
        run,
        progress,
    };
    let mut result = training.catch_up();
    while result.is_ok() && training.trainer.images() < training.config.images && training.go.is_continue() {
        result = training.step();
    }
    let saved = match &result {
        // The weights are not worth keeping, or the folder is not ours.
        Err(Error::Diverged { .. } | Error::Moved { .. }) => training.writer.wait().map(|_| ()),
        // The update was interrupted by an error.
        _ if !training.trainer.is_whole() => training.writer.wait().map(|_| ()),
        _ => training.save(),
    };
    let _ = training.progress.on(&Event::End);
    result.and(saved)?;
    Ok(if training.trainer.images() >= training.config.images {
        Ending::Finished
    } else {
        Ending::Interrupted
    })
}

/// A training in progress.
struct Training<'a, L: Learner> {
    trainer: &'a mut Trainer<L>,
    run: &'a mut Run,
    preview: Option<&'a dyn Preview<L>>,
    progress: &'a mut dyn Progress,
    loader: Loader<L::Batch>,
    held_out: Option<Arc<dyn Dataset>>,
    identity: DataIdentity,
    config: TrainingConfig,
    memory: LoopMemory,
    /// The interval between sheets; 0 for none.
    sheet: u64,
    stopwatch: Stopwatch,
    writer: CheckpointWriter,
    /// The answer of the progress to the events so far: a break is kept.
    go: ControlFlow<()>,
    /// The kinds of outputs of which a failure was reported.
    warned: BTreeSet<&'static str>,
}

/// Whether a multiple of `every` lies between two numbers of images; never for 0.
fn due(every: u64, before: u64, now: u64) -> bool {
    every > 0 && before / every != now / every
}

impl<L: Learner> Training<'_, L> {
    /// Stores the averages that were due when the resumed checkpoint was written, if that failed then.
    fn catch_up(&mut self) -> Result<(), Error> {
        let now = self.trainer.images();
        let before = now.saturating_sub(self.config.batch as u64);
        let stores =
            !self.config.posthoc_ema.std.is_empty() && due(self.config.posthoc_ema.every, before, now);
        if stores && !self.run.has_averages(now) { self.run.store_averages(self.trainer) } else { Ok(()) }
    }

    /// Makes one update and everything that is due after it.
    fn step(&mut self) -> Result<(), Error> {
        let before = self.trainer.images();
        let batch = self.loader.next_batch()?;
        let report = self.trainer.step(&batch)?;
        if let Some(complaint) = self.memory.watch.complaint(&report) {
            return Err(self.diverged(self.trainer.steps() + 1, report.loss, complaint));
        }
        let now = self.trainer.images();
        self.go = self.progress.on(&Event::Step { done: now as f64, figure: Some(("loss", report.loss)) });
        self.memory.sums.add(&report);
        self.stopwatch.add((now - before) as usize);
        let last = now >= self.config.images;
        let report = self.config.report.clone();
        if report.held_out > 0 && (due(report.held_out, before, now) || last) {
            self.measure_held_out()?;
        }
        if due(report.tick, before, now) || last {
            self.tick(last)?;
        }
        if self.sheet > 0 && (due(self.sheet, before, now) || last) {
            self.draw_sheet();
        }
        let stores = !self.config.posthoc_ema.std.is_empty();
        if stores && (due(self.config.posthoc_ema.every, before, now) || last) {
            self.stopwatch.pause(|| self.run.store_averages(self.trainer))?;
        }
        if due(report.checkpoint, before, now) && !last {
            self.memory.seconds = self.stopwatch.seconds();
            self.checkpoint(true)?;
        }
        let written = self.writer.finished()?;
        self.announce("checkpoint", written);
        Ok(())
    }

    fn measure_held_out(&mut self) -> Result<(), Error> {
        let Some(held_out) = &self.held_out else { return Ok(()) };
        let n = self.config.report.held_out_images;
        let measured = self.stopwatch.pause(|| held_out_loss(self.trainer, held_out.as_ref(), n))?;
        if let Some(loss) = [measured.raw, measured.averaged].into_iter().find(|loss| !loss.is_finite()) {
            let complaint = "this is the loss on held-out examples";
            return Err(self.diverged(self.trainer.steps(), loss, complaint));
        }
        self.memory.held_out = Some(measured);
        Ok(())
    }

    fn tick(&mut self, last: bool) -> Result<(), Error> {
        self.run.check_place()?;
        let tick = self.memory.tick(&mut self.stopwatch, self.trainer);
        let recorded = self.run.record(&tick);
        self.warn("the log metrics.jsonl", recorded);
        let drawn = self.run.illustrate(&tick, last);
        self.warn("the plot of the loss or the log of TensorBoard", drawn);
        let answer = self.progress.on(&Event::Figures { done: tick.images, values: &figures(&tick) });
        join(&mut self.go, answer);
        (self.memory.sums, self.memory.held_out) = (Sums::default(), None);
        self.stopwatch.begin();
        Ok(())
    }

    fn draw_sheet(&mut self) {
        let Some(preview) = self.preview else { return };
        let drawn = self.stopwatch.pause(|| self.run.draw_sheet(self.trainer, preview));
        let sheet = drawn.is_ok().then(|| self.run.sheet(self.trainer.images()));
        self.warn("the sheet of samples", drawn);
        self.announce("sheet", sheet);
        let renewed = self.stopwatch.pause(|| self.run.renew_page());
        self.warn("the page of the run", renewed);
    }

    /// Reports the failure of an output on which training does not depend, once per output.
    fn warn(&mut self, what: &'static str, result: Result<(), Error>) {
        if let Err(error) = result
            && self.warned.insert(what)
        {
            let text = format!("{what} could not be written, and the training continues: {error}");
            let answer = self.progress.on(&Event::Message(&text));
            join(&mut self.go, answer);
        }
    }

    fn announce(&mut self, what: &'static str, written: Option<PathBuf>) {
        if let Some(path) = written.as_deref() {
            let answer = self.progress.on(&Event::Wrote { what, path });
            join(&mut self.go, answer);
        }
    }

    /// Begins to write a checkpoint.
    fn checkpoint(&mut self, scheduled: bool) -> Result<(), Error> {
        self.run.check_place()?;
        let log = self.run.log_state();
        let checkpoint =
            self.stopwatch.pause(|| capture(self.trainer, &self.identity, &self.memory, scheduled, log))?;
        // The log is on the disk before a checkpoint that refers to it, unless it cannot be written.
        let synced = self.run.sync();
        self.warn("the log metrics.jsonl", synced);
        let target = self.run.checkpoint(self.trainer.images());
        let written = self.writer.start(checkpoint, target, Keep::of(&self.config))?;
        self.announce("checkpoint", written);
        Ok(())
    }

    /// Saves what was learned so far, unless the newest checkpoint holds it.
    fn save(&mut self) -> Result<(), Error> {
        self.memory.seconds = self.stopwatch.seconds();
        let images = self.trainer.images();
        // An earlier checkpoint that could not be written does not keep this one from being written.
        let earlier = self.writer.wait().map(|written| self.announce("checkpoint", written));
        if self.run.newest_checkpoint()?.is_none_or(|(newest, _)| newest != images) {
            self.checkpoint(images >= self.config.images)?;
            let written = self.writer.wait()?;
            self.announce("checkpoint", written);
        }
        let written = self.run.finish_illustrations();
        self.warn("the page of the run", written);
        earlier.and(self.run.sync())
    }

    fn diverged(&mut self, step: u64, loss: f64, complaint: &str) -> Error {
        // The newest checkpoint is named, so that its writing must have ended.
        let _ = self.writer.wait();
        let newest = self.run.newest_checkpoint().ok().flatten();
        let kept = newest.map_or("no checkpoint was written yet".into(), |(_, path)| {
            format!("the last good checkpoint is {}", path.display())
        });
        Error::Diverged {
            step,
            images: self.trainer.images(),
            loss,
            advice: format!(
                "{complaint}; {kept}. A lower training.optimizer.learning_rate or precision = \"f32\" may help"
            ),
        }
    }
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

/// Adds a summary of the training to the model and captures a checkpoint.
fn capture<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &DataIdentity,
    memory: &LoopMemory,
    scheduled: bool,
    log: LogState,
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
    Checkpoint::capture(trainer, data, memory.clone(), scheduled, log)
}
