//! Affine maps along the last axis.

use super::Start;
use super::packed::{Packed, computed};
use crate::{Error, Init, OperationKind, Pass, Scope};
use std::cell::Ref;
use tch::{Kind, Tensor};
use tweedie_torch::{PackedLinear, RowMap};

/// An affine map: (…, inputs) → (…, outputs).
#[derive(Debug)]
pub struct Linear {
    pub(super) weight: Tensor,
    pub(super) bias: Tensor,
    packed: Packed<PackedLinear, 2>,
    rows: Packed<RowMap, 2>,
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
        scope.count(
            OperationKind::Linear { inputs, outputs },
            2.0 * (inputs * outputs) as f64 * scope.places() as f64,
        );
        Ok(Self {
            weight: scope.trained("weight", &[outputs, inputs], init)?,
            bias: scope.trained("bias", &[outputs], init)?,
            packed: Packed::default(),
            rows: Packed::default(),
        })
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        let (weight, bias) = (self.weight.shallow_clone(), self.bias.shallow_clone());
        Self { weight, bias, packed: Packed::default(), rows: Packed::default() }
    }

    /// Computes in the precision of the pass, for x of any kind.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let kind = pass.precision.kind();
        let x = x.to_kind(kind);
        match self.packed(&x, pass) {
            Some(packed) => computed(packed.forward(&x)),
            None => x.linear(&self.weight.to_kind(kind), Some(self.bias.to_kind(kind))),
        }
    }

    /// Maps one vector per example, (N, inputs) → (N, outputs). A pass with packed weights computes in f32, and its result for an example
    /// does not depend on the number of examples.
    pub(crate) fn forward_rows(&self, x: &Tensor, pass: &Pass) -> Tensor {
        if pass.is_packed(x) {
            let pack = |[weight, bias]: [Tensor; 2]| RowMap::new(&weight, &bias);
            if let Some(rows) = self.rows.get([&self.weight, &self.bias], Kind::Float, pack) {
                return computed(rows.forward(x));
            }
        }
        self.forward(x, pass)
    }

    /// Computes sum + map(x) in the precision of the pass.
    pub(super) fn plus(&self, x: &Tensor, sum: &Tensor, pass: &Pass) -> Tensor {
        match self.packed(x, pass) {
            Some(packed) => computed(packed.plus(x, sum)),
            None => sum + self.forward(x, pass),
        }
    }

    /// The map with packed weights, if the pass uses them.
    fn packed(&self, x: &Tensor, pass: &Pass) -> Option<Ref<'_, PackedLinear>> {
        if !pass.is_packed(x) {
            return None;
        }
        self.packed.get([&self.weight, &self.bias], pass.precision.kind(), |[weight, bias]| {
            PackedLinear::new(&weight, &bias, rows_of(x))
        })
    }
}

/// The number of vectors of x, (…, inputs).
pub(super) fn rows_of(x: &Tensor) -> i64 {
    let size = x.size();
    size[..size.len().saturating_sub(1)].iter().product()
}
