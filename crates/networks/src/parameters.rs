//! Named parameters in the order of their construction.

use crate::Error;
use std::collections::HashSet;
use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};

/// One tensor of a network.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in checkpoints, such as `down_blocks.0.resnets.0.conv1.weight`.
    pub name: String,
    /// Its values, f32.
    pub tensor: Tensor,
    /// Whether training changes it; fixed random features are not trained.
    pub trained: bool,
}

/// Every tensor of a network, each name once, in the order of construction.
#[derive(Debug)]
pub struct Parameters {
    list: Vec<Parameter>,
    names: HashSet<String>,
    device: Device,
    seed: u64,
}

/// How a parameter's first values are drawn. Draws depend on (seed, parameter's number) alone, not on the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Init {
    /// The same value everywhere.
    Constant(f64),
    /// Uniform in ±bound; PyTorch's default for layers is 1/√(inputs of one output).
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
}

impl Parameters {
    /// No parameters yet; those to come lie on `device`, with first values from `seed`.
    pub fn new(device: Device, seed: u64) -> Self {
        Self { list: Vec::new(), names: HashSet::new(), device, seed }
    }

    /// The root of the names.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { parameters: self, prefix: String::new() }
    }

    /// In the order of construction.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter()
    }

    /// The parameter of a name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.list.iter().find(|parameter| parameter.name == name).map(|parameter| &parameter.tensor)
    }

    /// How many numbers the trained parameters hold.
    pub fn n_trained(&self) -> usize {
        self.list.iter().filter(|parameter| parameter.trained).map(|parameter| parameter.tensor.numel()).sum()
    }

    /// Where they lie.
    pub fn device(&self) -> Device {
        self.device
    }

    fn add(&mut self, name: String, shape: &[i64], init: Init, trained: bool) -> Result<Tensor, Error> {
        if !self.names.insert(name.clone()) {
            return Err(Error::DuplicateName(name));
        }
        let n_values = shape.iter().product::<i64>() as usize;
        let image = self.list.len() as u64;
        let mut stream =
            Stream::new(Key { seed: self.seed, image, purpose: Purpose::WEIGHTS, visit: 0, draw: 0 });
        let values: Vec<f32> = match init {
            Init::Constant(value) => vec![value as f32; n_values],
            Init::Uniform(bound) => {
                (0..n_values).map(|_| ((2.0 * stream.uniform() - 1.0) * bound) as f32).collect()
            }
            Init::Normal(std) => (0..n_values).map(|_| (stream.normal() * std) as f32).collect(),
        };
        let tensor = Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(self.device)?;
        let tensor = tensor.f_to_kind(Kind::Float)?.set_requires_grad(trained);
        self.list.push(Parameter { name, tensor: tensor.shallow_clone(), trained });
        Ok(tensor)
    }
}

/// A place among the names: `root / "down_blocks" / 0`.
#[derive(Debug)]
pub struct Scope<'a> {
    parameters: &'a mut Parameters,
    prefix: String,
}

impl Scope<'_> {
    /// The place below this one.
    pub fn sub(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix =
            if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) };
        Scope { parameters: self.parameters, prefix }
    }

    pub(crate) fn trained(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        let name = format!("{}.{name}", self.prefix);
        self.parameters.add(name, shape, init, true)
    }

    pub(crate) fn fixed(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        let name = format!("{}.{name}", self.prefix);
        self.parameters.add(name, shape, init, false)
    }
}
