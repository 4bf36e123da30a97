//! The files of a checkpoint folder, as `diffusers` lays them out.

pub(crate) mod card;
mod find;
pub(crate) mod json;
pub(crate) mod scheduler;

pub(crate) use find::Files;

pub(crate) const MODEL_INDEX: &str = "model_index.json";
pub(crate) const UNET_CONFIG: &str = "unet/config.json";
pub(crate) const UNET_WEIGHTS: &str = "unet/diffusion_pytorch_model.safetensors";
pub(crate) const SCHEDULER: &str = "scheduler/scheduler_config.json";
pub(crate) const CARD: &str = "README.md";
pub(crate) const DESCRIPTION: &str = "tweedie.json";

/// The version of `diffusers` whose layout this is.
pub(crate) const DIFFUSERS: &str = "0.42.1";
