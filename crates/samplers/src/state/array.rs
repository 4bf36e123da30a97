//! `ndarray` arrays as states.

use super::{Coefficient, State, quantile_abs};
use crate::Error;
use ndarray::{Array, Axis, Dimension, RemoveAxis, Zip};
use num_traits::{Float, NumCast};

impl<A, D> State for Array<A, D>
where
    A: Float,
    D: Dimension + RemoveAxis,
{
    fn share(&self) -> Self {
        self.clone()
    }

    fn n_samples(&self) -> usize {
        self.len_of(Axis(0))
    }

    fn like(&self, fill: &mut dyn FnMut(usize, &mut [f64])) -> Result<Self, Error> {
        let mut made = Self::zeros(self.raw_dim());
        for (i, mut sample) in made.axis_iter_mut(Axis(0)).enumerate() {
            let mut values = vec![0.0; sample.len()];
            fill(i, &mut values);
            for (element, value) in sample.iter_mut().zip(values) {
                *element = cast(value);
            }
        }
        Ok(made)
    }

    fn combine(terms: &[(Coefficient, &Self)]) -> Result<Self, Error> {
        let Some((_, first)) = terms.first() else {
            return Err(mismatch("terms of a sum", &0, &"at least 1"));
        };
        let mut sum = Self::zeros(first.raw_dim());
        for (coefficient, state) in terms {
            if state.raw_dim() != first.raw_dim() {
                return Err(mismatch("shapes of a sum", &state.shape(), &first.shape()));
            }
            match coefficient {
                Coefficient::Same(factor) => add(&mut sum.view_mut(), &state.view(), *factor),
                Coefficient::PerSample(factors) => {
                    if factors.len() != first.n_samples() {
                        return Err(mismatch("coefficients of a batch", &factors.len(), &first.n_samples()));
                    }
                    let samples = sum.axis_iter_mut(Axis(0)).zip(state.axis_iter(Axis(0)));
                    for ((mut into, from), factor) in samples.zip(factors.iter()) {
                        add(&mut into, &from, *factor);
                    }
                }
            }
        }
        Ok(sum)
    }

    fn mul(&self, other: &Self) -> Result<Self, Error> {
        if self.raw_dim() != other.raw_dim() {
            return Err(mismatch("shapes of a product", &other.shape(), &self.shape()));
        }
        Ok(Zip::from(self).and(other).map_collect(|&a, &b| a * b))
    }

    fn exp(&self) -> Result<Self, Error> {
        Ok(self.mapv(A::exp))
    }

    fn clamp(&self, low: f64, high: f64) -> Result<Self, Error> {
        let (low, high) = (cast::<A>(low), cast::<A>(high));
        // `max` and `min` would turn NaN into a bound.
        Ok(self.mapv(|value| {
            if value < low {
                low
            } else if value > high {
                high
            } else {
                value
            }
        }))
    }

    fn n_elements(&self) -> usize {
        self.len()
    }

    fn dot_per_sample(&self, other: &Self) -> Result<Vec<f64>, Error> {
        if self.raw_dim() != other.raw_dim() {
            return Err(mismatch("shapes of a product", &other.shape(), &self.shape()));
        }
        let wide = |value: &A| value.to_f64().unwrap_or(f64::NAN);
        let samples = self.axis_iter(Axis(0)).zip(other.axis_iter(Axis(0)));
        Ok(samples.map(|(a, b)| a.iter().zip(b.iter()).map(|(a, b)| wide(a) * wide(b)).sum()).collect())
    }

    fn quantile_abs_per_sample(&self, q: f64) -> Result<Vec<f64>, Error> {
        let wide = |value: &A| value.to_f64().unwrap_or(f64::NAN);
        self.axis_iter(Axis(0)).map(|sample| quantile_abs(sample.iter().map(wide), q)).collect()
    }

    fn select_per_sample(&self, other: &Self, own: &[bool]) -> Result<Self, Error> {
        if self.raw_dim() != other.raw_dim() {
            return Err(mismatch("shapes of a choice", &other.shape(), &self.shape()));
        }
        if own.len() != self.n_samples() {
            return Err(mismatch("choices of a batch", &own.len(), &self.n_samples()));
        }
        let mut chosen = self.clone();
        for (i, mut sample) in chosen.axis_iter_mut(Axis(0)).enumerate() {
            if !own[i] {
                sample.assign(&other.index_axis(Axis(0), i));
            }
        }
        Ok(chosen)
    }
}

fn add<A: Float, D: Dimension>(
    into: &mut ndarray::ArrayViewMut<A, D>,
    from: &ndarray::ArrayView<A, D>,
    factor: f64,
) {
    let factor = cast::<A>(factor);
    Zip::from(into).and(from).for_each(|sum, &value| *sum = *sum + factor * value);
}

/// The nearest float of another type.
fn cast<A: Float>(value: f64) -> A {
    <A as NumCast>::from(value).unwrap_or_else(A::nan)
}

fn mismatch(what: &'static str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug) -> Error {
    Error::Mismatch { what, found: format!("{found:?}"), expected: format!("{expected:?}") }
}
