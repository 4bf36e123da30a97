//! Weight files, without LibTorch.
//!
//! [`TensorFile`] reads a `.safetensors` file one tensor at a time; [`compare`] says which names and shapes differ from what
//! is expected; [`Staging`] writes a folder aside and puts it in place whole, or not at all.

mod compare;
mod staging;
mod tensors;

pub use compare::{Expected, compare};
pub use staging::{Staging, remove_stale, write_file};
pub use tensors::{DataType, TensorBytes, TensorFile, TensorInfo, tensor_file_bytes, write_tensors};

use std::path::PathBuf;

/// What can be wrong with a file of weights, or with writing one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that cannot be read or written.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as "cannot read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that is not safetensors, or damaged.
    #[error("{} is not a whole safetensors file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Names or shapes that are not those expected.
    #[error("{} does not fit the network: {differences}", path.display())]
    Names {
        /// The file.
        path: PathBuf,
        /// Every difference.
        differences: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the disk, or the process' allowance on it, is full.
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge))
    }
}
