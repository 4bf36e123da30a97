//! The training that the campaign disturbs: two-dimensional points and a network so small that a run takes about a second.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The points that a complete run has seen, and those after which the half-way run stops.
const POINTS: u64 = 8192;
const HALF: u64 = 4096;

/// Every kind of file is written several times: metrics, sheets, checkpoints, stored averages.
const SETTINGS: [&str; 18] = [
    "training.batch=256",
    "training.precision=f32",
    "training.optimizer.decay=constant",
    "training.optimizer.warmup=0",
    "training.posthoc_ema={ std = [0.1], every = 2048 }",
    "training.report.tick=512",
    "training.report.sheet=2048",
    "training.report.sheet_images=16",
    "training.report.checkpoint=1024",
    "training.report.keep_last=2",
    "training.report.held_out=1024",
    "training.report.held_out_images=64",
    "network.width=16",
    "network.blocks=1",
    "network.point_frequencies=4",
    "network.time_frequencies=4",
    "sampling.levels=karras:4",
    "data.shape=moons",
];

/// The name of the last checkpoint of a complete run.
pub fn last_checkpoint() -> String {
    format!("{POINTS:010}")
}

/// The name of the last checkpoint of the half-way run.
pub fn half_checkpoint() -> String {
    format!("{HALF:010}")
}

/// A `tweedie` binary.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The binary.
    pub binary: PathBuf,
}

impl Workload {
    /// The binary with the settings on which the bits of a result depend, and with none of the caller's.
    fn tweedie(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        // With OMP_WAIT_POLICY the program does not start itself again.
        command.current_dir(folder).env("OMP_NUM_THREADS", "1").env("OMP_WAIT_POLICY", "passive");
        for name in ["RUST_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "LD_PRELOAD"] {
            command.env_remove(name);
        }
        command
    }

    /// Trains a new run in the folder `runs` of a folder.
    pub fn train(&self, folder: &Path) -> Command {
        let mut command = self.tweedie(folder);
        command.args(["train", "--preset", "points", "--device", "cpu", "--threads", "1", "--runs", "runs"]);
        for setting in SETTINGS {
            command.args(["--set", setting]);
        }
        command.args(["--set", &format!("training.images={POINTS}")]);
        command
    }

    /// Trains a new run that stops half-way.
    pub fn train_half(&self, folder: &Path) -> Command {
        let mut command = self.train(folder);
        command.args(["--set", &format!("training.images={HALF}")]);
        command
    }

    /// Resumes a run.
    pub fn resume(&self, folder: &Path, run: &Path) -> Command {
        let mut command = self.tweedie(folder);
        command.args(["train", "--device", "cpu", "--threads", "1", "--resume"]).arg(run);
        command
    }

    /// Samples points from a run into a file.
    pub fn sample(&self, folder: &Path, run: &Path, out: &str) -> Command {
        let mut command = self.tweedie(folder);
        command.arg("sample").arg(run).args(["-n", "4", "--device", "cpu", "--out", out]);
        command
    }

    /// Computes an average of the weights from the stored ones of a run.
    pub fn average(&self, folder: &Path, run: &Path, out: &str) -> Command {
        let mut command = self.tweedie(folder);
        command.arg("ema").arg(run).args(["--std", "0.08", "--out", out]);
        command
    }
}
