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
    "training.posthoc_ema={ std = [0.05, 0.1], every = 2048 }",
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

/// A command of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// `train`: a new run.
    Train,
    /// `train --resume`: a run that was stopped is continued.
    Resume,
    /// `sample`: points are sampled from a run.
    Sample,
    /// `ema`: an average of the weights is computed from the stored ones of a run.
    Average,
}

impl Work {
    /// The name of the command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Resume => "train --resume",
            Self::Sample => "sample",
            Self::Average => "ema",
        }
    }

    /// The file that a command writes outside the run, if it is not a training.
    pub fn result(self) -> Option<&'static str> {
        match self {
            Self::Train | Self::Resume => None,
            Self::Sample => Some("runs/samples.csv"),
            Self::Average => Some("runs/average/network/diffusion_pytorch_model.safetensors"),
        }
    }
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
        // A measurement would make results depend on the load of the machine.
        command.env("TWEEDIE_AUTO", "rule");
        for name in ["RUST_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "LD_PRELOAD"] {
            command.env_remove(name);
        }
        command
    }

    /// The command for a work in a folder. `run` is the run that is read; a new one is created in `runs`.
    pub fn command(&self, work: Work, folder: &Path, run: &Path) -> Command {
        let mut command = self.tweedie(folder);
        match work {
            Work::Train => {
                command.args(["train", "--preset", "points", "--device", "cpu", "--threads", "1"]);
                for setting in SETTINGS {
                    command.args(["--set", setting]);
                }
                command.args(["--runs", "runs", "--set", &format!("training.images={POINTS}")]);
            }
            Work::Resume => {
                command.args(["train", "--device", "cpu", "--threads", "1", "--resume"]).arg(run);
            }
            Work::Sample => {
                command.arg("sample").arg(run).args([
                    "-n",
                    "4",
                    "--device",
                    "cpu",
                    "--out",
                    "runs/samples.csv",
                ]);
            }
            Work::Average => {
                command.arg("ema").arg(run).args(["--std", "0.095", "--out", "runs/average"]);
            }
        }
        command
    }

    /// Trains a new run that stops half-way.
    pub fn train_half(&self, folder: &Path) -> Command {
        let mut command = self.command(Work::Train, folder, Path::new(""));
        command.args(["--set", &format!("training.images={HALF}")]);
        command
    }
}
