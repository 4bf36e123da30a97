//! Data sets for diffusion models: images as u8, arrays and points as f32. No LibTorch.
//!
//! A [`Dataset`] returns examples by index. [`Shapes`] is an endless, deterministic set of generated images with an analyser that
//! recovers their attributes. [`ImageFiles`] reads images of any size from a folder, a tar or a zip, with classes and captions from
//! folders and label files. [`Idx`], [`Cifar`] and [`Nouns`] read the file formats of these sets, and [`Arrays`] reads numbers that
//! are not pixels. [`Points`] are built-in two-dimensional sets; [`PointFile`] reads points from a table, and [`points_text`] writes
//! one. [`MemoryCache`] and [`DiskCache`] keep decoded images, and [`split`] holds examples out by the hash of their name. [`Loader`]
//! makes batches on its own threads, in an order that depends only on the seed and the number of examples shown.

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

/// The errors of data sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file whose content cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The problem, as the end of a sentence.
        reason: String,
    },
    /// A file that is not an image, or a damaged image.
    #[error("{name} is not an image that can be decoded: {reason}")]
    Image {
        /// The path of the file. The path of a file in an archive begins with that of the archive.
        name: String,
        /// The problem, as the end of a sentence.
        reason: String,
    },
    /// An error of the safetensors file that contains arrays.
    #[error(transparent)]
    Tensors(#[from] tweedie_weights::Error),
    /// A path without the files of a data set.
    #[error("{} is not a data set: {reason}", path.display())]
    NoData {
        /// The path.
        path: PathBuf,
        /// The problem, as the end of a sentence.
        reason: String,
    },
    /// A parameter outside its range.
    #[error("{name} is {found}; it must be {allowed}")]
    Parameter {
        /// The name of the parameter.
        name: &'static str,
        /// The value that was found.
        found: String,
        /// The allowed values.
        allowed: String,
    },
    /// A row of a table that cannot be used.
    #[error("{}, line {line}{}: {reason}", path.display(), column.as_ref().map(|name| format!(", column {name}")).unwrap_or_default())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The name of the column, if a single column is at fault.
        column: Option<String>,
        /// The problem, as the end of a sentence.
        reason: String,
    },
    /// A column or class that a table does not have.
    #[error("{} has no {what} {found}; it has {known}{}", path.display(), nearest.as_ref().map(|name| format!(" (did you mean {name}?)")).unwrap_or_default())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The kind of name: "column" or "class".
        what: &'static str,
        /// The requested name.
        found: String,
        /// The names that exist.
        known: String,
        /// The most similar existing name, if one is similar.
        nearest: Option<String>,
    },
    /// An error of the function given to [`Loader::with`].
    #[error(transparent)]
    Prepare(Box<dyn std::error::Error + Send + Sync>),
    /// The progress callback of the caller stopped the work.
    #[error("the work was stopped")]
    Stopped,
    /// A thread of the loader has ended.
    #[error("the loader's thread stopped: {0}")]
    Loader(String),
}
