//! A run's folder: what was asked, what happened, what came of it.

mod averages;
mod events;
mod find;
mod lock;
mod metrics;
mod page;
mod sheets;

pub use averages::average_of_width;
pub use find::{State, checkpoints_in, run_state};
pub use metrics::{Accuracy, Clock, HeldOut, HeldOutBin, Tick, read_metrics};

use crate::checkpoint::{Keep, ResumeState, remove_stale_ones, restore};
use crate::{Environment, Error, Learner, LoopMemory, Trainer};
use events::Events;
use find::{next_number, numbered_in};
use lock::Lock;
use metrics::Metrics;
use std::path::{Path, PathBuf};
use tweedie_data::DataIdentity;

/// The folder of a run: `config.toml`, `environment.json`, `metrics.jsonl`, TensorBoard's events, `loss.svg`, `index.html`,
/// `samples/`, `checkpoints/`, `lock`. This value owns it.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    metrics: Metrics,
    events: Events,
    _lock: Lock,
}

/// What going on from a checkpoint found.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// The loop's memory.
    pub progress: LoopMemory,
    /// Why the run does not go on bit for bit; empty where it does.
    pub differences: Vec<String>,
}

/// The configuration's name in a run.
pub const CONFIG: &str = "config.toml";

/// The environment in which a run began. A resume compares with it where no checkpoint exists yet.
const ENVIRONMENT: &str = "environment.json";

/// The former name of [`ENVIRONMENT`], which is still read.
const FORMER_ENVIRONMENT: &str = "conditions.json";

impl Run {
    /// A new folder `runs/00003-NAME`, numbered after those that are there, with the resolved configuration in it and the
    /// conditions under which it begins.
    ///
    /// # Errors
    /// [`Error::Run`] for a disk that is full, read-only or not ours.
    pub fn create(runs: &Path, name: &str, config: &str, environment: &Environment) -> Result<Self, Error> {
        std::fs::create_dir_all(runs).map_err(failed("cannot create", runs))?;
        let mut number = next_number(runs);
        let folder = loop {
            let folder = runs.join(format!("{number:05}-{name}"));
            match std::fs::create_dir(&folder) {
                Ok(()) => break folder,
                // Another run took the number in between.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed("cannot create", &folder)(error)),
            }
        };
        // A struct of numbers and names: serialising it into memory cannot fail.
        let environment = serde_json::to_vec_pretty(environment).unwrap_or_default();
        // The configuration comes last: with it the folder is a run.
        let written = tweedie_files::write_file(&folder.join(ENVIRONMENT), &environment)
            .and_then(|()| tweedie_files::write_file(&folder.join(CONFIG), config.as_bytes()));
        if let Err(error) = written {
            let _ = std::fs::remove_dir_all(&folder);
            return Err(error.into());
        }
        Self::open(&folder)
    }

    /// A run that exists: takes its lock, removes what an interrupted writer left half done.
    ///
    /// # Errors
    /// [`Error::NoRun`] for a folder that is none; [`Error::Owned`] while another process trains it.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        if !folder.join(CONFIG).is_file() {
            let reason = if folder.is_dir() {
                format!("it holds no {CONFIG}")
            } else {
                "there is no such folder".into()
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
        Ok(Self { folder: folder.to_path_buf(), metrics, events, _lock: lock })
    }

    /// Puts the newest checkpoint into a trainer and cuts the logs back to its image count; where there is none yet, the run
    /// begins anew.
    ///
    /// # Errors
    /// [`Error::Resume`] for a checkpoint that does not fit the configuration or is damaged.
    pub fn resume<L: Learner>(
        &mut self,
        trainer: &mut Trainer<L>,
        data: &DataIdentity,
    ) -> Result<Resumed, Error> {
        let now = Environment::of(trainer);
        let Some((images, path)) = self.newest_checkpoint()? else {
            self.cut_back(0)?;
            let differences = self.environment().map_or(Vec::new(), |before| before.differences(&now));
            return Ok(Resumed { progress: LoopMemory::default(), differences });
        };
        let state = ResumeState::read(&path)?;
        if state.images != images {
            let reason = format!("it is named after {images} images, and its state says {}", state.images);
            return Err(Error::Resume { path, reason });
        }
        let classes = &trainer.model().backbone().about().class_names;
        if !classes.is_empty() && !state.data.classes.is_empty() && state.data.classes != *classes {
            let (before, now) = (state.data.classes.join(", "), classes.join(", "));
            let reason = format!("its classes were {before}, and the data's are {now}");
            return Err(Error::Resume { path, reason });
        }
        restore(trainer, &path, &state)?;
        self.cut_back(images)?;
        // Those that a kill left between a new one's writing and their removal.
        remove_stale_ones(&self.folder.join("checkpoints"), Keep::of(trainer.config()))?;
        let mut differences = state.environment.differences(&now);
        differences.extend(state.data.differences(data));
        Ok(Resumed { progress: state.progress, differences })
    }

    /// The environment in which the run began, where its file can be read.
    pub fn environment(&self) -> Option<Environment> {
        let read = |name| std::fs::read(self.folder.join(name)).ok();
        let text = read(ENVIRONMENT).or_else(|| read(FORMER_ENVIRONMENT))?;
        serde_json::from_slice(&text).ok()
    }

    /// Images and folder of the newest checkpoint.
    ///
    /// # Errors
    /// [`Error::Run`] when the folder cannot be read.
    pub fn newest_checkpoint(&self) -> Result<Option<(u64, PathBuf)>, Error> {
        Ok(checkpoints_in(&self.folder.join("checkpoints"))?.pop())
    }

    /// Forgets what was logged and drawn after so many images.
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

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the configuration by what a changed run goes on with.
    ///
    /// # Errors
    /// The disk's.
    pub fn write_config(&self, config: &str) -> Result<(), Error> {
        Ok(tweedie_files::write_file(&self.folder.join(CONFIG), config.as_bytes())?)
    }

    /// Adds a line to `metrics.jsonl` and TensorBoard's file, and draws `loss.svg` anew.
    ///
    /// # Errors
    /// [`Error::Run`].
    pub fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.metrics.record(tick)?;
        self.events.record(tick)
    }

    /// Brings the logs to the disk, so that no checkpoint is newer than its log.
    ///
    /// # Errors
    /// [`Error::Run`].
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.metrics.sync()
    }

    /// Where the checkpoint after so many images goes.
    pub fn checkpoint(&self, images: u64) -> PathBuf {
        self.folder.join("checkpoints").join(format!("{images:010}"))
    }

    /// Where the sheet after so many images goes.
    pub fn sheet(&self, images: u64) -> PathBuf {
        self.folder.join("samples").join(format!("{images:010}.png"))
    }
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Run { action, path, source }
}
