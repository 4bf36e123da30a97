//! Neural networks as functions of (x, time, condition), independent of schedules, losses and samplers.
//!
//! A [`Network`] is built from a configuration. Its tensors are named [`Parameters`] in the order of construction; each name is unique, and
//! layers hold handles to the same tensors. A [`Pass`] specifies the precision of a forward pass, whether it is for training and which
//! derivatives are needed. A [`Registry`] maps class names to constructors, so that user-defined networks are saved and loaded like the
//! networks of this crate.

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
pub use parameters::{Init, MOST_TENSORS, MOST_VALUES, Parameter, Parameters, Scope};
pub use pass::{Derivatives, Pass};
pub use plan::{Operation, OperationKind, Plan, PlannedParameter};
pub use point_mlp::{PointMlp, PointMlpConfig};
pub use registry::{Build, Registry};
pub use unet::{UNet, UNetConfig};

/// The errors of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of a configuration is not allowed.
    #[error("network configuration: {key} is {found}; {allowed}")]
    Config {
        /// The key's name.
        key: &'static str,
        /// What was found.
        found: String,
        /// What is allowed, as a clause.
        allowed: String,
    },
    /// A configuration cannot be read.
    #[error("network configuration: {0}")]
    Json(String),
    /// The registry has no class of this name.
    #[error("unknown network class {found}; the known classes are {known}")]
    UnknownClass {
        /// The class name.
        found: String,
        /// The class names in the registry.
        known: String,
    },
    /// The network cannot take an input.
    #[error("network input: {0}")]
    Input(String),
    /// A parameter name is used twice.
    #[error("the parameter name {0} is used twice")]
    DuplicateName(String),
    /// A network with too many parameters.
    #[error(
        "the network has more than {most} {what}, counted up to {name}; a network may have at most {most}"
    )]
    TooLarge {
        /// The things that are counted: tensors or values.
        what: &'static str,
        /// The greatest allowed number.
        most: usize,
        /// The parameter at which the number was exceeded.
        name: String,
    },
    /// A parameter with a negative side.
    #[error("the parameter {name} has the shape {shape:?}; no side may be negative")]
    Shape {
        /// The name.
        name: String,
        /// The shape.
        shape: Vec<i64>,
    },
    /// An error of LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}

/// Reads a configuration from a JSON object.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(config: &serde_json::Value) -> Result<T, Error> {
    T::deserialize(config).map_err(|error| Error::Json(error.to_string()))
}
