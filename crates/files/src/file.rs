//! Atomic replacement of single files.

use crate::Error;
use crate::read::check_regular;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The suffix of the names of unfinished files and folders.
pub(crate) const PARTIAL: &str = ".partial";

/// Writes a file under a temporary name, syncs it, and renames it into place. Its folder must exist. Only a regular file is replaced.
///
/// # Errors
/// [`Error::Io`] if the path is a folder, a FIFO or a device, or if the file cannot be written, synced or renamed. If it was not yet renamed, an existing file at the path is unchanged.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    check_replaceable(path)?;
    let partial = partial_name(path);
    let result = write_synced(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path).map_err(Error::io("cannot put in place", path)))
        .and_then(|()| sync_parent(path));
    if result.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    result
}

/// Checks whether [`write_file`] can write a path, for use before long work. It does not detect a full disk.
///
/// # Errors
/// [`Error::Io`] if the path is a folder, a FIFO or a device, or no file can be created beside it.
pub fn check_writable(path: &Path) -> Result<(), Error> {
    check_replaceable(path)?;
    let partial = partial_name(path);
    File::create(&partial).map_err(Error::io("cannot write", path))?;
    remove(&partial)
}

/// Fails if a path is something else than a regular file. A rename would replace a device such as `/dev/null` by a file.
fn check_replaceable(path: &Path) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(found) => check_regular(found.file_type()).map_err(Error::io("cannot write", path)),
        Err(_) => Ok(()),
    }
}

/// Removes the unfinished files and folders that interrupted writers left in a folder. It does nothing if the folder does not exist.
///
/// # Errors
/// [`Error::Io`] if one of them cannot be removed.
pub fn remove_stale(folder: &Path) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().ends_with(PARTIAL) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file under its final name and syncs it to disk. Use it inside a [`Staging`](crate::Staging) folder, which is put in
/// place as a whole; elsewhere use [`write_file`].
///
/// # Errors
/// [`Error::Io`] if the file cannot be created, written or synced.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(Error::io("cannot write", path))
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_string()
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn partial_name(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}{PARTIAL}", file_name(path)))
}

pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    // A link to a folder is removed, not the folder.
    let is_folder = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let result = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("cannot remove", path)(error))
        }
        _ => Ok(()),
    }
}

pub(crate) fn sync_parent(path: &Path) -> Result<(), Error> {
    let parent = parent_of(path);
    File::open(parent).and_then(|file| file.sync_all()).map_err(Error::io("cannot sync", parent))
}
