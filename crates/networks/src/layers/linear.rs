//! Affine maps along the last axis.

use super::Start;
use crate::{Error, Init, Pass, Scope};
use tch::Tensor;

/// An affine map: (…, inputs) → (…, outputs).
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// Creates a map with bias.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(mut scope: Scope, inputs: i64, outputs: i64, start: Start) -> Result<Self, Error> {
        let init = match start {
            Start::Default => Init::Uniform(1.0 / (inputs as f64).sqrt()),
            Start::Zero => Init::Constant(0.0),
        };
        scope.count(2.0 * (inputs * outputs) as f64 * scope.places() as f64);
        Ok(Self {
            weight: scope.trained("weight", &[outputs, inputs], init)?,
            bias: scope.trained("bias", &[outputs], init)?,
        })
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }

    /// Computes in the precision of the pass, for x of any kind.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let kind = pass.precision.kind();
        x.to_kind(kind).linear(&self.weight.to_kind(kind), Some(self.bias.to_kind(kind)))
    }
}
