//! The loop.

use crate::run::failed;
use crate::{Error, Run, StepReport, Tick, Trainer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tweedie_data::{Dataset, Loader};
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

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All images were seen.
    Finished,
    /// It was asked to stop; the last step was finished and saved.
    Interrupted,
}

/// A loss so many times its least running mean, for so many steps in a row, has exploded.
const EXPLOSION: (f64, u32) = (100.0, 20);

/// Trains until all images are seen or `stop` is set; then saves.
///
/// # Errors
/// [`Error::Diverged`] names the step; the last good checkpoint is kept. What data, model or disk report.
pub fn train(
    trainer: &mut Trainer,
    data: Arc<dyn Dataset>,
    run: &mut Run,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Ending, Error> {
    let config = trainer.config().clone();
    let shape = data.shape().as_array();
    let name = data.name();
    let mut loader = Loader::new(data, config.seed, config.batch, trainer.images(), config.flip)?;
    let mut stretch = Stretch::new();
    let mut watch = Watch::default();
    let due = |every: u64, before: u64, now: u64| every > 0 && before / every != now / every;
    observer.begins();
    while trainer.images() < config.images && !stop.load(Ordering::Relaxed) {
        let before = trainer.images();
        let batch = loader.next_batch()?;
        let report = trainer.step(&batch)?;
        if let Some(complaint) = watch.complaint(&report) {
            return Err(diverged(trainer, run, &report, complaint));
        }
        let now = trainer.images();
        observer.step(now, &report);
        stretch.add(&report, batch.n);
        let last = now >= config.images;
        if due(config.report.tick, before, now) || last {
            let tick = stretch.tick(trainer);
            run.record(&tick)?;
            observer.tick(&tick);
            stretch.begin();
        }
        if due(config.report.sheet, before, now) && !last {
            stretch.pause(|| run.draw_sheet(trainer, shape))?;
            observer.wrote("sheet", &run.sheet(now));
        }
        if due(config.report.checkpoint, before, now) && !last {
            stretch.pause(|| save(trainer, run, &name, watch.mean))?;
            observer.wrote("checkpoint", &run.checkpoint(now));
        }
    }
    let images = trainer.images();
    save(trainer, run, &name, watch.mean)?;
    observer.wrote("checkpoint", &run.checkpoint(images));
    let finished = images >= config.images;
    if finished && config.report.sheet > 0 {
        run.draw_sheet(trainer, shape)?;
        observer.wrote("sheet", &run.sheet(images));
    }
    Ok(if finished { Ending::Finished } else { Ending::Interrupted })
}

/// Saves the averaged weights, then removes the checkpoint before.
fn save(trainer: &mut Trainer, run: &Run, data: &str, loss: f64) -> Result<(), Error> {
    let (images, steps, seed) = (trainer.images(), trainer.steps(), trainer.config().seed);
    let precision = trainer.model().pass().precision.name().to_string();
    trainer.model_mut().description_mut().training =
        Some(TrainingSummary { data: data.to_string(), images, steps, seed, loss, precision });
    let target = run.checkpoint(images);
    trainer.with_ema(|model| Ok(model.save(&target, |_| Ok(()))?))?;
    let folder = run.folder().join("checkpoints");
    let entries = std::fs::read_dir(&folder).map_err(failed("cannot read", &folder))?;
    for older in entries.flatten().map(|entry| entry.path()).filter(|path| *path != target) {
        std::fs::remove_dir_all(&older).map_err(failed("cannot remove", &older))?;
    }
    Ok(())
}

fn diverged(trainer: &Trainer, run: &Run, report: &StepReport, complaint: &str) -> Error {
    let kept = std::fs::read_dir(run.folder().join("checkpoints"))
        .ok()
        .and_then(|entries| entries.flatten().map(|entry| entry.path()).max());
    let kept = kept.map_or("no checkpoint was written yet".into(), |path| {
        format!("the last good checkpoint is {}", path.display())
    });
    Error::Diverged {
        step: trainer.steps() + 1,
        images: trainer.images(),
        loss: report.loss,
        advice: format!(
            "{complaint}; {kept}. A lower training.optimizer.learning_rate or precision = \"f32\" may help"
        ),
    }
}

/// Looks at every step's loss.
#[derive(Debug, Default)]
struct Watch {
    /// Running mean of the loss.
    mean: f64,
    least: f64,
    n: u64,
    high: u32,
}

impl Watch {
    /// What is wrong, if anything is.
    fn complaint(&mut self, report: &StepReport) -> Option<&'static str> {
        if !report.loss.is_finite() {
            return Some("it is no finite number, and the weights were left as they were");
        }
        if !report.gradient_norm.is_finite() {
            return Some("its gradient is no finite number, and the weights were left as they were");
        }
        self.n += 1;
        let share = (1.0 / self.n as f64).max(0.02);
        self.mean += share * (report.loss - self.mean);
        self.least = if self.n < 50 { self.mean.max(self.least) } else { self.least.min(self.mean) };
        self.high = if self.n > 50 && report.loss > EXPLOSION.0 * self.least { self.high + 1 } else { 0 };
        (self.high >= EXPLOSION.1)
            .then_some("it has exploded: it stays a hundred times above its least running mean")
    }
}

/// Sums over the stretch since the last tick.
struct Stretch {
    run_began: Instant,
    began: Instant,
    paused: f64,
    loss: f64,
    gradient_norm: f64,
    learning_rate: f64,
    steps: u64,
    images: u64,
}

impl Stretch {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            run_began: now,
            began: now,
            paused: 0.0,
            loss: 0.0,
            gradient_norm: 0.0,
            learning_rate: 0.0,
            steps: 0,
            images: 0,
        }
    }

    fn begin(&mut self) {
        *self = Self { run_began: self.run_began, ..Self::new() };
    }

    fn add(&mut self, report: &StepReport, n: usize) {
        self.loss += report.loss;
        self.gradient_norm += report.gradient_norm;
        self.learning_rate = report.learning_rate;
        self.steps += 1;
        self.images += n as u64;
    }

    /// Runs code whose time does not count as training.
    fn pause<T>(&mut self, code: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = code();
        self.paused += start.elapsed().as_secs_f64();
        result
    }

    fn tick(&self, trainer: &Trainer) -> Tick {
        let seconds = (self.began.elapsed().as_secs_f64() - self.paused).max(1e-9);
        let images_per_second = self.images as f64 / seconds;
        let left = trainer.config().images.saturating_sub(trainer.images());
        let n = self.steps.max(1) as f64;
        Tick {
            images: trainer.images(),
            steps: trainer.steps(),
            loss: self.loss / n,
            gradient_norm: self.gradient_norm / n,
            learning_rate: self.learning_rate,
            clock: crate::run::Clock {
                seconds: self.run_began.elapsed().as_secs_f64(),
                images_per_second,
                eta_seconds: left as f64 / images_per_second,
                memory_mib: crate::run::Clock::memory_mib(),
            },
        }
    }
}
