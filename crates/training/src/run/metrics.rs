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
    /// The loss on images that are not trained on, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
    /// What the clock and the machine decide.
    pub clock: Clock,
}

/// The loss on held-out images, of the weights themselves and of their moving average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Of the weights themselves.
    pub raw: f64,
    /// Of their moving average.
    pub averaged: f64,
    /// Of a classifier: how often it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// The same by level, from the noisiest; each bin holds as many trained levels.
    pub bins: Vec<HeldOutBin>,
}

/// The held-out loss of some levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOutBin {
    /// Least and greatest log-SNR of its levels; −100 for pure noise.
    pub log_snr: [f64; 2],
    /// Of the weights themselves.
    pub raw: f64,
    /// Of their moving average.
    pub averaged: f64,
    /// Of a classifier: how often it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
}

/// The share of noisy images whose class a classifier thinks likeliest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Of the weights themselves.
    pub raw: f64,
    /// Of their moving average.
    pub averaged: f64,
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
    pub fn memory_mib() -> f64 {
        Self::status("VmRSS:")
    }

    /// The greatest that it ever was.
    pub fn peak_memory_mib() -> f64 {
        Self::status("VmHWM:")
    }

    fn status(what: &str) -> f64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1024.0
    }
}

/// The lines of a `metrics.jsonl`; a last line that was cut off is left out.
///
/// # Errors
/// [`Error::Run`] for a file that cannot be read or holds another kind of lines.
pub fn read_metrics(path: &Path) -> Result<Vec<Tick>, Error> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(failed("cannot read", path))?,
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| failed("cannot understand", path)(error.into()))
        })
        .collect()
}

/// The open log and what the plot shows.
#[derive(Debug)]
pub(super) struct Metrics {
    path: PathBuf,
    file: File,
    plot: PathBuf,
    ticks: Vec<Tick>,
}

impl Metrics {
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("metrics.jsonl");
        let ticks = read_metrics(&path)?;
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(failed("cannot open", &path))?;
        Ok(Self { path, file, plot: folder.join("loss.svg"), ticks })
    }

    /// Keeps the lines up to an image count, and no half line.
    pub(super) fn cut_back(&mut self, images: u64) -> Result<(), Error> {
        self.ticks.retain(|tick| tick.images <= images);
        let kept: String = self.ticks.iter().map(line_of).collect();
        tweedie_files::write_file(&self.path, kept.as_bytes())?;
        // The file was replaced: the old handle writes into one without a name.
        self.file =
            File::options().append(true).open(&self.path).map_err(failed("cannot open", &self.path))?;
        Ok(())
    }

    pub(super) fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.file.write_all(line_of(tick).as_bytes()).map_err(failed("cannot write", &self.path))?;
        self.ticks.push(tick.clone());
        let points = self.ticks.iter().map(|tick| (tick.images as f64 / 1000.0, tick.loss)).collect();
        let plot = Plot {
            title: "Training loss".into(),
            x_label: "thousand images".into(),
            y_label: "loss".into(),
            y_scale: Scale::Log,
            series: vec![Series { name: String::new(), points }],
        };
        tweedie_files::write_file(&self.plot, plot.svg().as_bytes())?;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(failed("cannot sync", &self.path))
    }
}

fn line_of(tick: &Tick) -> String {
    // A struct of numbers: serialising it into memory cannot fail.
    let mut line = serde_json::to_string(tick).unwrap_or_default();
    line.push('\n');
    line
}
