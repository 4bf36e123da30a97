//! Diffusion models: denoisers and classifiers built from networks.
//!
//! A [`Backbone`] evaluates a network and describes its process, its data and its classes. A [`Model`] interprets the output as a
//! denoiser at any noise level. A [`Classifier`] of noisy images interprets it as p(y | x_t) and guides a sampler.
//!
//! [`Model::load`] loads a checkpoint folder of this workspace or of `diffusers`. [`Model::save`] writes a folder that `diffusers` can
//! load if it supports the network. [`sampling`] turns a sampling configuration into a path and a sampler.

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
pub use backbone::{Backbone, Call, Condition, Output, Replicas};
pub use classifier::{ClassGuide, Classifier};
pub use denoiser::{Conditioned, Description, Model, VariancePrediction};
pub use error::Error;
pub use folder::{CARD, Kind, LoadOptions, ProcessChoice, Snapshot, WeightsChoice, bytes_of, tensor_of};
pub use noise::TorchNoise;
pub use values::{from_array, from_pixels, to_array, to_pixels};
