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
        Some(run) if tweedie_files::is_there(&run.join(CONFIG)) => {
            let run = if run.as_os_str().is_empty() { Path::new(".") } else { run };
            (run.to_path_buf(), Some(path.to_path_buf()))
        }
        _ => (path.to_path_buf(), None),
    }
}

/// The checkpoint of a run after `images` images.
///
/// # Errors
/// [`Error::NoCheckpoint`] if there is none; [`Error::Run`] if the folder cannot be read.
pub fn checkpoint_at(run: &Path, images: u64) -> Result<PathBuf, Error> {
    let all = checkpoints_in(&run.join("checkpoints"))?;
    let found = all.iter().find(|(at, _)| *at == images).map(|(_, path)| path.clone());
    found.ok_or_else(|| Error::NoCheckpoint {
        run: run.to_path_buf(),
        images,
        found: all.iter().map(|(at, _)| *at).collect(),
    })
}

/// Renames a checkpoint or a log so that it no longer counts as one, and returns its new path. Nothing of it is lost.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_string();
    let numbered = (2..).map(|n| format!("{name}.{n}.{SET_ASIDE}"));
    let names = std::iter::once(format!("{name}.{SET_ASIDE}")).chain(numbered);
    let free = { names }.map(|name| path.with_file_name(name)).find(|path| !tweedie_files::is_there(path));
    let target = free.unwrap_or_else(|| path.with_extension(SET_ASIDE));
    std::fs::rename(path, &target).map_err(failed("cannot rename", path))?;
    Ok(target)
}

/// The end of the name of a checkpoint that was replaced by an older one, and of a damaged log.
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

/// Removes the folders that were left while a run was created: those named by a number, a name and `.partial`.
pub(super) fn remove_unfinished(runs: &Path) {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    for path in { entries }.map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_string();
        let number =
            name.strip_suffix(".partial").and_then(|name| name.split_once('-')).map(|(number, _)| number);
        if number.is_some_and(|number| number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_digit()))
        {
            // A folder that cannot be removed does no harm.
            let _ = std::fs::remove_dir_all(&path);
        }
    }
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
