//! The files of a checkpoint folder: `diffusers`' layout where it has such a network, and `tweedie.json` beside it.

mod card;
mod declaration;
mod find;
mod json;
mod kind;
mod load;
mod old_keys;
mod options;
mod pipeline;
mod save;
mod scheduler;
mod variants;

pub use kind::Kind;
pub use options::{LoadOptions, ProcessChoice, WeightsChoice};
pub use save::{Snapshot, bytes_of, tensor_of};

pub(crate) const MODEL_INDEX: &str = "model_index.json";
/// The configuration's name in its component, and in the flat layout.
pub(crate) const CONFIG: &str = "config.json";
/// The weights' name in their component.
pub(crate) const WEIGHTS: &str = "diffusion_pytorch_model.safetensors";
pub(crate) const SCHEDULER: &str = "scheduler/scheduler_config.json";
pub(crate) const CARD: &str = "README.md";
pub(crate) const DECLARATION: &str = "tweedie.json";
/// The component of an encoder of several conditions.
pub(crate) const ENCODER: &str = "condition_encoder";

/// The version of `diffusers` whose layout this is.
pub(crate) const DIFFUSERS: &str = "0.42.1";
