//! Atomic writing of folders.

use crate::file::{PARTIAL, file_name, partial_name, remove, sync_parent, write_synced};
use crate::{Checksums, Error, checksums_below, is_there};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A folder that is written under a temporary name and put in place by [`Staging::commit`]. Dropping it before the commit removes the
/// folder.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    target: PathBuf,
    committed: bool,
}

impl Staging {
    /// Creates an empty folder beside `target`. Missing parents are created.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be created, or the folder of an interrupted writer cannot be removed.
    pub fn new(target: &Path) -> Result<Self, Error> {
        let folder = partial_name(target);
        remove(&folder)?;
        std::fs::create_dir_all(&folder).map_err(Error::io("cannot create", &folder))?;
        Ok(Self { folder, target: target.to_path_buf(), committed: false })
    }

    /// Returns the path of a file or folder below the unfinished folder. Its parents are created, but not the file or folder itself.
    ///
    /// # Errors
    /// [`Error::Io`] if a parent cannot be created.
    pub fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io("cannot create", parent))?;
        }
        Ok(path)
    }

    /// Writes a file below the unfinished folder and syncs it.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        write_synced(&self.path(name)?, bytes)
    }

    /// The checksums of all files that were written so far.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read.
    pub fn checksums(&self) -> Result<Checksums, Error> {
        checksums_below(&self.folder)
    }

    /// Puts the folder in place and returns its path, as [`Staging::commit`] does, unless the path exists.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be synced or put in place. [`Error::is_taken`] is true for it if the path exists.
    pub fn commit_new(mut self) -> Result<PathBuf, Error> {
        sync_folders(&self.folder)?;
        if is_there(&self.target) {
            let source = std::io::ErrorKind::AlreadyExists.into();
            return Err(Error::Io { action: "cannot create", path: self.target.clone(), source });
        }
        std::fs::rename(&self.folder, &self.target).map_err(Error::io("cannot create", &self.target))?;
        self.committed = true;
        sync_parent(&self.target)?;
        Ok(self.target.clone())
    }

    /// Puts the folder in place and returns its path. An existing file or folder at this path is removed after the new folder is in
    /// place.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be synced or put in place, or an old one cannot be removed. If the new folder was not put in
    /// place, the old one is restored.
    pub fn commit(mut self) -> Result<PathBuf, Error> {
        sync_folders(&self.folder)?;
        let old = self.target.with_file_name(format!("{}.replaced{PARTIAL}", file_name(&self.target)));
        let replaces = is_there(&self.target);
        if replaces {
            remove(&old)?;
            std::fs::rename(&self.target, &old).map_err(Error::io("cannot replace", &self.target))?;
        }
        if let Err(source) = std::fs::rename(&self.folder, &self.target) {
            if replaces {
                // The old folder is restored. An error here is ignored, because it would hide the cause.
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

/// Syncs a folder and all folders below it.
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
