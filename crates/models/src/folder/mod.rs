//! The files of a checkpoint folder: `tweedie.json`, and the layout of `diffusers` for networks that it supports.

mod card;
mod declaration;
mod find;
mod fit;
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
/// The file name of a component's configuration, also in the flat layout.
pub(crate) const CONFIG: &str = "config.json";
/// The file name of a component's weights.
pub(crate) const WEIGHTS: &str = "diffusion_pytorch_model.safetensors";
pub(crate) const SCHEDULER: &str = "scheduler/scheduler_config.json";
/// The file name of the model card of a checkpoint folder.
pub const CARD: &str = "README.md";
pub(crate) const DECLARATION: &str = "tweedie.json";
/// The subfolder of the encoder of several conditions.
pub(crate) const ENCODER: &str = "condition_encoder";

/// The version of `diffusers` whose layout is written.
pub(crate) const DIFFUSERS: &str = "0.42.1";
