//! The named parameters of a network, in the order of construction.

use crate::{Error, Operation, OperationKind};
use std::collections::HashSet;
use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};

/// The greatest number of parameter tensors of a network.
pub const MOST_TENSORS: usize = 1 << 16;

/// The greatest number of values of all parameters of a network, 32 GiB in f32.
pub const MOST_VALUES: usize = 1 << 33;

/// One parameter tensor of a network.
#[derive(Debug)]
pub struct Parameter {
    /// The name in checkpoints, such as `down_blocks.0.resnets.0.conv1.weight`.
    pub name: String,
    /// The values, f32.
    pub tensor: Tensor,
    /// Whether the parameter is trained; fixed random features are not.
    pub trained: bool,
}

/// The parameters of a network in the order of construction, with unique names, and the operations of its layers.
///
/// They are counted as they are added, before any memory is allocated. More than [`MOST_TENSORS`] tensors or [`MOST_VALUES`] values are
/// an error, so that a configuration whose keys are all in range cannot exhaust the memory.
#[derive(Debug)]
pub struct Parameters {
    list: Vec<Parameter>,
    names: HashSet<String>,
    /// The number of values of all parameters.
    n_values: usize,
    operations: Vec<Operation>,
    device: Device,
    initial: Initial,
}

/// The values of parameters that are added.
#[derive(Debug, Clone, Copy)]
enum Initial {
    /// No memory.
    Planned,
    /// Zeros, which are replaced later.
    Zeros,
    /// Those of their distribution.
    Seed(u64),
}

/// The distribution of a parameter's initial values. The values depend only on the seed and the parameter's number, not on the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// The same value for all elements.
    Constant(f64),
    /// Uniform in ±bound. PyTorch's default bound for layers is 1/√(number of inputs of one output).
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
}

impl Parameters {
    /// Creates an empty set. Parameters that are added are placed on `device` and take their initial values from `seed`.
    pub fn new(device: Device, seed: u64) -> Self {
        Self {
            list: Vec::new(),
            names: HashSet::new(),
            n_values: 0,
            operations: Vec::new(),
            device,
            initial: Initial::Seed(seed),
        }
    }

    /// Creates an empty set for a network whose values are replaced after its construction.
    pub(crate) fn zeros(device: Device) -> Self {
        Self { initial: Initial::Zeros, ..Self::new(device, 0) }
    }

    /// Creates an empty set for a plan. Parameters that are added have a name and a shape, but no memory of their own.
    pub fn planned() -> Self {
        Self { initial: Initial::Planned, ..Self::new(Device::Cpu, 0) }
    }

    /// The root scope, whose names have no prefix.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { parameters: self, prefix: String::new(), places: 1 }
    }

    /// Iterates over the parameters in the order of construction.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter()
    }

    /// The tensor of the parameter with a given name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.list.iter().find(|parameter| parameter.name == name).map(|parameter| &parameter.tensor)
    }

    /// The total number of values of the trained parameters.
    pub fn n_trained(&self) -> usize {
        self.list.iter().filter(|parameter| parameter.trained).map(|parameter| parameter.tensor.numel()).sum()
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The operations of the layers, in the order of construction.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    fn add(&mut self, name: String, shape: &[i64], init: Init, trained: bool) -> Result<Tensor, Error> {
        if !self.names.insert(name.clone()) {
            return Err(Error::DuplicateName(name));
        }
        self.count(&name, shape)?;
        let tensor = match self.initial {
            // One number is expanded to the shape with strides of zero, which needs no memory.
            Initial::Planned => Tensor::f_zeros([1], (Kind::Float, Device::Cpu))?.f_expand(shape, false)?,
            Initial::Zeros => Tensor::f_zeros(shape, (Kind::Float, self.device))?.set_requires_grad(trained),
            Initial::Seed(seed) => drawn(seed, self.list.len() as u64, shape, init)?
                .f_to_device(self.device)?
                .f_to_kind(Kind::Float)?
                .set_requires_grad(trained),
        };
        self.list.push(Parameter { name, tensor: tensor.shallow_clone(), trained });
        Ok(tensor)
    }
}

impl Parameters {
    /// Counts a parameter, or returns an error if there are too many.
    fn count(&mut self, name: &str, shape: &[i64]) -> Result<(), Error> {
        let too_large = |what, most| Error::TooLarge { what, most, name: name.to_string() };
        if self.list.len() == MOST_TENSORS {
            return Err(too_large("tensors", MOST_TENSORS));
        }
        let mut own = 1usize;
        for &side in shape {
            let side = usize::try_from(side)
                .map_err(|_| Error::Shape { name: name.to_string(), shape: shape.to_vec() })?;
            own = own.checked_mul(side).ok_or_else(|| too_large("values", MOST_VALUES))?;
        }
        let all = self.n_values.checked_add(own).filter(|all| *all <= MOST_VALUES);
        self.n_values = all.ok_or_else(|| too_large("values", MOST_VALUES))?;
        Ok(())
    }
}

/// The initial values of the parameter with a given number.
fn drawn(seed: u64, number: u64, shape: &[i64], init: Init) -> Result<Tensor, Error> {
    let n_values = shape.iter().product::<i64>() as usize;
    let mut stream = Stream::new(Key { seed, image: number, purpose: Purpose::WEIGHTS, visit: 0, draw: 0 });
    let values: Vec<f32> = match init {
        Init::Constant(value) => vec![value as f32; n_values],
        Init::Uniform(bound) => {
            (0..n_values).map(|_| ((2.0 * stream.uniform() - 1.0) * bound) as f32).collect()
        }
        Init::Normal(std) => (0..n_values).map(|_| (stream.normal() * std) as f32).collect(),
    };
    Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?)
}

/// A prefix of parameter names, such as `down_blocks.0`.
#[derive(Debug)]
pub struct Scope<'a> {
    parameters: &'a mut Parameters,
    prefix: String,
    places: i64,
}

impl Scope<'_> {
    /// The scope `name` below this one.
    pub fn sub(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix =
            if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) };
        Scope { parameters: self.parameters, prefix, places: self.places }
    }

    /// The same scope for layers that compute at `places` positions of an example: height times width, or the number of tokens.
    #[must_use]
    pub fn on(self, places: i64) -> Self {
        Self { places, ..self }
    }

    /// The number of positions of an example at which the layers in this scope compute.
    pub fn places(&self) -> i64 {
        self.places
    }

    /// Adds a trained parameter.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken; [`Error::TooLarge`] for too many parameters; [`Error::Shape`] for a negative
    /// side.
    pub fn trained(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.parameters.add(self.name_of(name), shape, init, true)
    }

    /// Adds a parameter that is not trained.
    ///
    /// # Errors
    /// Errors of [`Scope::trained`].
    pub fn fixed(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.parameters.add(self.name_of(name), shape, init, false)
    }

    /// Adds a layer to the plan, with its floating-point operations for one example.
    pub fn count(&mut self, kind: OperationKind, flops: f64) {
        let operation = Operation { layer: self.prefix.clone(), kind, places: self.places, flops };
        self.parameters.operations.push(operation);
    }

    fn name_of(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }
}
