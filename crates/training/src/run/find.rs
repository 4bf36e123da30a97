//! Finds runs and checkpoints by their numbers, and determines the state of a run.

use super::lock::Lock;
use super::{CONFIG, failed};
use crate::Error;
use std::path::{Path, PathBuf};

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A process is training the run.
    Running,
    /// Training is complete.
    Finished,
    /// Training is not complete and can be resumed.
    Interrupted,
}

/// The state of a run whose training ends after `images` images.
pub fn run_state(run: &Path, images: u64) -> State {
    if Lock::is_held(run) {
        return State::Running;
    }
    let newest = checkpoints_in(&run.join("checkpoints")).ok().and_then(|mut found| found.pop());
    if newest.is_some_and(|(at, _)| at >= images) { State::Finished } else { State::Interrupted }
}

/// The run that a path names, and the checkpoint of it: `RUN` names none, `RUN/checkpoints/N` names that one.
pub fn run_of(path: &Path) -> (PathBuf, Option<PathBuf>) {
    let run = path.parent().filter(|parent| parent.ends_with("checkpoints")).and_then(Path::parent);
    match run {
        Some(run) if run.join(CONFIG).is_file() => {
            let run = if run.as_os_str().is_empty() { Path::new(".") } else { run };
            (run.to_path_buf(), Some(path.to_path_buf()))
        }
        _ => (path.to_path_buf(), None),
    }
}

/// Renames a checkpoint so that it no longer counts as one; nothing of it is lost.
pub(super) fn set_aside(checkpoint: &Path) -> Result<(), Error> {
    let mut target = checkpoint.with_extension(SET_ASIDE);
    for n in 2.. {
        if !target.exists() {
            break;
        }
        target = checkpoint.with_extension(format!("{n}.{SET_ASIDE}"));
    }
    std::fs::rename(checkpoint, &target).map_err(failed("cannot rename", checkpoint))
}

/// The extension of a checkpoint that was replaced by an older one.
const SET_ASIDE: &str = "set-aside";

/// The complete checkpoints in a folder with their numbers of images seen, sorted with the newest last.
///
/// # Errors
/// [`Error::Run`] if the folder cannot be read.
pub fn checkpoints_in(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    numbered_in(folder)
}

/// The entries of a folder that are named by a number, with or without an extension, sorted by the number.
pub(super) fn numbered_in(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let entries = std::fs::read_dir(folder).map_err(failed("cannot read", folder))?;
    let numbered = |entry: std::fs::DirEntry| {
        let path = entry.path();
        let name = path.file_name()?.to_str()?;
        let name = [".png", ".safetensors"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        Some((name.parse::<u64>().ok()?, path))
    };
    let mut found: Vec<(u64, PathBuf)> = entries.flatten().filter_map(numbered).collect();
    found.sort();
    Ok(found)
}

/// The number for the next run: one more than the greatest number with which the name of a run begins.
pub(super) fn next_number(runs: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(runs) else { return 0 };
    let numbers = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().to_string();
        name.split('-').next()?.parse::<u64>().ok()
    });
    numbers.max().map_or(0, |greatest| greatest + 1)
}
