//! Named parameters in the order of their construction.

use crate::{Error, Operation};
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

/// Every tensor of a network, each name once, in the order of construction, and the operations of its layers.
#[derive(Debug)]
pub struct Parameters {
    list: Vec<Parameter>,
    names: HashSet<String>,
    operations: Vec<Operation>,
    device: Device,
    /// `None` where parameters are only planned.
    seed: Option<u64>,
}

/// How a parameter's first values are drawn. Draws depend on (seed, the parameter's number) alone, not on the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
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
        Self { list: Vec::new(), names: HashSet::new(), operations: Vec::new(), device, seed: Some(seed) }
    }

    /// No parameters yet; those to come have a name and a shape, and no memory of their own.
    pub fn planned() -> Self {
        Self { seed: None, ..Self::new(Device::Cpu, 0) }
    }

    /// The root of the names.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { parameters: self, prefix: String::new(), places: 1 }
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

    /// The device that holds them.
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
        let tensor = match self.seed {
            // One number seen through strides of zero has every shape.
            None => Tensor::f_zeros([1], (Kind::Float, Device::Cpu))?.f_expand(shape, false)?,
            Some(seed) => drawn(seed, self.list.len() as u64, shape, init)?
                .f_to_device(self.device)?
                .f_to_kind(Kind::Float)?
                .set_requires_grad(trained),
        };
        self.list.push(Parameter { name, tensor: tensor.shallow_clone(), trained });
        Ok(tensor)
    }
}

/// The first values of the parameter of a number.
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

/// A place among the names: `root / "down_blocks" / 0`.
#[derive(Debug)]
pub struct Scope<'a> {
    parameters: &'a mut Parameters,
    prefix: String,
    places: i64,
}

impl Scope<'_> {
    /// The place below this one.
    pub fn sub(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix =
            if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) };
        Scope { parameters: self.parameters, prefix, places: self.places }
    }

    /// The same place for layers that compute at so many places of an example: height times width, or tokens.
    #[must_use]
    pub fn on(self, places: i64) -> Self {
        Self { places, ..self }
    }

    /// At how many places of an example the layers below compute.
    pub fn places(&self) -> i64 {
        self.places
    }

    /// A parameter that training changes.
    ///
    /// # Errors
    /// [`Error::DuplicateName`].
    pub fn trained(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.parameters.add(self.name_of(name), shape, init, true)
    }

    /// A parameter that stays as it was drawn.
    ///
    /// # Errors
    /// [`Error::DuplicateName`].
    pub fn fixed(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.parameters.add(self.name_of(name), shape, init, false)
    }

    /// Adds the floating-point operations of one example to the plan.
    pub fn count(&mut self, flops: f64) {
        self.parameters.operations.push(Operation { layer: self.prefix.clone(), flops });
    }

    fn name_of(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }
}
