//! Data sets for diffusion models: images as u8, arrays and points as f32. No LibTorch.
//!
//! A [`Dataset`] gives examples by index. [`Shapes`] is drawn by code, endless and deterministic, and comes with an analyser
//! that reads an image's attributes back. [`ImageFiles`] reads images of any size from a folder, a tar or a zip. [`Idx`],
//! [`Cifar`] and [`Nouns`] read those sets' own files, and [`Arrays`] reads numbers that are not pixels. [`Points`] are
//! built-in two-dimensional sets; [`PointFile`] reads points from a table, and [`points_text`] writes one. [`MemoryCache`] and
//! [`DiskCache`] keep decoded images, and [`split`] holds examples out by the hash of their name. [`Loader`] makes batches on
//! its own threads, in an order that depends only on the seed and the number of examples shown.

mod arrays;
mod cache;
mod cifar;
mod dataset;
mod files;
mod identity;
mod idx;
mod images;
mod loader;
mod moments;
mod names;
mod nouns;
mod order;
mod points;
pub mod shapes;
mod split;
mod values;

pub use arrays::Arrays;
pub use cache::{DiskCache, MemoryCache};
pub use cifar::Cifar;
pub use dataset::Dataset;
pub use identity::DataIdentity;
pub use idx::Idx;
pub use images::{BadFiles, ClassSource, Fit, ImageFiles, ImageOptions, Pixels, SplitFolders, decode, fit};
pub use loader::{Batch, Loader};
pub use names::short_list;
pub use nouns::Nouns;
pub use order::Order;
pub use points::{PointFile, PointFileOptions, PointKind, Points, points_text};
pub use shapes::Shapes;
pub use split::{Part, Side, split};
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
    /// A file that is no image, or a damaged one.
    #[error("{name} is no image that can be read: {reason}")]
    Image {
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
    /// A row of a table that cannot be used.
    #[error("{}, line {line}{}: {reason}", path.display(), column.as_ref().map(|name| format!(", column {name}")).unwrap_or_default())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The column's name, where one column is at fault.
        column: Option<String>,
        /// What is wrong with it.
        reason: String,
    },
    /// A column or class that a table does not have.
    #[error("{} has no {what} {found}; it has {known}{}", path.display(), nearest.as_ref().map(|name| format!(" (did you mean {name}?)")).unwrap_or_default())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// "column" or "class".
        what: &'static str,
        /// The name that was asked for.
        found: String,
        /// The names that there are.
        known: String,
        /// The nearest of them, if one is near.
        nearest: Option<String>,
    },
    /// A batch that could not be prepared by the function given to [`Loader::with`].
    #[error(transparent)]
    Prepare(Box<dyn std::error::Error + Send + Sync>),
    /// The work was stopped by the caller's progress.
    #[error("the work was stopped")]
    Stopped,
    /// The loader's thread is gone.
    #[error("the loader's thread stopped: {0}")]
    Loader(String),
}
