//! Data sets for image models, as u8 pictures: no LibTorch.
//!
//! A [`Dataset`] gives examples by index. [`Shapes`] is drawn by code, endless and deterministic, and comes with an analyser
//! that reads a picture's attributes back; [`Idx`] reads the MNIST family's files. [`Loader`] makes batches on a thread of
//! its own, in an order that depends on the seed and the image count alone.

mod dataset;
mod idx;
mod loader;
mod order;
pub mod shapes;

pub use dataset::{Dataset, Example, Shape};
pub use idx::Idx;
pub use loader::{Batch, Loader};
pub use order::Order;
pub use shapes::Shapes;

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
    #[error("{} is not a whole IDX file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
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
        allowed: &'static str,
    },
    /// The loader's thread is gone.
    #[error("the loader's thread stopped: {0}")]
    Loader(String),
}
