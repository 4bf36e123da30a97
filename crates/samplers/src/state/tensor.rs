//! `tch::Tensor` as a state. Results have the kind and device of the operands.

use super::{Coefficient, State, quantile_abs};
use crate::Error;
use tch::{Kind, TchError, Tensor};

impl State for Tensor {
    fn share(&self) -> Self {
        self.shallow_clone()
    }

    fn n_samples(&self) -> usize {
        self.size().first().map_or(0, |&n| n as usize)
    }

    fn like(&self, fill: &mut dyn FnMut(usize, &mut [f64])) -> Result<Self, Error> {
        let n_elements = self.numel();
        let mut values = vec![0.0; n_elements];
        if n_elements > 0 {
            for (i, sample) in values.chunks_mut(n_elements / self.n_samples()).enumerate() {
                fill(i, sample);
            }
        }
        let made = match self.kind() {
            Kind::Double => Tensor::f_from_slice(&values),
            _ => Tensor::f_from_slice(&values.iter().map(|&value| value as f32).collect::<Vec<_>>()),
        };
        made.and_then(|made| made.f_reshape(self.size())?.f_to_device(self.device())?.f_to_kind(self.kind()))
            .map_err(tensor)
    }

    fn combine(terms: &[(Coefficient, &Self)]) -> Result<Self, Error> {
        let Some((_, first)) = terms.first() else {
            return Err(mismatch("terms of a sum", &0, &"at least 1"));
        };
        let mut sum: Option<Tensor> = None;
        for (coefficient, state) in terms {
            if state.size() != first.size() {
                return Err(mismatch("shapes of a sum", &state.size(), &first.size()));
            }
            let term = match coefficient {
                Coefficient::Same(factor) => state.f_mul_scalar(*factor).map_err(tensor)?,
                Coefficient::PerSample(factors) => scaled(state, factors)?,
            };
            sum = Some(match sum {
                Some(sum) => sum.f_add(&term).map_err(tensor)?,
                None => term,
            });
        }
        sum.ok_or_else(|| mismatch("terms of a sum", &0, &"at least 1"))
    }

    fn mul(&self, other: &Self) -> Result<Self, Error> {
        if self.size() != other.size() {
            return Err(mismatch("shapes of a product", &other.size(), &self.size()));
        }
        self.f_mul(other).map_err(tensor)
    }

    fn exp(&self) -> Result<Self, Error> {
        exp_by_parts(self).map_err(tensor)
    }

    fn clamp(&self, low: f64, high: f64) -> Result<Self, Error> {
        self.f_clamp(low, high).map_err(tensor)
    }

    fn n_elements(&self) -> usize {
        self.numel()
    }

    fn dot_per_sample(&self, other: &Self) -> Result<Vec<f64>, Error> {
        if self.size() != other.size() {
            return Err(mismatch("shapes of a product", &other.size(), &self.size()));
        }
        // Summed in order on the CPU, because the sums of the library depend on the number of threads.
        let (a, b) = (numbers(self).map_err(tensor)?, numbers(other).map_err(tensor)?);
        let each = (a.len() / self.n_samples().max(1)).max(1);
        let samples = a.chunks_exact(each).zip(b.chunks_exact(each));
        Ok(samples.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum()).collect())
    }

    fn quantile_abs_per_sample(&self, q: f64) -> Result<Vec<f64>, Error> {
        let values = numbers(self).map_err(tensor)?;
        let each = (values.len() / self.n_samples().max(1)).max(1);
        values.chunks_exact(each).map(|sample| quantile_abs(sample.iter().copied(), q)).collect()
    }

    fn select_per_sample(&self, other: &Self, own: &[bool]) -> Result<Self, Error> {
        if self.size() != other.size() {
            return Err(mismatch("shapes of a choice", &other.size(), &self.size()));
        }
        if own.len() != self.n_samples() {
            return Err(mismatch("choices of a batch", &own.len(), &self.n_samples()));
        }
        let mut shape = vec![1; self.dim()];
        shape[0] = own.len() as i64;
        let choose = || {
            let own = Tensor::f_from_slice(own)?.f_reshape(&shape)?.f_to_device(self.device())?;
            self.f_where_self(&own, other)
        };
        choose().map_err(tensor)
    }
}

/// The number of elements that one call computes. It is small enough for the library to use a single thread.
const PART: i64 = 1 << 14;

/// e^x, computed for each sample in parts of a fixed size. The library uses another formula for the elements after the last whole
/// vector, so that the bits of an element would otherwise depend on its position in the batch or in a thread's share.
fn exp_by_parts(x: &Tensor) -> Result<Tensor, TchError> {
    if x.numel() == 0 {
        return x.f_exp();
    }
    let flat = x.f_contiguous()?.f_reshape([x.n_samples() as i64, -1])?;
    let each = flat.size()[1];
    let mut parts = Vec::new();
    for sample in 0..x.n_samples() as i64 {
        for first in (0..each).step_by(PART as usize) {
            parts.push(flat.f_get(sample)?.f_narrow(0, first, PART.min(each - first))?.f_exp()?);
        }
    }
    Tensor::f_cat(&parts, 0)?.f_reshape(x.size())
}

/// The numbers of a tensor in row-major order.
fn numbers(of: &Tensor) -> Result<Vec<f64>, TchError> {
    let flat = of.f_to_device(tch::Device::Cpu)?.f_to_kind(Kind::Double)?.f_contiguous()?;
    Vec::<f64>::try_from(flat.f_flatten(0, -1)?)
}

/// Multiplies each sample by its factor.
fn scaled(state: &Tensor, factors: &[f64]) -> Result<Tensor, Error> {
    if factors.len() != state.n_samples() {
        return Err(mismatch("coefficients of a batch", &factors.len(), &state.n_samples()));
    }
    let mut shape = vec![1; state.dim()];
    shape[0] = factors.len() as i64;
    let column = || {
        Tensor::f_from_slice(factors)?.f_reshape(&shape)?.f_to_kind(state.kind())?.f_to_device(state.device())
    };
    column().and_then(|column| state.f_mul(&column)).map_err(tensor)
}

fn tensor(error: TchError) -> Error {
    Error::Tensor(error.into())
}

fn mismatch(what: &'static str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug) -> Error {
    Error::Mismatch { what, found: format!("{found:?}"), expected: format!("{expected:?}") }
}
