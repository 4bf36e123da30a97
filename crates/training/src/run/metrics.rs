//! `metrics.jsonl` and the loss plot.

use super::failed;
use super::find::set_aside;
use crate::Error;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use tweedie_files::MOST_LOG;
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

/// The content of a `metrics.jsonl`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetricsLog {
    /// The lines that can be read.
    pub ticks: Vec<Tick>,
    /// The numbers of the lines that cannot be read, starting at 1.
    pub damaged: Vec<usize>,
}

/// Reads a `metrics.jsonl`. An incomplete last line is ignored, and a missing file has no lines.
///
/// # Errors
/// [`Error::Run`] for a file that cannot be read.
pub fn read_metrics(path: &Path) -> Result<MetricsLog, Error> {
    let bytes = match tweedie_files::read_bytes(path, MOST_LOG) {
        Err(_) if !tweedie_files::is_there(path) => Vec::new(),
        other => other.map_err(failed("cannot read", path))?,
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(&[][..], |end| &bytes[..end]);
    let mut log = MetricsLog::default();
    for (i, line) in whole.split(|&byte| byte == b'\n').enumerate().filter(|_| !whole.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(tick) => log.ticks.push(tick),
            Err(_) => log.damaged.push(i + 1),
        }
    }
    Ok(log)
}

/// The state of the log when a checkpoint was written, from which later damage is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogState {
    /// The number of lines.
    pub lines: usize,
    /// The SHA-256 checksum of these lines without their clocks, so that it is the same for two runs with equal results.
    pub checksum: String,
}

impl LogState {
    fn of(ticks: &[Tick]) -> Self {
        let clock = Clock { seconds: 0.0, images_per_second: 0.0, eta_seconds: 0.0, memory_mib: 0.0 };
        let timeless: String =
            ticks.iter().map(|tick| line_of(&Tick { clock: clock.clone(), ..tick.clone() })).collect();
        Self { lines: ticks.len(), checksum: tweedie_files::checksum_of_bytes(timeless.as_bytes()) }
    }
}

/// The open `metrics.jsonl`.
#[derive(Debug)]
pub(super) struct Metrics {
    path: PathBuf,
    file: File,
    ticks: Vec<Tick>,
    /// Whether a line could not be written.
    lacks_lines: bool,
    plot: PathBuf,
    plotted: Growing,
    /// A sentence about damage that was found when the log was opened.
    pub(super) damage: Option<String>,
}

impl Metrics {
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("metrics.jsonl");
        let (mut ticks, mut damage) = (Vec::new(), None);
        match read_metrics(&path) {
            Ok(log) => {
                if let Some(first) = log.damaged.first() {
                    let n = log.damaged.len();
                    damage = Some(format!("{n} of its lines cannot be read, the first is line {first}"));
                }
                ticks = log.ticks;
            }
            Err(Error::Run { source, .. }) => damage = Some(format!("it cannot be read ({source})")),
            Err(error) => return Err(error),
        }
        let damage = match damage {
            None => None,
            Some(reason) => {
                let aside = set_aside(&path)?;
                tweedie_files::write_file(&path, text_of(&ticks).as_bytes())?;
                let kept = ticks.len();
                Some(format!(
                    "the log {} was damaged: {reason}; it was renamed to {}, and the {kept} lines that can be read were kept",
                    path.display(),
                    aside.display()
                ))
            }
        };
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(failed("cannot open", &path))?;
        let (plot, plotted) = (folder.join("loss.svg"), Growing::default());
        Ok(Self { path, file, ticks, lacks_lines: false, plot, plotted, damage })
    }

    /// Removes lines after an image count and an incomplete last line. `expected` is the state of the remaining log according to the
    /// checkpoint. Returns a sentence if the log differs from it.
    pub(super) fn cut_back(
        &mut self,
        images: u64,
        expected: Option<&LogState>,
    ) -> Result<Option<String>, Error> {
        self.ticks.retain(|tick| tick.images <= images);
        self.rewrite()?;
        let found = LogState::of(&self.ticks);
        let differs = expected.filter(|expected| **expected != found);
        Ok(differs.map(|expected| {
            format!(
                "the log {} differs from the one when the checkpoint was written: it has {} of {} lines up to {images} images; \
                 the curves of the run are incomplete or changed, the model is not affected",
                self.path.display(),
                found.lines,
                expected.lines
            )
        }))
    }

    /// Adds a line. After an error the line is kept, and the next call writes the whole log again.
    pub(super) fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        self.ticks.push(tick.clone());
        if self.lacks_lines {
            return self.rewrite();
        }
        let written = self.file.write_all(line_of(tick).as_bytes());
        self.lacks_lines = written.is_err();
        written.map_err(failed("cannot write", &self.path))
    }

    /// Replaces the log by the lines in memory.
    fn rewrite(&mut self) -> Result<(), Error> {
        tweedie_files::write_file(&self.path, text_of(&self.ticks).as_bytes())?;
        // The old handle refers to a deleted file.
        self.file =
            File::options().append(true).open(&self.path).map_err(failed("cannot open", &self.path))?;
        self.lacks_lines = false;
        Ok(())
    }

    pub(super) fn state(&self) -> LogState {
        LogState::of(&self.ticks)
    }

    /// Draws the loss plot if the log has grown by a share of its length since the last time, or if `now` is true.
    pub(super) fn draw(&mut self, now: bool) -> Result<(), Error> {
        if !self.plotted.is_due(self.ticks.len()) && !now {
            return Ok(());
        }
        let points = self.ticks.iter().map(|tick| (tick.images as f64 / 1000.0, tick.loss)).collect();
        let plot = Plot {
            title: "Training loss".into(),
            x_label: "thousand images".into(),
            y_label: "loss".into(),
            y_scale: Scale::Log,
            series: vec![Series { name: String::new(), points }],
        };
        Ok(tweedie_files::write_file(&self.plot, plot.svg().as_bytes())?)
    }

    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.lacks_lines {
            self.rewrite()?;
        }
        self.file.sync_all().map_err(failed("cannot sync", &self.path))
    }
}

/// Decides when an output is made again whose cost grows with its content, so that all makings together cost a constant multiple of the
/// last one.
#[derive(Debug, Default)]
pub(super) struct Growing {
    made_at: usize,
}

impl Growing {
    /// Whether the content has grown by a tenth since the last time that this function returned true.
    pub(super) fn is_due(&mut self, size: usize) -> bool {
        let is_due = size < self.made_at || size > self.made_at + self.made_at / 10;
        if is_due {
            self.made_at = size;
        }
        is_due
    }
}

fn text_of(ticks: &[Tick]) -> String {
    ticks.iter().map(line_of).collect()
}

fn line_of(tick: &Tick) -> String {
    // A struct of numbers: serialising it into memory cannot fail.
    let mut line = serde_json::to_string(tick).unwrap_or_default();
    line.push('\n');
    line
}
