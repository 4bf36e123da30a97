//! Layers whose weights were brought into the memory order of oneDNN once, for inference on a CPU.
//!
//! The functions have no gradients; a call that would need one is an error. They compute in the kind of the weights.

use crate::{Error, shim};
use tch::{Device, Kind, Tensor};

/// A convolution with packed weights.
#[derive(Debug)]
pub struct PackedConv2d {
    weight: Tensor,
    bias: Tensor,
    stride: [i64; 2],
    padding: [i64; 2],
}

impl PackedConv2d {
    /// Packs weight (outputs, inputs, height, width) and bias (outputs), both of f32 or bf16, for inputs of about the given shape.
    ///
    /// # Errors
    /// [`Error::LibTorch`] if oneDNN is missing or does not support the kind on this processor.
    pub fn new(
        weight: &Tensor,
        bias: &Tensor,
        stride: i64,
        padding: i64,
        input: [i64; 4],
    ) -> Result<Self, Error> {
        let (stride, padding) = ([stride; 2], [padding; 2]);
        let size = weight.size();
        // SAFETY: the tensor and the arrays of two and four numbers are alive during the call.
        let weight = shim::made(|made| unsafe {
            shim::tweedie_pack_convolution(
                weight.as_ptr(),
                stride.as_ptr(),
                padding.as_ptr(),
                input.as_ptr(),
                made,
            )
        })?;
        let packed = Self { weight, bias: bias.detach(), stride, padding };
        // A processor may lack the instructions for the kind, which the first call shows.
        if let [_, inputs, height, width] = size[..] {
            let _ =
                packed.forward(&Tensor::f_zeros([1, inputs, height, width], (bias.kind(), Device::Cpu))?)?;
        }
        Ok(packed)
    }

    /// Computes the convolution of x, (N, C, H, W). The result has the memory order N, H, W, C.
    ///
    /// # Errors
    /// [`Error::LibTorch`] for a shape or kind that does not fit, and if a gradient would be needed.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        self.call(x, std::ptr::null_mut())
    }

    /// Adds the convolution of x to `sum` in place and returns `sum`.
    ///
    /// # Errors
    /// The errors of [`Self::forward`]. `sum` must not be used after an error.
    pub fn add_to(&self, mut sum: Tensor, x: &Tensor) -> Result<Tensor, Error> {
        self.call(x, sum.as_mut_ptr())
    }

    fn call(&self, x: &Tensor, sum: *mut torch_sys::C_tensor) -> Result<Tensor, Error> {
        // SAFETY: all tensors and the arrays of two numbers are alive during the call; `sum` is null or exclusively borrowed.
        shim::made(|made| unsafe {
            shim::tweedie_packed_convolution(
                x.as_ptr(),
                self.weight.as_ptr(),
                self.bias.as_ptr(),
                self.stride.as_ptr(),
                self.padding.as_ptr(),
                sum,
                made,
            )
        })
    }
}

/// An affine map with packed weights.
#[derive(Debug)]
pub struct PackedLinear {
    weight: Tensor,
    bias: Tensor,
}

impl PackedLinear {
    /// Packs weight (outputs, inputs) and bias (outputs), both of f32 or bf16, for about the given number of vectors.
    ///
    /// # Errors
    /// [`Error::LibTorch`] if oneDNN is missing or does not support the kind on this processor.
    pub fn new(weight: &Tensor, bias: &Tensor, rows: i64) -> Result<Self, Error> {
        let inputs = weight.size().get(1).copied().unwrap_or(0);
        // SAFETY: the tensor is alive during the call.
        let weight =
            shim::made(|made| unsafe { shim::tweedie_pack_linear(weight.detach().as_ptr(), rows, made) })?;
        let packed = Self { weight, bias: bias.detach() };
        let _ = packed.forward(&Tensor::f_zeros([1, inputs], (bias.kind(), Device::Cpu))?)?;
        Ok(packed)
    }

    /// Computes the map of x, (…, inputs) → (…, outputs).
    ///
    /// # Errors
    /// [`Error::LibTorch`] for a shape or kind that does not fit, and if a gradient would be needed.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        self.call(x, std::ptr::null())
    }

    /// Computes the map of x plus `sum`, which has the shape of the result.
    ///
    /// # Errors
    /// The errors of [`Self::forward`].
    pub fn plus(&self, x: &Tensor, sum: &Tensor) -> Result<Tensor, Error> {
        self.call(x, sum.as_ptr())
    }

    fn call(&self, x: &Tensor, sum: *const torch_sys::C_tensor) -> Result<Tensor, Error> {
        // SAFETY: all tensors are alive during the call, and `sum` may be null.
        shim::made(|made| unsafe {
            shim::tweedie_packed_linear(x.as_ptr(), self.weight.as_ptr(), self.bias.as_ptr(), sum, made)
        })
    }
}

/// An affine map of vectors in f32, each of which is mapped alone: its result does not depend on the others or on their number.
#[derive(Debug)]
pub struct RowMap {
    /// (inputs, outputs), padded with zeros to a multiple of 32 columns.
    weight: Tensor,
    bias: Tensor,
    outputs: i64,
}

impl RowMap {
    /// Packs weight (outputs, inputs) and bias (outputs).
    ///
    /// # Errors
    /// [`Error::LibTorch`] if the shapes do not fit.
    pub fn new(weight: &Tensor, bias: &Tensor) -> Result<Self, Error> {
        let outputs = bias.size().first().copied().unwrap_or(0);
        let padding = [0, -outputs & 31];
        let (weight, bias) = (weight.detach().f_to_kind(Kind::Float)?, bias.detach().f_to_kind(Kind::Float)?);
        let weight = weight.f_transpose(0, 1)?.f_constant_pad_nd(padding)?.f_contiguous()?;
        Ok(Self { weight, bias: bias.f_constant_pad_nd(padding)?, outputs })
    }

    /// Maps the rows of x: (N, inputs) → (N, outputs), f32.
    ///
    /// # Errors
    /// [`Error::LibTorch`] for a shape that does not fit, and if a gradient would be needed.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        // SAFETY: all tensors are alive during the call.
        shim::made(|made| unsafe {
            shim::tweedie_row_map(x.as_ptr(), self.weight.as_ptr(), self.bias.as_ptr(), self.outputs, made)
        })
    }
}
