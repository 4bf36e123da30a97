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

/// A tensor of shape (N) from a number for each example.
pub(crate) fn per_example(values: &[f32], device: Device) -> Result<Tensor, Error> {
    Ok(Tensor::f_from_slice(values)?.f_to_device(device)?)
}

/// A tensor of shape (N) of one number with a stride of 0. By this stride networks recognise that the examples share the number, so that
/// its embedding is computed once, whatever the size of the batch.
pub(crate) fn shared(value: f32, n: usize, device: Device) -> Result<Tensor, Error> {
    Ok(Tensor::f_full([1], f64::from(value), (Kind::Float, device))?.f_as_strided([n as i64], [0], None)?)
}

/// The numbers of the examples with the given indices. A shared number stays shared.
pub(crate) fn taken(numbers: &Tensor, rows: &Tensor) -> Result<Tensor, Error> {
    match numbers.stride()[..] {
        [0] => Ok(numbers.f_as_strided(rows.size(), [0], None)?),
        _ => Ok(numbers.f_index_select(0, rows)?),
    }
}
