//! `metrics.jsonl` and the loss plot.

use super::failed;
use crate::Error;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tweedie_report::{Plot, Scale, Series};

/// What one line of `metrics.jsonl` says: the state after a stretch of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Images seen.
    pub images: u64,
    /// Updates made.
    pub steps: u64,
    /// Mean loss over the stretch.
    pub loss: f64,
    /// Mean norm of the gradient over the stretch, before clipping.
    pub gradient_norm: f64,
    /// The rate at its end.
    pub learning_rate: f64,
    /// What the clock and the machine decide.
    pub clock: Clock,
}

/// What differs between two equal runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Since the run began.
    pub seconds: f64,
    /// Over the stretch, sheets and checkpoints left out.
    pub images_per_second: f64,
    /// Until the end, at this pace.
    pub eta_seconds: f64,
    /// The process' resident memory.
    pub memory_mib: f64,
}

impl Clock {
    /// The process' resident memory in MiB, where the system tells.
    pub(crate) fn memory_mib() -> f64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1024.0
    }
}

/// The open log and what the plot shows.
#[derive(Debug)]
pub(super) struct Metrics {
    path: PathBuf,
    file: File,
    plot: PathBuf,
    losses: Vec<(f64, f64)>,
}

impl Metrics {
    pub(super) fn create(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("metrics.jsonl");
        let file = File::create(&path).map_err(failed("cannot create", &path))?;
        Ok(Self { path, file, plot: folder.join("loss.svg"), losses: Vec::new() })
    }

    pub(super) fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        // A struct of numbers: serialising it into memory cannot fail.
        let mut line = serde_json::to_string(tick).unwrap_or_default();
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(failed("cannot write", &self.path))?;
        self.losses.push((tick.images as f64 / 1000.0, tick.loss));
        let plot = Plot {
            title: "Training loss".into(),
            x_label: "thousand images".into(),
            y_label: "loss".into(),
            y_scale: Scale::Log,
            series: vec![Series { name: "loss".into(), points: self.losses.clone() }],
        };
        tweedie_weights::write_file(&self.plot, plot.svg().as_bytes())?;
        Ok(())
    }
}
