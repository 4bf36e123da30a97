//! The lock that lets only one process train a run. The operating system releases it when the process ends.

use super::failed;
use crate::Error;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The lock on a run's folder, held until it is dropped or the process ends.
///
/// Both the folder and the file `lock` in it are locked. The lock of the folder stays if the file is removed; the lock of the file also
/// works on file systems that do not lock folders.
#[derive(Debug)]
pub(super) struct Lock {
    run: PathBuf,
    folder: File,
    _file: File,
}

/// The greatest number of bytes that are read of the holder's name.
const MOST: u64 = 100;

impl Lock {
    /// Whether a process holds the lock of a run.
    pub(super) fn is_held(run: &Path) -> bool {
        let held = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        File::open(run).is_ok_and(held) || tweedie_files::open_regular(&run.join("lock")).is_ok_and(held)
    }

    pub(super) fn take(run: &Path) -> Result<Self, Error> {
        let path = run.join("lock");
        let folder = File::open(run).map_err(failed("cannot open", run))?;
        if tweedie_files::is_there(&path) {
            tweedie_files::open_regular(&path).map_err(failed("cannot open", &path))?;
        }
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(failed("cannot open", &path))?;
        let is_free = lock(&file).map_err(failed("cannot lock", &path))?;
        // Some file systems cannot lock a folder.
        if !is_free || matches!(lock(&folder), Ok(false)) {
            let mut owner = String::new();
            let _ = (&file).take(MOST).read_to_string(&mut owner);
            let owner =
                if owner.trim().is_empty() { "another process".into() } else { owner.trim().to_string() };
            return Err(Error::Owned { run: run.to_path_buf(), owner });
        }
        // The holder's name is only for the error message of another process.
        let _ = file.set_len(0).and_then(|()| write!(file, "process {}", std::process::id()));
        Ok(Self { run: run.to_path_buf(), folder, _file: file })
    }

    /// Fails if the path of the run no longer leads to the locked folder.
    pub(super) fn check(&self) -> Result<(), Error> {
        let identity = |of: std::io::Result<std::fs::Metadata>| of.map(|it| (it.dev(), it.ino())).ok();
        if identity(std::fs::metadata(&self.run)) == identity(self.folder.metadata()) {
            return Ok(());
        }
        Err(Error::Moved { run: self.run.clone() })
    }
}

/// Locks a file or a folder and returns whether that was possible.
fn lock(file: &File) -> std::io::Result<bool> {
    let mut locked = file.try_lock();
    if matches!(locked, Err(TryLockError::WouldBlock)) {
        // A process that lists runs holds the lock for a moment.
        std::thread::sleep(std::time::Duration::from_millis(20));
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
