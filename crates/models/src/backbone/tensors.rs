//! Linear combinations of tensors with factors per level.

use crate::Error;
use tch::{Device, Kind, Tensor};
use tweedie_samplers::{Coefficient, State};

/// Multiplies each example of x by its factor.
pub(crate) fn scaled(x: &Tensor, factors: &[f64]) -> Result<Tensor, tweedie_samplers::Error> {
    if factors.iter().all(|&factor| factor == 1.0) {
        return Ok(x.share());
    }
    Tensor::combine(&[(coefficient(factors), x)])
}

/// a·x + b·y, without terms whose coefficients are all zero.
pub(crate) fn linear(
    a: &[f64],
    x: &Tensor,
    b: &[f64],
    y: &Tensor,
) -> Result<Tensor, tweedie_samplers::Error> {
    let is = |values: &[f64], value: f64| values.iter().all(|&v| v == value);
    match (is(a, 0.0), is(b, 0.0)) {
        (true, _) if is(b, 1.0) => Ok(y.share()),
        (true, _) => Tensor::combine(&[(coefficient(b), y)]),
        (_, true) => Tensor::combine(&[(coefficient(a), x)]),
        _ => Tensor::combine(&[(coefficient(a), x), (coefficient(b), y)]),
    }
}

/// The coefficient of one value for the whole batch or one value per example.
pub(crate) fn coefficient(values: &[f64]) -> Coefficient<'_> {
    match values {
        [same] => Coefficient::Same(*same),
        several => Coefficient::PerSample(several),
    }
}

/// A tensor of shape (N), from one number per example or one number for all.
pub(crate) fn per_example(values: &[f32], n: usize, device: Device) -> Result<Tensor, Error> {
    Ok(match values {
        [same] => Tensor::f_full([n as i64], f64::from(*same), (Kind::Float, device))?,
        several => Tensor::f_from_slice(several)?.f_to_device(device)?,
    })
}
