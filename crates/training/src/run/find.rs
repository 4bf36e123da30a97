//! Runs and checkpoints by their numbers, and what became of them.

use super::failed;
use super::lock::Lock;
use crate::Error;
use std::path::{Path, PathBuf};

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A process trains it now.
    Running,
    /// All images were seen.
    Finished,
    /// It can go on.
    Interrupted,
}

/// The state of a run that is to see so many images.
pub fn run_state(run: &Path, images: u64) -> State {
    if Lock::is_held(run) {
        return State::Running;
    }
    let newest = checkpoints_in(&run.join("checkpoints")).ok().and_then(|mut found| found.pop());
    if newest.is_some_and(|(at, _)| at >= images) { State::Finished } else { State::Interrupted }
}

/// The checkpoints in a folder by images seen, the newest last; unfinished ones are not among them.
///
/// # Errors
/// [`Error::Run`] when the folder cannot be read.
pub fn checkpoints_in(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    numbered_in(folder)
}

/// What lies in a folder under a number (an extension may follow), in its order.
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

/// One more than the greatest number that a run's name begins with.
pub(super) fn next_number(runs: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(runs) else { return 0 };
    let numbers = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().to_string();
        name.split('-').next()?.parse::<u64>().ok()
    });
    numbers.max().map_or(0, |greatest| greatest + 1)
}
