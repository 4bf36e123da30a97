//! A run's folder: what was asked, what happened, what came of it.

mod metrics;
mod pictures;

pub use metrics::{Clock, Tick};

use crate::Error;
use metrics::Metrics;
use std::path::{Path, PathBuf};

/// The folder of a run: `config.toml`, `metrics.jsonl`, `loss.svg`, `samples/`, `checkpoints/`.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    metrics: Metrics,
}

impl Run {
    /// A new folder `runs/00003-NAME`, numbered after those that are there, with the resolved configuration in it.
    ///
    /// # Errors
    /// [`Error::Run`] for a disk that is full, read-only or not ours.
    pub fn create(runs: &Path, name: &str, config: &str) -> Result<Self, Error> {
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
        for inside in ["samples", "checkpoints"] {
            let path = folder.join(inside);
            std::fs::create_dir(&path).map_err(failed("cannot create", &path))?;
        }
        tweedie_weights::write_file(&folder.join("config.toml"), config.as_bytes())?;
        let metrics = Metrics::create(&folder)?;
        Ok(Self { folder, metrics })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a line to `metrics.jsonl` and draws `loss.svg` anew.
    ///
    /// # Errors
    /// [`Error::Run`].
    pub fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.metrics.record(tick)
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

/// One more than the greatest number that a run's name begins with.
fn next_number(runs: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(runs) else { return 0 };
    let numbers = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().to_string();
        name.split('-').next()?.parse::<u64>().ok()
    });
    numbers.max().map_or(0, |greatest| greatest + 1)
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Run { action, path, source }
}
