//! The files of a checkpoint folder, as `diffusers` lays them out.

pub(crate) mod card;
mod find;
pub(crate) mod json;
mod kind;
pub(crate) mod scheduler;

pub(crate) use find::Files;
pub use kind::Kind;

pub(crate) const MODEL_INDEX: &str = "model_index.json";
pub(crate) const UNET_CONFIG: &str = "unet/config.json";
pub(crate) const UNET_WEIGHTS: &str = "unet/diffusion_pytorch_model.safetensors";
/// The configuration's name in the flat layout.
pub(crate) const FLAT_CONFIG: &str = "config.json";
pub(crate) const CLASSIFIER_CONFIG: &str = "classifier/config.json";
pub(crate) const CLASSIFIER_WEIGHTS: &str = "classifier/diffusion_pytorch_model.safetensors";
pub(crate) const SCHEDULER: &str = "scheduler/scheduler_config.json";
pub(crate) const CARD: &str = "README.md";
pub(crate) const DESCRIPTION: &str = "tweedie.json";

/// The version of `diffusers` whose layout this is.
pub(crate) const DIFFUSERS: &str = "0.42.1";
