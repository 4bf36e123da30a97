//! Files and folders that appear whole or not at all.

use crate::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the names of unfinished files and folders end in.
const PARTIAL: &str = ".partial";

/// A folder being written aside. Dropped before [`Staging::commit`], it disappears.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    target: PathBuf,
    committed: bool,
}

impl Staging {
    /// An empty folder beside `target`, whose parents are created.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(target: &Path) -> Result<Self, Error> {
        let folder = partial_name(target);
        remove(&folder)?;
        std::fs::create_dir_all(&folder).map_err(Error::io("cannot create", &folder))?;
        Ok(Self { folder, target: target.to_path_buf(), committed: false })
    }

    /// Where to write: a path below the unfinished folder, its parents created.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io("cannot create", parent))?;
        }
        Ok(path)
    }

    /// Writes a file to disk, synced.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        write_synced(&self.path(name)?, bytes)
    }

    /// Puts the folder in its place. What stood there before is removed after the new one is whole.
    ///
    /// # Errors
    /// [`Error::Io`]; the old folder is then still there.
    pub fn commit(mut self) -> Result<PathBuf, Error> {
        sync_folders(&self.folder)?;
        let old = self.target.with_file_name(format!("{}.replaced{PARTIAL}", file_name(&self.target)));
        let replaces = self.target.exists();
        if replaces {
            remove(&old)?;
            std::fs::rename(&self.target, &old).map_err(Error::io("cannot replace", &self.target))?;
        }
        if let Err(source) = std::fs::rename(&self.folder, &self.target) {
            if replaces {
                // Nothing is lost: the old folder goes back; its own failure would hide the cause.
                let _ = std::fs::rename(&old, &self.target);
            }
            return Err(Error::Io { action: "cannot put in place", path: self.target.clone(), source });
        }
        self.committed = true;
        sync_parent(&self.target)?;
        remove(&old)?;
        Ok(self.target.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.committed {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Writes a file under a temporary name, syncs it, and renames it into place.
///
/// # Errors
/// [`Error::Io`]; the file that stood there before is then untouched.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = partial_name(path);
    let result = write_synced(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path).map_err(Error::io("cannot put in place", path)))
        .and_then(|()| sync_parent(path));
    if result.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    result
}

/// Fails where [`write_file`] would, a full disk apart: better before long work than after it.
///
/// # Errors
/// [`Error::Io`].
pub fn check_writable(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::io("cannot write", path)(std::io::ErrorKind::IsADirectory.into()));
    }
    let partial = partial_name(path);
    File::create(&partial).map_err(Error::io("cannot write", path))?;
    remove(&partial)
}

/// Removes what interrupted writers left in a folder.
///
/// # Errors
/// [`Error::Io`].
pub fn remove_stale(folder: &Path) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().ends_with(PARTIAL) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(Error::io("cannot write", path))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_string()
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn partial_name(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}{PARTIAL}", file_name(path)))
}

fn remove(path: &Path) -> Result<(), Error> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("cannot remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn sync_folders(folder: &Path) -> Result<(), Error> {
    let sync = |path: &Path| {
        File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("cannot sync", path))
    };
    for entry in std::fs::read_dir(folder).map_err(Error::io("cannot read", folder))?.flatten() {
        if entry.path().is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync(folder)
}

fn sync_parent(path: &Path) -> Result<(), Error> {
    let parent = parent_of(path);
    File::open(parent).and_then(|file| file.sync_all()).map_err(Error::io("cannot sync", parent))
}
