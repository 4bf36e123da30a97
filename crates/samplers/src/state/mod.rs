//! States: tensor types whose first axis is the batch.

mod array;
#[cfg(feature = "tch")]
mod tensor;

use crate::Error;

/// A factor for the whole batch, or one factor per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coefficient<'a> {
    /// The same factor for every sample.
    Same(f64),
    /// One factor per sample, in the order of the batch.
    PerSample(&'a [f64]),
}

/// A batch of samples. Operations return new values and do not change their operands.
pub trait State: Sized {
    /// A handle to the same values, or a copy of them.
    fn share(&self) -> Self;

    /// The number of samples, which is the length of the first axis.
    fn n_samples(&self) -> usize;

    /// Creates a state of the same shape, kind and device. `fill(i, values)` writes the elements of sample i in row-major order.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library cannot create it.
    fn like(&self, fill: &mut dyn FnMut(usize, &mut [f64])) -> Result<Self, Error>;

    /// The sum of coefficient·state, in the given order.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for no terms, different shapes, or a number of coefficients that is not the number of samples.
    fn combine(terms: &[(Coefficient, &Self)]) -> Result<Self, Error>;

    /// The elementwise product.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for different shapes.
    fn mul(&self, other: &Self) -> Result<Self, Error>;

    /// The elementwise exponential.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library fails.
    fn exp(&self) -> Result<Self, Error>;

    /// Limits every element to [low, high].
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library fails.
    fn clamp(&self, low: f64, high: f64) -> Result<Self, Error>;

    /// The number of elements of all samples.
    fn n_elements(&self) -> usize;

    /// Σ self·other over each sample's elements, in f64. Each sample is summed separately and in a fixed order, so that the bits of the
    /// result do not depend on the batch or the number of threads.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for different shapes; [`Error::Tensor`] if the library fails.
    fn dot_per_sample(&self, other: &Self) -> Result<Vec<f64>, Error>;

    /// The q-quantile of |x| over each sample's elements, interpolated linearly between two elements, for q in (0, 1].
    ///
    /// # Errors
    /// [`Error::Parameter`] for a q outside (0, 1]; [`Error::Tensor`] if the library fails.
    fn quantile_abs_per_sample(&self, q: f64) -> Result<Vec<f64>, Error>;

    /// The samples of this state where `own` is true, and those of `other` elsewhere.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for different shapes, or a number of choices that is not the number of samples.
    fn select_per_sample(&self, other: &Self, own: &[bool]) -> Result<Self, Error>;
}

/// The coefficient with the given numbers. A single number applies to the whole batch.
pub(crate) fn coefficient(values: &[f64]) -> Coefficient<'_> {
    match values {
        [same] => Coefficient::Same(*same),
        several => Coefficient::PerSample(several),
    }
}

/// The q-quantile of the absolute values, interpolated linearly between two of them.
///
/// # Errors
/// [`Error::Parameter`] for a q outside (0, 1].
pub(crate) fn quantile_abs(values: impl Iterator<Item = f64>, q: f64) -> Result<f64, Error> {
    if !(q > 0.0 && q <= 1.0) {
        return Err(Error::Parameter { name: "the quantile", found: q, allowed: "above 0 and at most 1" });
    }
    let mut sorted: Vec<f64> = values.map(f64::abs).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return Ok(0.0) };
    let place = q * last as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    Ok(sorted[below] + share * (sorted[(below + 1).min(last)] - sorted[below]))
}
