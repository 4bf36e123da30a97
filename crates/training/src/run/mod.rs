//! The folder of a training run: its configuration, logs, samples and checkpoints.

mod averages;
mod events;
mod find;
mod lock;
mod metrics;
mod page;
mod sheets;

pub use averages::average_of_width;
pub use find::{State, checkpoints_in, run_of, run_state};
pub use metrics::{Accuracy, Clock, HeldOut, HeldOutBin, Tick, read_metrics};

use crate::checkpoint::{Keep, ResumeState, remove_stale_ones, restore};
use crate::{Environment, Error, Learner, LoopMemory, Trainer};
use events::Events;
use find::{next_number, numbered_in, set_aside};
use lock::Lock;
use metrics::Metrics;
use std::path::{Path, PathBuf};
use tweedie_data::{DataIdentity, short_list};

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
    _lock: Lock,
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
        std::fs::create_dir_all(runs).map_err(failed("cannot create", runs))?;
        let mut number = next_number(runs);
        let folder = loop {
            let folder = runs.join(format!("{number:05}-{name}"));
            match std::fs::create_dir(&folder) {
                Ok(()) => break folder,
                // Another process has taken the number in the meantime.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed("cannot create", &folder)(error)),
            }
        };
        // A struct of numbers and names: serialising it into memory cannot fail.
        let environment = serde_json::to_vec_pretty(environment).unwrap_or_default();
        // The configuration is written last, because the folder counts as a run once it has one.
        let written = tweedie_files::write_file(&folder.join(ENVIRONMENT), &environment)
            .and_then(|()| tweedie_files::write_file(&folder.join(CONFIG), config.as_bytes()));
        if let Err(error) = written {
            let _ = std::fs::remove_dir_all(&folder);
            return Err(error.into());
        }
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
        if !folder.join(CONFIG).is_file() {
            let reason = if folder.is_dir() {
                format!("it has no {CONFIG}")
            } else {
                "the folder does not exist".into()
            };
            return Err(Error::NoRun { path: folder.to_path_buf(), reason });
        }
        let lock = Lock::take(folder)?;
        tweedie_files::remove_stale(folder)?;
        for inside in ["samples", "checkpoints"] {
            let path = folder.join(inside);
            std::fs::create_dir_all(&path).map_err(failed("cannot create", &path))?;
            tweedie_files::remove_stale(&path)?;
        }
        let (metrics, events) = (Metrics::open(folder)?, Events::open(folder)?);
        Ok(Self { folder: folder.to_path_buf(), metrics, events, chosen, _lock: lock })
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
            self.cut_back(0)?;
            let differences = self.environment().map_or(Vec::new(), |before| before.differences(&now));
            return Ok(Resumed { progress: LoopMemory::default(), differences, notes: Vec::new() });
        }
        let mut failures = Vec::new();
        for (images, path) in candidates {
            match load(trainer, images, &path) {
                Ok(state) => {
                    let notes = self.replace_newer(images, &failures)?;
                    self.cut_back(images)?;
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
        let names = newer.map(|(_, path)| set_aside(&path).map(|()| path.display().to_string()));
        let names = names.collect::<Result<Vec<_>, Error>>()?;
        let mut notes: Vec<String> =
            failures.iter().map(|error| format!("a damaged checkpoint: {error}")).collect();
        if !names.is_empty() {
            notes.push(format!(
                "set aside, because training continues from {images} images: {}",
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
        let read = |name| std::fs::read(self.folder.join(name)).ok();
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

    /// Removes log entries, sheets and averages of more than `images` images.
    fn cut_back(&mut self, images: u64) -> Result<(), Error> {
        self.metrics.cut_back(images)?;
        self.events.cut_back(images)?;
        self.cut_back_averages(images)?;
        for (at, path) in numbered_in(&self.folder.join("samples"))? {
            if at > images {
                std::fs::remove_file(&path).map_err(failed("cannot remove", &path))?;
            }
        }
        Ok(())
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

    /// Adds a line to `metrics.jsonl` and to TensorBoard's file, and redraws `loss.svg`.
    ///
    /// # Errors
    /// [`Error::Run`] or [`Error::Files`] if a file cannot be written.
    pub fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.metrics.record(tick)?;
        self.events.record(tick)
    }

    /// Flushes the log to the disk, so that no checkpoint is newer than the log.
    ///
    /// # Errors
    /// [`Error::Run`] if the file cannot be written.
    pub(crate) fn sync(&self) -> Result<(), Error> {
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

/// Loads a checkpoint into a trainer and returns its state.
fn load<L: Learner>(trainer: &mut Trainer<L>, images: u64, path: &Path) -> Result<ResumeState, Error> {
    let state = ResumeState::read(path)?;
    if state.images != images {
        let reason =
            format!("its folder is named after {images} images, but its state has {} images", state.images);
        return Err(Error::Resume { path: path.to_path_buf(), reason });
    }
    let classes = &trainer.model().backbone().about().class_names;
    if !classes.is_empty() && !state.data.classes.is_empty() && state.data.classes != *classes {
        let (before, now) = (short_list(&state.data.classes), short_list(classes));
        let reason = format!("it was trained with the classes {before}, but the data have {now}");
        return Err(Error::Resume { path: path.to_path_buf(), reason });
    }
    restore(trainer, path, &state)?;
    Ok(state)
}
