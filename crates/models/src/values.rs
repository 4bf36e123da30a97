//! Conversion between the values of a data set and the units of a model.

use crate::{DataRange, Standardization};
use tch::{Device, Kind, TchError, Tensor};

/// Converts (N, C, H, W) bytes to f32 in the range, on a device.
///
/// # Errors
/// An error of LibTorch if the bytes do not fit the shape.
pub fn from_pixels(
    bytes: &[u8],
    shape: &[i64],
    range: DataRange,
    device: Device,
) -> Result<Tensor, TchError> {
    let pixels = Tensor::f_from_slice(bytes)?.f_reshape(shape)?.f_to_device(device)?;
    pixels.f_to_kind(Kind::Float)?.f_mul_scalar((range.high - range.low) / 255.0)?.f_add_scalar(range.low)
}

/// Converts f32 in the range to bytes, one image after another. Values outside the range are clamped, and halves are rounded to even,
/// as in NumPy.
///
/// # Errors
/// Errors of LibTorch.
pub fn to_pixels(x: &Tensor, range: DataRange) -> Result<Vec<u8>, TchError> {
    // The same operations as in `diffusers`: scale to [0, 1], clamp, multiply by 255, round.
    let scale = range.high - range.low;
    let unit = x.f_to_kind(Kind::Float)?.f_sub_scalar(range.low)?.f_div_scalar(scale)?.f_clamp(0.0, 1.0)?;
    let bytes = unit.f_mul_scalar(255.0)?.f_round()?.f_to_kind(Kind::Uint8)?.f_to_device(Device::Cpu)?;
    Vec::<u8>::try_from(bytes.f_contiguous()?.f_flatten(0, -1)?)
}

/// Converts (N, C, …) numbers to standardised f32, on a device.
///
/// # Errors
/// An error of LibTorch if the numbers do not fit the shape.
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

/// Converts samples of a model of arrays to the units of the arrays. It is the inverse of [`from_array`].
///
/// # Errors
/// An error of LibTorch if the channels do not fit.
pub fn to_array(x: &Tensor, standardization: &Standardization) -> Result<Tensor, TchError> {
    x.f_mul(&per_channel(&standardization.scale, x)?)?.f_add(&per_channel(&standardization.mean, x)?)
}

/// One number per channel, in a shape that broadcasts over (N, C, …).
fn per_channel(values: &[f64], like: &Tensor) -> Result<Tensor, TchError> {
    let mut shape = vec![1; like.dim() - 1];
    shape[0] = -1;
    Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_kind(Kind::Float)?.f_to_device(like.device())
}
