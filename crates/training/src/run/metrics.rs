//! `metrics.jsonl` and the loss plot.

use super::failed;
use crate::Error;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tweedie_report::{Plot, Scale, Series};

/// One line of `metrics.jsonl`: the metrics of the steps since the line before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Images seen.
    pub images: u64,
    /// Updates made.
    pub steps: u64,
    /// Mean loss of the steps since the line before.
    pub loss: f64,
    /// Mean norm of the gradient before clipping, over the same steps.
    pub gradient_norm: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The held-out loss, if it was measured since the line before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
    /// Time, speed and memory, which depend on the machine.
    pub clock: Clock,
}

/// The loss on held-out images with the raw weights and with their moving average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// With the raw weights.
    pub raw: f64,
    /// With the moving average of the weights.
    pub averaged: f64,
    /// The accuracy of a classifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// The same figures by noise level, starting with the noisiest. All bins have equally many trained levels, up to rounding.
    pub bins: Vec<HeldOutBin>,
}

/// The held-out loss of a range of levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOutBin {
    /// Least and greatest log-SNR of the levels; −100 for pure noise.
    pub log_snr: [f64; 2],
    /// With the raw weights.
    pub raw: f64,
    /// With the moving average of the weights.
    pub averaged: f64,
    /// The accuracy of a classifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
}

/// The share of noisy images for which a classifier's most probable class is the label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// With the raw weights.
    pub raw: f64,
    /// With the moving average of the weights.
    pub averaged: f64,
}

/// Time, speed and memory. These values differ between two runs with equal results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Seconds of training since the run began.
    pub seconds: f64,
    /// Training speed since the line before, without the time for sheets, checkpoints and held-out losses.
    pub images_per_second: f64,
    /// Estimated seconds until the end of training.
    pub eta_seconds: f64,
    /// Resident memory of the process in MiB.
    pub memory_mib: f64,
}

impl Clock {
    /// The resident memory of the process in MiB; 0 on systems without `/proc`.
    pub fn memory_mib() -> f64 {
        Self::status("VmRSS:")
    }

    /// The peak resident memory of the process in MiB; 0 on systems without `/proc`.
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

/// Reads the lines of a `metrics.jsonl`. An incomplete last line is ignored, and a missing file has no lines.
///
/// # Errors
/// [`Error::Run`] for a file that cannot be read or parsed.
pub fn read_metrics(path: &Path) -> Result<Vec<Tick>, Error> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(failed("cannot read", path))?,
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| failed("cannot parse", path)(error.into())))
        .collect()
}

/// The open `metrics.jsonl` and the lines shown in the loss plot.
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

    /// Removes lines after an image count and an incomplete last line.
    pub(super) fn cut_back(&mut self, images: u64) -> Result<(), Error> {
        self.ticks.retain(|tick| tick.images <= images);
        let kept: String = self.ticks.iter().map(line_of).collect();
        tweedie_files::write_file(&self.path, kept.as_bytes())?;
        // The file was replaced, so the old handle refers to a deleted file.
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
