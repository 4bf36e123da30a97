//! The folder of a training run: its configuration, logs, samples and checkpoints.

mod averages;
mod events;
mod find;
mod lock;
mod metrics;
mod page;
mod sheets;

pub use averages::{ComputedAverage, average_of_width};
pub use find::{State, checkpoint_at, checkpoints_in, run_of, run_state};
pub use metrics::{Accuracy, Clock, HeldOut, HeldOutBin, LogState, MetricsLog, Tick, read_metrics};

use crate::checkpoint::{Keep, ResumeState, remove_stale_ones, restore, verify};
use crate::{Environment, Error, Learner, LoopMemory, Trainer};
use events::Events;
use find::{next_number, numbered_in, remove_unfinished, set_aside};
use lock::Lock;
use metrics::{Growing, Metrics};
use std::fs::File;
use std::path::{Path, PathBuf};
use tweedie_data::{DataIdentity, short_list};
use tweedie_files::{MOST_SETTINGS, Staging};

/// A training run's open folder, locked against other processes while this value exists.
///
/// It contains `config.toml`, `environment.json`, `metrics.jsonl`, TensorBoard's events, `loss.svg`, `index.html`, `samples/`,
/// `checkpoints/`, `averages/` and `lock`.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    metrics: Metrics,
    events: Events,
    /// The checkpoint that the run is resumed from, where the caller chose one.
    chosen: Option<PathBuf>,
    page_made: Growing,
    lock: Lock,
}

/// The result of resuming a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// The state of the training loop.
    pub progress: LoopMemory,
    /// The reasons why the run does not continue bit for bit; empty if it does.
    pub differences: Vec<String>,
    /// Sentences about checkpoints that were set aside.
    pub notes: Vec<String>,
}

/// The name of the configuration file in a run's folder.
pub const CONFIG: &str = "config.toml";

/// The file with the environment in which the run began. Resuming compares with it if there is no checkpoint yet.
const ENVIRONMENT: &str = "environment.json";

/// The former name of [`ENVIRONMENT`], which is still read.
const FORMER_ENVIRONMENT: &str = "conditions.json";

impl Run {
    /// Creates a new folder such as `runs/00003-NAME`, with the next free number, and writes the resolved configuration and the
    /// environment into it.
    ///
    /// # Errors
    /// [`Error::Run`] or [`Error::Files`] if the folder or its files cannot be written.
    pub fn create(runs: &Path, name: &str, config: &str, environment: &Environment) -> Result<Self, Error> {
        let folder = create_folder(runs, name, config, environment)?;
        Self::open(&folder)
    }

    /// Opens an existing run: takes its lock and removes files that an interrupted process left incomplete. The path of a checkpoint of
    /// the run, `RUN/checkpoints/N`, stands for the run and makes [`Run::resume`] continue from that checkpoint.
    ///
    /// # Errors
    /// [`Error::NoRun`] for a folder that is not a run; [`Error::Owned`] while another process trains the run.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (folder, chosen) = run_of(path);
        let folder = folder.as_path();
        if let Some(checkpoint) = chosen.as_ref().filter(|checkpoint| !checkpoint.is_dir()) {
            let name = checkpoint.file_name().unwrap_or_default().to_string_lossy().to_string();
            let reason = format!("it has no checkpoint {name}");
            return Err(Error::NoRun { path: folder.to_path_buf(), reason });
        }
        if !tweedie_files::is_there(&folder.join(CONFIG)) {
            let reason = if folder.is_dir() {
                format!("it has no {CONFIG}")
            } else {
                "the folder does not exist".into()
            };
            return Err(Error::NoRun { path: folder.to_path_buf(), reason });
        }
        let lock = Lock::take(folder)?;
        tweedie_files::remove_stale(folder)?;
        let checkpoints = folder.join("checkpoints");
        std::fs::create_dir_all(&checkpoints).map_err(failed("cannot create", &checkpoints))?;
        tweedie_files::remove_stale(&checkpoints)?;
        let (metrics, events) = (Metrics::open(folder)?, Events::open(folder)?);
        Ok(Self {
            folder: folder.to_path_buf(),
            metrics,
            events,
            chosen,
            page_made: Growing::default(),
            lock,
        })
    }

    /// Loads the newest checkpoint, or the one that the run was opened with, into a trainer and removes later entries from the logs. A
    /// newest checkpoint that is damaged is set aside for the newest one that is whole. A run without a checkpoint starts from the
    /// beginning.
    ///
    /// # Errors
    /// [`Error::Resume`] if no checkpoint fits the configuration and is whole.
    pub fn resume<L: Learner>(
        &mut self,
        trainer: &mut Trainer<L>,
        data: &DataIdentity,
    ) -> Result<Resumed, Error> {
        let now = Environment::of(trainer);
        let candidates = self.candidates()?;
        if candidates.is_empty() {
            let notes = self.cut_back(0, None)?;
            let differences = self.environment().map_or(Vec::new(), |before| before.differences(&now));
            return Ok(Resumed { progress: LoopMemory::default(), differences, notes });
        }
        let mut failures = Vec::new();
        for (images, path) in candidates {
            match load(trainer, images, &path) {
                Ok(state) => {
                    let mut notes = self.replace_newer(images, &failures)?;
                    notes.extend(self.cut_back(images, state.log.as_ref())?);
                    notes.extend(state.unprotected());
                    // If the process was killed after writing a checkpoint, stale ones may not have been removed yet.
                    remove_stale_ones(&self.folder.join("checkpoints"), Keep::of(trainer.config()))?;
                    let mut differences = state.environment.differences(&now);
                    differences.extend(state.data.differences(data));
                    return Ok(Resumed { progress: state.progress, differences, notes });
                }
                Err(error) => failures.push(error),
            }
        }
        Err(failures.swap_remove(0))
    }

    /// The checkpoints to resume from, in the order in which they are tried.
    fn candidates(&self) -> Result<Vec<(u64, PathBuf)>, Error> {
        let mut found = checkpoints_in(&self.folder.join("checkpoints"))?;
        found.reverse();
        if let Some(chosen) = &self.chosen {
            found.retain(|(_, path)| path.file_name() == chosen.file_name());
        }
        Ok(found)
    }

    /// Sets checkpoints aside that are newer than the one that training continues from.
    fn replace_newer(&self, images: u64, failures: &[Error]) -> Result<Vec<String>, Error> {
        let newer =
            checkpoints_in(&self.folder.join("checkpoints"))?.into_iter().filter(|(at, _)| *at > images);
        let names = newer.map(|(_, path)| set_aside(&path).map(|aside| aside.display().to_string()));
        let names = names.collect::<Result<Vec<_>, Error>>()?;
        let mut notes: Vec<String> =
            failures.iter().map(|error| format!("a damaged checkpoint: {error}")).collect();
        if !names.is_empty() {
            notes.push(format!(
                "training continues from the checkpoint {}; newer ones were renamed to {}",
                self.checkpoint(images).display(),
                names.join(", ")
            ));
        }
        Ok(notes)
    }

    /// The environment of the newest checkpoint whose state can be read, or of the run's beginning.
    ///
    /// # Errors
    /// [`Error::Run`] if the folder cannot be read.
    pub fn last_environment(&self) -> Result<Option<Environment>, Error> {
        let states = self.candidates()?.into_iter().filter_map(|(_, path)| ResumeState::read(&path).ok());
        Ok({ states }.next().map(|state| state.environment).or_else(|| self.environment()))
    }

    /// The environment in which the run began; `None` if its file cannot be read.
    pub fn environment(&self) -> Option<Environment> {
        let read = |name| tweedie_files::read_bytes(&self.folder.join(name), MOST_SETTINGS).ok();
        let text = read(ENVIRONMENT).or_else(|| read(FORMER_ENVIRONMENT))?;
        serde_json::from_slice(&text).ok()
    }

    /// The number of images and the folder of the newest checkpoint.
    ///
    /// # Errors
    /// [`Error::Run`] if the folder cannot be read.
    pub fn newest_checkpoint(&self) -> Result<Option<(u64, PathBuf)>, Error> {
        Ok(checkpoints_in(&self.folder.join("checkpoints"))?.pop())
    }

    /// Removes log entries, sheets and averages of more than `images` images. `log` is the state of the log according to the checkpoint.
    /// Returns sentences about damaged logs.
    fn cut_back(&mut self, images: u64, log: Option<&LogState>) -> Result<Vec<String>, Error> {
        let mut notes: Vec<String> =
            [self.metrics.damage.take(), self.events.damage.take()].into_iter().flatten().collect();
        notes.extend(self.metrics.cut_back(images, log)?);
        notes.extend(self.events.cut_back(images)?);
        self.cut_back_averages(images)?;
        // Training does not depend on sheets, so that a folder of sheets that cannot be read is left as it is.
        let samples = self.folder.join("samples");
        let _ = tweedie_files::remove_stale(&samples);
        for (_, path) in numbered_in(&samples).unwrap_or_default().into_iter().filter(|(at, _)| *at > images)
        {
            let _ = std::fs::remove_file(&path);
        }
        Ok(notes)
    }

    /// The path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the configuration, for a run that continues with a changed one.
    ///
    /// # Errors
    /// [`Error::Files`] if the file cannot be written.
    pub fn write_config(&self, config: &str) -> Result<(), Error> {
        Ok(tweedie_files::write_file(&self.folder.join(CONFIG), config.as_bytes())?)
    }

    /// Adds a line to `metrics.jsonl`. A line that cannot be written is kept and written with the next one.
    ///
    /// # Errors
    /// [`Error::Run`] or [`Error::Files`] if the file cannot be written.
    pub fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.metrics.record(tick)
    }

    /// Adds the figures of a line to TensorBoard's file, and redraws `loss.svg` if the log has grown by a tenth since the last time or if
    /// `now` is true. Training does not depend on these files.
    ///
    /// # Errors
    /// [`Error::Run`] or [`Error::Files`] if a file cannot be written.
    pub fn illustrate(&mut self, tick: &Tick, now: bool) -> Result<(), Error> {
        let drawn = self.metrics.draw(now);
        self.events.record(tick).and(drawn)
    }

    /// Redraws `loss.svg` and `index.html`.
    pub(crate) fn finish_illustrations(&mut self) -> Result<(), Error> {
        let drawn = self.metrics.draw(true);
        self.write_page().and(drawn)
    }

    /// Fails if the path of the run no longer leads to the folder that is trained.
    pub(crate) fn check_place(&self) -> Result<(), Error> {
        self.lock.check()
    }

    /// The state of the log, which a checkpoint stores.
    pub(crate) fn log_state(&self) -> LogState {
        self.metrics.state()
    }

    /// Flushes the log to the disk, so that no checkpoint is newer than the log.
    ///
    /// # Errors
    /// [`Error::Run`] if the file cannot be written.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.metrics.sync()
    }

    /// The path of the checkpoint after `images` images.
    pub fn checkpoint(&self, images: u64) -> PathBuf {
        self.folder.join("checkpoints").join(format!("{images:010}"))
    }

    /// The path of the sheet after `images` images.
    pub fn sheet(&self, images: u64) -> PathBuf {
        self.folder.join("samples").join(format!("{images:010}.png"))
    }
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Run { action, path, source }
}

/// Creates the folder of a new run with the next free number. A run that was not created completely leaves only a folder whose name ends
/// in `.partial`, which is removed here.
fn create_folder(runs: &Path, name: &str, config: &str, environment: &Environment) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(runs).map_err(failed("cannot create", runs))?;
    // While the folder of runs is locked, no other process creates one. Some file systems cannot lock a folder.
    let place = File::open(runs).map_err(failed("cannot open", runs))?;
    if place.lock().is_ok() {
        remove_unfinished(runs);
    }
    // A struct of numbers and names: serialising it into memory cannot fail.
    let environment = serde_json::to_vec_pretty(environment).unwrap_or_default();
    let mut number = next_number(runs);
    loop {
        let staging = Staging::new(&runs.join(format!("{number:05}-{name}")))?;
        staging.write(ENVIRONMENT, &environment)?;
        staging.write(CONFIG, config.as_bytes())?;
        match staging.commit_new() {
            // Another process has taken the number in the meantime.
            Err(error) if error.is_taken() => number += 1,
            created => return Ok(created?),
        }
    }
}

/// Loads a checkpoint into a trainer and returns its state.
fn load<L: Learner>(trainer: &mut Trainer<L>, images: u64, path: &Path) -> Result<ResumeState, Error> {
    let state = ResumeState::read(path)?;
    if state.images != images {
        let reason =
            format!("its folder is named after {images} images, but its state has {} images", state.images);
        return Err(Error::Resume { path: path.to_path_buf(), reason });
    }
    verify(path, state.format)?;
    let classes = &trainer.model().backbone().about().class_names;
    if !classes.is_empty() && !state.data.classes.is_empty() && state.data.classes != *classes {
        let (before, now) = (short_list(&state.data.classes), short_list(classes));
        let reason = format!("it was trained with the classes {before}, but the data have {now}");
        return Err(Error::Resume { path: path.to_path_buf(), reason });
    }
    restore(trainer, path, &state)?;
    Ok(state)
}
