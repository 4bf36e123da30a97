//! What all trials share: the program, the injected library, and undisturbed runs to compare with.

use super::child::{Child, Ended};
use super::compare::{Outcome, Scope, differences, entries, outcome};
use super::inject::{Calls, Fault, compile};
use super::workload::{Work, Workload, last_checkpoint};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
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
    /// Locked until the campaign ends, because another campaign would empty the folder.
    _lock: File,
    /// The library that injects faults, or the reason why there is none.
    pub library: Result<PathBuf, String>,
    /// A complete run.
    pub whole: Undisturbed,
    /// A run that was stopped half-way.
    pub half: Undisturbed,
    /// The time of a complete training.
    pub time: Duration,
    /// The file-system calls of each command, which reads the half-way run.
    pub calls: BTreeMap<Work, Calls>,
}

/// An undisturbed run.
#[derive(Debug)]
pub struct Undisturbed {
    /// Its folder.
    pub run: PathBuf,
    /// What it computed.
    pub outcome: Outcome,
    /// The results of the commands that read it.
    pub results: BTreeMap<Work, Vec<u8>>,
}

impl Lab {
    /// Prepares a folder, which is emptied first, with undisturbed runs.
    ///
    /// # Errors
    /// A sentence if an undisturbed command fails, or if a run that is resumed differs from one that is not.
    pub fn prepare(binary: &Path, scratch: &Path) -> Result<Self, String> {
        let failed = |error: io::Error| format!("{} cannot be prepared: {error}", scratch.display());
        let lock = lock(&scratch.with_extension("lock"))?;
        let _ = std::fs::remove_dir_all(scratch);
        let folders = ["whole", "half", "resumed"].map(|name| scratch.join("reference").join(name));
        for folder in &folders {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let scratch = scratch.canonicalize().map_err(failed)?;
        let [whole, half, resumed] = folders.map(|folder| folder.canonicalize().unwrap_or(folder));
        let binary = binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display()))?;
        let workload = Workload { binary };
        let library = compile(&scratch);
        let mut calls = BTreeMap::new();
        let mut counted = |work, folder: &Path| {
            let command = workload.command(work, folder, Path::new(RUN));
            let (ended, n) = run_counted(command, folder, &library)?;
            calls.insert(work, n);
            Ok::<Ended, String>(ended)
        };
        counted(Work::Train, &whole)?;
        run(&mut workload.train_half(&half), &half)?;
        // The configuration of the whole run makes it a run that was interrupted half-way.
        std::fs::copy(whole.join(RUN).join("config.toml"), half.join(RUN).join("config.toml"))
            .map_err(failed)?;
        copy(&half, &resumed).map_err(failed)?;
        for folder in [&whole, &half] {
            counted(Work::Sample, folder)?;
            counted(Work::Average, folder)?;
        }
        let ended = counted(Work::Resume, &resumed)?;
        let mut timed = workload.command(Work::Train, &scratch.join("reference"), Path::new(""));
        let time = run(&mut timed, &scratch.join("reference"))?.time;
        let [whole, half] = [whole, half].map(|folder| Undisturbed::read(&folder));
        let (whole, half) = (whole.map_err(failed)?, half.map_err(failed)?);
        let resumed = outcome(&resumed.join(RUN)).map_err(failed)?;
        let differ = differences(&resumed, &whole.outcome, Scope::Everything, &last_checkpoint());
        if !differ.is_empty() {
            let sentence = format!("an undisturbed run that is resumed differs in {}", differ.join(", "));
            return Err(ended.with_output(&sentence));
        }
        Ok(Self { workload, scratch, _lock: lock, library, whole, half, time, calls })
    }

    /// Adds a line to the log of the trials.
    pub fn log(&self, line: &str) {
        let file = File::options().create(true).append(true).open(self.scratch.join("log"));
        // The log is for a person who looks at the trials; no result depends on it.
        let _ = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    }
}

/// Creates a file if necessary and locks it.
fn lock(path: &Path) -> Result<File, String> {
    let failed = |error: io::Error| format!("{} cannot be locked: {error}", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let file = File::options().create(true).append(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!("another campaign holds {}", path.display())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

impl Undisturbed {
    /// Reads the run and the results in a folder.
    fn read(folder: &Path) -> io::Result<Self> {
        let run = folder.join(RUN);
        let mut results = BTreeMap::new();
        for work in [Work::Sample, Work::Average] {
            results.insert(work, std::fs::read(folder.join(work.result().unwrap_or_default()))?);
        }
        Ok(Self { outcome: outcome(&run)?, run, results })
    }
}

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
    let _ = std::fs::remove_file(&log);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_campaign_uses_a_folder() {
        let path = std::env::temp_dir().join(format!("tweedie-campaign-{}.lock", std::process::id()));
        let first = lock(&path).unwrap();
        assert!(lock(&path).unwrap_err().contains("another campaign"));
        drop(first);
        assert!(lock(&path).is_ok());
        std::fs::remove_file(path).unwrap();
    }
}
