//! Models: networks with a meaning.
//!
//! A [`Backbone`] is a network with its process, its data and its classes, and the only place where a network is evaluated. A [`Model`]
//! reads its output as a denoiser at any noise level; a [`Classifier`] of noisy images reads it as p(y | x_t) and guides a sampler.
//!
//! [`Model::load`] opens a checkpoint folder, ours or one that `diffusers` saved; [`Model::save`] writes one that `diffusers` opens
//! where it has such a network. [`sampling`] turns a checkpoint's sampling configuration into a path and a sampler.

mod about;
mod backbone;
mod classifier;
mod denoiser;
mod error;
mod folder;
mod noise;
pub mod sampling;
mod values;

pub use about::{About, DataRange, Standardization, TrainingSummary};
pub use backbone::{Backbone, Call, Condition, Output};
pub use classifier::{ClassGuide, Classifier};
pub use denoiser::{Conditioned, Description, Model, VariancePrediction};
pub use error::Error;
pub use folder::{Kind, LoadOptions, ProcessChoice, Snapshot, WeightsChoice, bytes_of, tensor_of};
pub use noise::TorchNoise;
pub use values::{from_array, from_pixels, to_array, to_pixels};
