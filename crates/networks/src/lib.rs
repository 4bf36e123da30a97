//! Networks: (x, time, condition) → output. They know nothing of schedules, losses or samplers.
//!
//! Every network is built from a configuration into a set of named [`Parameters`], so that names are unique by
//! construction and their order is the order of construction. Layers hold handles to the same tensors. A forward pass is
//! told its [`Pass`]: precision, whether it trains, and which form of attention it needs.

pub mod classifier;
pub mod layers;
mod parameters;
mod pass;
pub mod unet;

pub use classifier::{NoisyClassifier, NoisyClassifierConfig};
pub use parameters::{Parameter, Parameters, Scope};
pub use pass::{Attention, Pass};
pub use unet::{ClassCondition, UNet, UNetConfig};

/// What is wrong with a configuration or with what a network is given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration that describes no network.
    #[error("network configuration: {key} is {found}; {allowed}")]
    Config {
        /// The key's name.
        key: &'static str,
        /// What was found.
        found: String,
        /// What is allowed, as a sentence's end.
        allowed: String,
    },
    /// An input that the network cannot take.
    #[error("network input: {0}")]
    Input(String),
    /// A parameter name used twice.
    #[error("the parameter name {0} is used twice")]
    DuplicateName(String),
    /// LibTorch failed.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
