//! The registry, which builds networks by class name.
//!
//! A user-defined network is registered under its class name. It can then be built through the registry, trained and sampled as a model,
//! and loaded again through the same registry.
//!
//! ```
//! use serde_json::{Value, json};
//! use tch::{Device, Kind, Tensor};
//! use tweedie_networks::layers::{Linear, Start};
//! use tweedie_networks::{Accepts, Condition, Error, Input, Network, Parameters, Pass, Registry};
//!
//! /// An affine map of (x, y, time).
//! #[derive(Debug)]
//! struct Affine {
//!     parameters: Parameters,
//!     map: Linear,
//! }
//!
//! impl Affine {
//!     fn build(_config: &Value, mut parameters: Parameters) -> Result<Box<dyn Network>, Error> {
//!         let map = Linear::new(parameters.root().sub("map"), 3, 2, Start::Default)?;
//!         Ok(Box::new(Self { parameters, map }))
//!     }
//! }
//!
//! impl Network for Affine {
//!     fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
//!         let x = Tensor::cat(&[input.x, &input.time.unsqueeze(1)], 1);
//!         Ok(self.map.forward(&x, pass).to_kind(Kind::Float))
//!     }
//!     fn parameters(&self) -> &Parameters {
//!         &self.parameters
//!     }
//!     fn class_name(&self) -> &'static str {
//!         "Affine"
//!     }
//!     fn config(&self) -> Value {
//!         json!({})
//!     }
//!     fn accepts(&self) -> Accepts {
//!         Accepts { channels: 2, outputs: 2, size: Some(vec![]), ..Accepts::default() }
//!     }
//! }
//!
//! let registry = Registry::default().with("Affine", Affine::build);
//! let network = registry.build("Affine", &json!({}), Device::Cpu, 0)?;
//! let (x, time) = (Tensor::zeros([4, 2], (Kind::Float, Device::Cpu)), Tensor::zeros([4], (Kind::Float, Device::Cpu)));
//! let output = network.forward(&Input::new(&x, &time, &Condition::default()), &Pass::inference(tweedie_torch::Precision::F32))?;
//! assert_eq!(output.size(), [4, 2]);
//! # Ok::<(), Error>(())
//! ```

use crate::{Error, Network, NoisyClassifier, Parameters, Plan, PointMlp, UNet};
use serde_json::Value;
use tch::Device;
use tweedie_torch::share_version;

/// A function that builds a network from its configuration, a JSON object, and adds its parameters to an empty set.
///
/// It is also called with parameters that are only planned ([`Parameters::planned`]), whose tensors cannot be written to: before weights
/// are loaded, the plan is compared with their file.
pub type Build = fn(&Value, Parameters) -> Result<Box<dyn Network>, Error>;

/// A list of class names with their constructors. The default registry contains the networks of this crate.
#[derive(Debug, Clone)]
pub struct Registry {
    entries: Vec<(String, Build)>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { entries: Vec::new() }
            .with(UNet::CLASS, UNet::build)
            .with(PointMlp::CLASS, PointMlp::build)
            .with(NoisyClassifier::CLASS, NoisyClassifier::build)
    }
}

impl Registry {
    /// Adds a class to the registry, replacing a class of the same name.
    #[must_use]
    pub fn with(mut self, class_name: &str, build: Build) -> Self {
        self.entries.retain(|(name, _)| name != class_name);
        self.entries.push((class_name.to_string(), build));
        self
    }

    /// The registered class names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// Builds a network on a device, with initial values from `seed`, which are the same on every device.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] for a name that is not registered; [`Error::Config`] with the key of a value that is not allowed;
    /// [`Error::TooLarge`] for too many parameters.
    pub fn build(
        &self,
        class_name: &str,
        config: &Value,
        device: Device,
        seed: u64,
    ) -> Result<Box<dyn Network>, Error> {
        // A network that is too large is refused before the memory for its first parameters is allocated.
        self.plan_if_possible(class_name, config)?;
        self.constructor(class_name)?(config, Parameters::new(device, seed))
    }

    /// A network of the same configuration that shares the values of all parameters with another one and keeps gradients and packed weights
    /// of its own, so that both can compute at the same time in different threads.
    ///
    /// # Errors
    /// The errors of [`Registry::build`]; [`Error::Shape`] if the configuration does not describe the network.
    pub fn replica(&self, network: &dyn Network) -> Result<Box<dyn Network>, Error> {
        let build = self.constructor(network.class_name())?;
        let replica = build(&network.config(), Parameters::zeros(network.parameters().device()))?;
        let mut whole = network.parameters().iter();
        for own in replica.parameters().iter() {
            let shared = whole
                .next()
                .filter(|shared| shared.name == own.name && shared.tensor.size() == own.tensor.size());
            let Some(shared) = shared else {
                return Err(Error::Shape { name: own.name.clone(), shape: own.tensor.size() });
            };
            let mut tensor = own.tensor.shallow_clone();
            tensor.f_set_data(&shared.tensor.detach())?;
            share_version(&tensor, &shared.tensor)?;
        }
        Ok(replica)
    }

    /// The plan of a network, computed without allocating it.
    ///
    /// # Errors
    /// The errors of [`Registry::build`].
    pub fn plan(&self, class_name: &str, config: &Value) -> Result<Plan, Error> {
        Ok(self.constructor(class_name)?(config, Parameters::planned())?.plan())
    }

    /// The plan of a network, or `None` for a user-defined one whose constructor writes to its parameters, because planned ones have no
    /// memory.
    ///
    /// # Errors
    /// The errors of [`Registry::build`] apart from those of LibTorch.
    pub fn plan_if_possible(&self, class_name: &str, config: &Value) -> Result<Option<Plan>, Error> {
        match tweedie_torch::guard(|| self.plan(class_name, config)) {
            Ok(Err(Error::Torch(_))) | Err(_) => Ok(None),
            Ok(plan) => plan.map(Some),
        }
    }

    fn constructor(&self, class_name: &str) -> Result<Build, Error> {
        let found = self.entries.iter().find(|(name, _)| name == class_name).map(|(_, build)| *build);
        found.ok_or_else(|| Error::UnknownClass {
            found: class_name.to_string(),
            known: self.names().collect::<Vec<_>>().join(", "),
        })
    }
}
