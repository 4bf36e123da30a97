//! Reading and writing files of weights, without LibTorch.
//!
//! [`TensorFile`] reads a `.safetensors` file one tensor at a time. [`PickleFile`] reads a `.bin` file of PyTorch without executing
//! code. [`Weights`] reads a file of either [`Format`], or several shards. [`compare`] reports names and shapes that differ from the
//! expected ones, and [`modern_name`] maps older names to current ones.

mod compare;
mod data_type;
mod format;
mod keys;
mod pickle;
mod prefix;
mod tensors;
mod weights;

pub use compare::{Expected, compare};
pub use data_type::DataType;
pub use format::{Format, is_lfs_pointer};
pub use keys::modern_name;
pub use pickle::{PickleFile, PickledTensor};
pub use prefix::common_prefix;
pub use tensors::{TensorBytes, TensorFile, TensorInfo, tensor_file_bytes, write_tensors};
pub use weights::Weights;

use std::path::PathBuf;

/// Errors of reading or writing files of weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be written.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// A file that cannot be read.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// The action that failed, such as "cannot read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that is not a valid safetensors file.
    #[error("{} is not a valid safetensors file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A pointer of Git LFS instead of a file that was not fetched.
    #[error("{} is a Git LFS pointer instead of a file of weights; run `git lfs pull` in its repository", path.display())]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// A file of another format.
    #[error("{} is {found}, not a file of weights; only safetensors and PyTorch files are supported", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: &'static str,
    },
    /// A `.bin` file that is damaged, not a file of weights, or contains more than tensors.
    #[error("{} is not a readable file of weights: {reason}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// Shards that do not contain the tensors listed in their index.
    #[error("the shards of {} are invalid: {reason}", path.display())]
    Shards {
        /// The index.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// Names or shapes that differ from the expected ones.
    #[error("{} does not fit the network: {differences}", path.display())]
    Names {
        /// The file.
        path: PathBuf,
        /// All differences.
        differences: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the cause is a full disk or an exceeded quota.
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Files(error) => error.is_disk_full(),
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge),
            _ => false,
        }
    }
}
