//! The lock that lets only one process train a run. The operating system releases it when the process ends.

use super::failed;
use crate::Error;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// The lock on a run's folder, held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Whether a process holds the lock of a run.
    pub(super) fn is_held(run: &Path) -> bool {
        let file = File::open(run.join("lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    pub(super) fn take(run: &Path) -> Result<Self, Error> {
        let path = run.join("lock");
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(failed("cannot open", &path))?;
        let mut lock = file.try_lock();
        if matches!(lock, Err(TryLockError::WouldBlock)) {
            // A process that lists runs holds the lock for a moment.
            std::thread::sleep(std::time::Duration::from_millis(20));
            lock = file.try_lock();
        }
        match lock {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                let owner =
                    if owner.trim().is_empty() { "another process".into() } else { owner.trim().to_string() };
                return Err(Error::Owned { run: run.to_path_buf(), owner });
            }
            Err(TryLockError::Error(source)) => return Err(failed("cannot lock", &path)(source)),
        }
        // The holder's name is only for the error message of another process.
        let _ = file.set_len(0).and_then(|()| write!(file, "process {}", std::process::id()));
        Ok(Self { _file: file })
    }
}
