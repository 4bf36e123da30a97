//! Models: a network, the process it was trained on, and how its output is read. A model is a denoiser at *any* level; a
//! [`Classifier`] of noisy pictures guides one.
//!
//! [`Model::load`] opens a checkpoint folder, ours or one that `diffusers` saved; [`Model::save`] writes one that
//! `diffusers` opens. [`sampling`] turns a checkpoint's wishes and a user's into a path and a sampler.

mod classifier;
mod denoise;
mod description;
mod folder;
mod load;
mod model;
mod noise;
mod parts;
mod pixels;
pub mod sampling;
mod save;

pub use classifier::{ClassGuide, Classifier, ClassifierDescription};
pub use denoise::Conditioned;
pub use description::{DataRange, Description, LearnedVariance, Standardization, TrainingSummary};
pub use folder::Kind;
pub use model::Model;
pub use noise::TorchNoise;
pub use pixels::{from_array, from_pixels, to_array, to_pixels};
pub use save::{Snapshot, bytes_of, tensor_of};

use std::path::PathBuf;

/// What can be wrong with a model or its folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of the checkpoint.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// The network's configuration or input.
    #[error(transparent)]
    Network(#[from] tweedie_networks::Error),
    /// Schedules, levels, readings.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// Sampling.
    #[error(transparent)]
    Sampler(#[from] tweedie_samplers::Error),
    /// LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// A folder that is no checkpoint.
    #[error("{} is not a checkpoint: {reason}", path.display())]
    NotACheckpoint {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A folder that holds another kind of model.
    #[error("{} holds {found}; {wanted} is needed here", path.display())]
    OtherKind {
        /// The folder.
        path: PathBuf,
        /// What lies there.
        found: Kind,
        /// What was to be opened.
        wanted: Kind,
    },
    /// A configuration file that cannot be read or says what is not implemented.
    #[error("{}: {reason}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A wish that does not fit the model.
    #[error("{0}")]
    Wish(String),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
