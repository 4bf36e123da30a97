//! Data sets for image models, as u8 pictures: no LibTorch.
//!
//! A [`Dataset`] gives examples by index. [`Shapes`] is drawn by code, endless and deterministic, and comes with an analyser
//! that reads a picture's attributes back; [`ImageFiles`] reads pictures of any size from a folder, a tar or a zip; [`Idx`],
//! [`Cifar`] and [`Nouns`] read those sets' own files, [`Arrays`] numbers that are no pixels. [`MemoryCache`] and
//! [`DiskCache`] keep what was decoded, [`split`] sets pictures apart by the hash of their name. [`Loader`] makes batches on
//! threads of its own, in an order that depends on the seed and the image count alone.

mod arrays;
mod cache;
mod cifar;
mod dataset;
mod files;
mod identity;
mod idx;
mod images;
mod loader;
mod nouns;
mod order;
pub mod shapes;
mod split;
mod values;

pub use arrays::Arrays;
pub use cache::{DiskCache, MemoryCache};
pub use cifar::Cifar;
pub use dataset::Dataset;
pub use identity::DataIdentity;
pub use idx::Idx;
pub use images::{BadFiles, Fit, ImageFiles, ImageOptions, Pixels, decode, fit};
pub use loader::{Batch, Loader};
pub use nouns::Nouns;
pub use order::Order;
pub use shapes::Shapes;
pub use split::{Part, split};
pub use values::{Example, Shape, Values};

use std::path::PathBuf;

/// What can be wrong with data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that does not hold what it should.
    #[error("{} cannot be used: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no picture, or a damaged one.
    #[error("{name} is no picture that can be read: {reason}")]
    Picture {
        /// Its name, inside the archive where it lies in one.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Weights' files, which arrays lie in.
    #[error(transparent)]
    Tensors(#[from] tweedie_weights::Error),
    /// A folder without the files that make a data set.
    #[error("{} holds no data set: {reason}", path.display())]
    NoData {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// A parameter outside its range.
    #[error("{name} is {found}; it must be {allowed}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// The loader's thread is gone.
    #[error("the loader's thread stopped: {0}")]
    Loader(String),
}
