//! Tensor types whose first axis is the batch.

mod array;
#[cfg(feature = "tch")]
mod tensor;

use crate::Error;

/// A factor: one for the whole batch, or one per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coefficient<'a> {
    /// The same for every sample.
    Same(f64),
    /// One per sample, in the order of the batch.
    PerSample(&'a [f64]),
}

/// A batch of samples, which samplers compute with. Operations make new values and never change old ones.
pub trait State: Sized {
    /// A handle to the same values, or a copy of them.
    fn share(&self) -> Self;

    /// The number of samples, which is the length of the first axis.
    fn n_samples(&self) -> usize;

    /// A state of the same shape, kind and device, written sample by sample: `fill(i, values)` writes sample i's elements in
    /// row-major order.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library cannot make it.
    fn like(&self, fill: &mut dyn FnMut(usize, &mut [f64])) -> Result<Self, Error>;

    /// Σ coefficient·state, in the order given.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for no terms, other shapes, or a number of coefficients that is not the number of samples.
    fn combine(terms: &[(Coefficient, &Self)]) -> Result<Self, Error>;

    /// Elementwise product.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for other shapes.
    fn mul(&self, other: &Self) -> Result<Self, Error>;

    /// Elementwise exponential.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library fails.
    fn exp(&self) -> Result<Self, Error>;

    /// Every element moved into [low, high].
    ///
    /// # Errors
    /// [`Error::Tensor`] if the library fails.
    fn clamp(&self, low: f64, high: f64) -> Result<Self, Error>;

    /// The number of elements of all samples together.
    fn n_elements(&self) -> usize;

    /// Σ self·other over each sample's elements, in f64. Each sample is summed by itself and in a fixed order, so that neither the batch
    /// nor the number of threads changes a bit of it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for other shapes; [`Error::Tensor`] if the library fails.
    fn dot_per_sample(&self, other: &Self) -> Result<Vec<f64>, Error>;

    /// The q-quantile of |x| over each sample's elements, q in (0, 1], interpolated linearly between two elements.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another q; [`Error::Tensor`] if the library fails.
    fn quantile_abs_per_sample(&self, q: f64) -> Result<Vec<f64>, Error>;

    /// The samples of this state where `own` is true, and those of the other one elsewhere.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for other shapes, or a number of choices that is not the number of samples.
    fn select_per_sample(&self, other: &Self, own: &[bool]) -> Result<Self, Error>;
}

/// Numbers as a coefficient: a single one is that of the whole batch.
pub(crate) fn coefficient(values: &[f64]) -> Coefficient<'_> {
    match values {
        [same] => Coefficient::Same(*same),
        several => Coefficient::PerSample(several),
    }
}

/// The q-quantile of absolute values, interpolated linearly between two of them.
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
