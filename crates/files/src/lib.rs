//! Atomic writing of files and folders, and careful reading: a reader finds a complete file or folder, or none.
//!
//! [`write_file`] writes one file under a temporary name, syncs it and renames it into place. [`Staging`] does the same for
//! a folder of several files. [`check_writable`] checks before long work whether its result can be written.
//! [`remove_stale`] removes the unfinished files and folders of interrupted writers.
//!
//! [`open_regular`], [`read_bytes`] and [`read_text`] read regular files within a size, so that neither a FIFO nor a device stops the
//! program. [`is_there`] tests for a name. [`checksums_below`] and [`verify`] detect damage.

mod checksums;
mod file;
mod read;
mod staging;

pub use checksums::{Checksums, checksum_of, checksum_of_bytes, checksums_below, verify};
pub use file::{check_writable, remove_stale, write_file, write_synced};
pub use read::{MOST_LOG, MOST_SETTINGS, is_there, open_regular, read_bytes, read_text};
pub use staging::Staging;

use std::path::PathBuf;

/// A file or folder that cannot be read, written, replaced or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation of the operating system failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// The operation, such as "cannot write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file differs from its checksum.
    #[error("{} does not match its checksum: it was changed or damaged after it was written", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
    },
}

impl Error {
    /// Returns a function that converts a [`std::io::Error`] into this error, for `map_err`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the path of a new folder is already taken.
    pub fn is_taken(&self) -> bool {
        use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), AlreadyExists | DirectoryNotEmpty))
    }

    /// Whether the disk, or the process' quota on it, is full.
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge),
            Self::Checksum { .. } => false,
        }
    }
}
