//! Between bytes or numbers of a data set and the units of a model.

use crate::{DataRange, Standardization};
use tch::{Device, Kind, TchError, Tensor};

/// (N, C, H, W) bytes as f32 in the range, on a device.
///
/// # Errors
/// When the bytes do not have the shape.
pub fn from_pixels(
    bytes: &[u8],
    shape: &[i64],
    range: DataRange,
    device: Device,
) -> Result<Tensor, TchError> {
    let pixels = Tensor::f_from_slice(bytes)?.f_reshape(shape)?.f_to_device(device)?;
    pixels.f_to_kind(Kind::Float)?.f_mul_scalar((range.high - range.low) / 255.0)?.f_add_scalar(range.low)
}

/// f32 in the range as bytes, one image after another; values outside are clamped, halves round to even as NumPy does.
///
/// # Errors
/// When the tensor cannot be brought to the CPU.
pub fn to_pixels(x: &Tensor, range: DataRange) -> Result<Vec<u8>, TchError> {
    // As `diffusers` does it: to [0, 1] first, clamped, then times 255, rounded.
    let scale = range.high - range.low;
    let unit = x.f_to_kind(Kind::Float)?.f_sub_scalar(range.low)?.f_div_scalar(scale)?.f_clamp(0.0, 1.0)?;
    let bytes = unit.f_mul_scalar(255.0)?.f_round()?.f_to_kind(Kind::Uint8)?.f_to_device(Device::Cpu)?;
    Vec::<u8>::try_from(bytes.f_contiguous()?.f_flatten(0, -1)?)
}

/// (N, C, …) numbers as f32, standardised channel by channel, on a device.
///
/// # Errors
/// When the numbers do not have the shape.
pub fn from_array(
    values: &[f32],
    shape: &[i64],
    standardization: &Standardization,
    device: Device,
) -> Result<Tensor, TchError> {
    let raw = Tensor::f_from_slice(values)?.f_reshape(shape)?;
    raw.f_sub(&per_channel(&standardization.mean, &raw)?)?
        .f_div(&per_channel(&standardization.scale, &raw)?)?
        .f_to_device(device)
}

/// Samples of a model of arrays in the arrays' own units: the inverse of [`from_array`].
///
/// # Errors
/// When the channels do not fit.
pub fn to_array(x: &Tensor, standardization: &Standardization) -> Result<Tensor, TchError> {
    x.f_mul(&per_channel(&standardization.scale, x)?)?.f_add(&per_channel(&standardization.mean, x)?)
}

/// One number per channel, in a shape that broadcasts over examples of (N, C, …).
fn per_channel(values: &[f64], like: &Tensor) -> Result<Tensor, TchError> {
    let mut shape = vec![1; like.dim() - 1];
    shape[0] = -1;
    Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_kind(Kind::Float)?.f_to_device(like.device())
}
