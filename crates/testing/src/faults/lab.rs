//! What all trials share: the program, the injected library, and undisturbed runs to compare with.

use super::child::{Child, Ended};
use super::compare::{Outcome, Scope, differences, entries, outcome};
use super::inject::{Calls, Fault, compile};
use super::workload::{Workload, last_checkpoint};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The name of the workload's run in the folder `runs`.
pub const RUN: &str = "runs/00000-points";

/// What all trials share.
#[derive(Debug)]
pub struct Lab {
    /// The program under test.
    pub workload: Workload,
    /// The folder of the trials.
    pub scratch: PathBuf,
    /// The library that injects faults, or the reason why there is none.
    pub library: Result<PathBuf, String>,
    /// A complete run.
    pub whole: PathBuf,
    /// A run that was stopped half-way.
    pub half: PathBuf,
    /// What the complete run computed.
    pub expected: Outcome,
    /// Samples of the complete run and of the half-way run.
    pub samples: [Vec<u8>; 2],
    /// The weights of an average of the complete run and of the half-way run.
    pub averages: [Vec<u8>; 2],
    /// The time of a complete run.
    pub time: Duration,
    /// The file-system calls of a complete run, and of resuming the half-way run.
    pub calls: [Calls; 2],
}

impl Lab {
    /// Prepares a folder, which is emptied first, with undisturbed runs.
    ///
    /// # Errors
    /// A sentence if an undisturbed run fails, or if two such runs differ.
    pub fn prepare(binary: &Path, scratch: &Path) -> Result<Self, String> {
        let failed = |error: io::Error| format!("{} cannot be prepared: {error}", scratch.display());
        let _ = std::fs::remove_dir_all(scratch);
        std::fs::create_dir_all(scratch).map_err(failed)?;
        let scratch = scratch.canonicalize().map_err(failed)?;
        let binary = binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display()))?;
        let workload = Workload { binary };
        let library = compile(&scratch);
        let folders = ["whole", "half", "resumed"].map(|name| scratch.join("reference").join(name));
        let [whole, half, resumed] = &folders;
        for folder in [whole, half] {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let counted = |command, folder: &Path| run_counted(command, folder, &library);
        let (_, fresh) = counted(workload.train(whole), whole)?;
        run(&mut workload.train_half(half), half)?;
        // The configuration of the whole run makes it a run that was interrupted half-way.
        std::fs::copy(whole.join(RUN).join("config.toml"), half.join(RUN).join("config.toml"))
            .map_err(failed)?;
        copy(half, resumed).map_err(failed)?;
        let (ended, again) = counted(workload.resume(resumed, Path::new(RUN)), resumed)?;
        let time = run(&mut workload.train(&scratch.join("reference")), &scratch.join("reference"))?.time;
        let [expected, resumed] = [whole, resumed].map(|folder| outcome(&folder.join(RUN)));
        let expected = expected.map_err(failed)?;
        let differ = differences(&resumed.map_err(failed)?, &expected, Scope::Everything, &last_checkpoint());
        if !differ.is_empty() {
            let sentence = format!("an undisturbed run that is resumed differs in {}", differ.join(", "));
            return Err(ended.with_output(&sentence));
        }
        let (mut samples, mut averages) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for (i, folder) in [whole, half].into_iter().enumerate() {
            run(&mut workload.sample(folder, Path::new(RUN), SAMPLES), folder)?;
            run(&mut workload.average(folder, Path::new(RUN), AVERAGE), folder)?;
            samples[i] = std::fs::read(folder.join(SAMPLES)).map_err(failed)?;
            averages[i] = std::fs::read(folder.join(AVERAGE_WEIGHTS)).map_err(failed)?;
        }
        let [whole, half, _] = folders.map(|folder| folder.join(RUN));
        let calls = [fresh, again];
        Ok(Self { workload, scratch, library, whole, half, expected, samples, averages, time, calls })
    }

    /// Adds a line to the log of the trials.
    pub fn log(&self, line: &str) {
        let file = std::fs::File::options().create(true).append(true).open(self.scratch.join("log"));
        // The log is for a person who looks at the trials; no result depends on it.
        let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    }
}

/// The file of samples, the folder of an average, and the weights in it.
pub const SAMPLES: &str = "samples.csv";
pub const AVERAGE: &str = "average";
pub const AVERAGE_WEIGHTS: &str = "average/network/diffusion_pytorch_model.safetensors";

/// Runs an undisturbed command. Its failure is an error.
fn run(command: &mut Command, folder: &Path) -> Result<Ended, String> {
    let start = Child::start(command, folder, "undisturbed");
    let ended =
        start.and_then(Child::finish).map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    ended.check()?;
    if ended.is_success() { Ok(ended) } else { Err(ended.with_output("an undisturbed command failed")) }
}

/// Runs an undisturbed command and counts its file-system calls, if there is a library.
fn run_counted(
    mut command: Command,
    folder: &Path,
    library: &Result<PathBuf, String>,
) -> Result<(Ended, Calls), String> {
    let log = folder.join("calls.log");
    if let Ok(library) = library {
        Fault::NONE.apply(&mut command, library, &folder.join("runs"), &log);
    }
    let ended = run(&mut command, folder)?;
    Ok((ended, Calls::in_log(&std::fs::read_to_string(log).unwrap_or_default())))
}

/// Copies a folder with everything below it.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for path in entries(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        if path.is_dir() {
            std::fs::create_dir_all(target)?;
        } else {
            std::fs::copy(path, target)?;
        }
    }
    Ok(())
}
