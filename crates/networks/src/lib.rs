//! Networks: functions of (x, time, condition). They know no schedule, loss or sampler.
//!
//! A [`Network`] is built from a configuration into a set of named [`Parameters`], so that names are unique by construction and their
//! order is the order of construction. Layers hold handles to the same tensors. A [`Pass`] gives the precision of a forward pass,
//! whether it trains and which derivatives are wanted. A [`Registry`] maps class names to constructors, so that a network of your own
//! is saved and loaded like those of this crate.

mod condition;
mod condition_encoder;
pub mod features;
pub mod layers;
mod network;
mod noisy_classifier;
mod parameters;
mod pass;
mod plan;
mod point_mlp;
mod registry;
pub mod unet;

pub use condition::Condition;
pub use condition_encoder::{ConditionEncoder, ConditionEncoderConfig};
pub use network::{Accepts, Input, Network};
pub use noisy_classifier::{NoisyClassifier, NoisyClassifierConfig};
pub use parameters::{Init, Parameter, Parameters, Scope};
pub use pass::{Derivatives, Pass};
pub use plan::{Operation, Plan, PlannedParameter};
pub use point_mlp::{PointMlp, PointMlpConfig};
pub use registry::{Build, Registry};
pub use unet::{UNet, UNetConfig};

/// What is wrong with a configuration or with a network's input.
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
    /// A configuration that cannot be read.
    #[error("network configuration: {0}")]
    Json(String),
    /// A class name that no registry entry has.
    #[error("the network is a {found}; the classes that can be built are {known}")]
    UnknownClass {
        /// The class name.
        found: String,
        /// The names that the registry knows.
        known: String,
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

/// A configuration from a JSON object.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(config: &serde_json::Value) -> Result<T, Error> {
    T::deserialize(config).map_err(|error| Error::Json(error.to_string()))
}
