//! Files and folders appear whole or not at all, nothing unfinished stays, and only regular files are read.

mod checksums;
mod error;
mod limits;
mod read;
mod staging;
mod write_file;

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tweedie_files::Error;

/// A path in a folder of the test's own, which is removed with the first value.
fn place(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// Asserts that a file or folder could not be read or written, in a sentence that names it.
#[track_caller]
fn failed_at(error: &Error, path: &Path) {
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error} lacks {}", path.display());
}
