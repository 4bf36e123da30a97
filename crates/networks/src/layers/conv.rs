//! Convolutions over height and width.

use super::Start;
use super::packed::{Packed, computed};
use crate::{Error, Init, OperationKind, Pass, Scope};
use std::cell::Ref;
use tch::Tensor;
use tweedie_torch::PackedConv2d;

/// A convolution with bias: (N, inputs, H, W) → (N, outputs, H′, W′).
#[derive(Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    stride: i64,
    padding: i64,
    packed: Packed<PackedConv2d, 2>,
}

impl Conv2d {
    /// Creates a convolution with a square kernel of the given size, stride 1 and padding that keeps height and width. The scope's places
    /// are those of the output.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(
        mut scope: Scope,
        inputs: i64,
        outputs: i64,
        kernel: i64,
        start: Start,
    ) -> Result<Self, Error> {
        let bound = 1.0 / ((inputs * kernel * kernel) as f64).sqrt();
        let init = match start {
            Start::Default => Init::Uniform(bound),
            Start::Zero => Init::Constant(0.0),
        };
        scope.count(
            OperationKind::Convolution { inputs, outputs, kernel },
            2.0 * (inputs * outputs * kernel * kernel) as f64 * scope.places() as f64,
        );
        Ok(Self {
            weight: scope.trained("weight", &[outputs, inputs, kernel, kernel], init)?,
            bias: scope.trained("bias", &[outputs], init)?,
            stride: 1,
            padding: kernel / 2,
            packed: Packed::default(),
        })
    }

    /// The same convolution with another stride and padding.
    pub fn with_stride(self, stride: i64, padding: i64) -> Self {
        Self { stride, padding, ..self }
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        let (weight, bias) = (self.weight.shallow_clone(), self.bias.shallow_clone());
        Self { weight, bias, stride: self.stride, padding: self.padding, packed: Packed::default() }
    }

    /// Computes in the precision of the pass, for x of any kind.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let kind = pass.precision.kind();
        let x = x.to_kind(kind);
        if let Some(packed) = self.packed(&x, pass) {
            return computed(packed.forward(&x));
        }
        let (stride, padding) = ([self.stride; 2], [self.padding; 2]);
        x.conv2d(&self.weight.to_kind(kind), Some(self.bias.to_kind(kind)), stride, padding, [1, 1], 1)
    }

    /// Computes sum + convolution(x). A pass with packed weights changes `sum` in place.
    pub(crate) fn add_to(&self, sum: Tensor, x: &Tensor, pass: &Pass) -> Tensor {
        let x = x.to_kind(pass.precision.kind());
        match self.packed(&x, pass) {
            Some(packed) => computed(packed.add_to(sum, &x)),
            None => sum + self.forward(&x, pass),
        }
    }

    /// The convolution with packed weights, if the pass uses them.
    fn packed(&self, x: &Tensor, pass: &Pass) -> Option<Ref<'_, PackedConv2d>> {
        let input = <[i64; 4]>::try_from(x.size()).ok().filter(|_| pass.is_packed(x))?;
        self.packed.get([&self.weight, &self.bias], x.kind(), |[weight, bias]| {
            PackedConv2d::new(&weight, &bias, self.stride, self.padding, input)
        })
    }
}
