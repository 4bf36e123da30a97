//! A denoiser with a fixed condition.

use super::Model;
use crate::backbone::linear;
use crate::{Call, Condition, Error};
use tch::Tensor;
use tweedie_networks::Pass;
use tweedie_samplers::{Denoiser, Estimate, Levels};

/// A denoiser with a fixed condition, which implements [`Denoiser`] for samplers.
#[derive(Debug)]
pub struct Conditioned<'a> {
    pub(super) model: &'a Model,
    pub(super) condition: Condition,
    /// The number of the first example of the batch.
    pub(super) first: usize,
}

impl Conditioned<'_> {
    /// Sets the number of the first example of the batch. With a micro-batch, the position of an example depends on its number.
    #[must_use]
    pub fn from_example(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// The estimate at the levels `at`, with the network conditioned on `network_levels`.
    pub(super) fn estimate(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        network_levels: Levels<'_>,
        pass: Pass,
    ) -> Result<Estimate<Tensor>, Error> {
        if self.model.is_undefined_at_clean(at) {
            return self.estimate_clean(x, at, network_levels, pass);
        }
        let network_levels = Some(network_levels);
        let call = Call { condition: &self.condition, first: self.first, pass, network_levels };
        self.model.read(&self.model.output(x, at, &call)?)
    }
}

impl Model {
    /// Computes x̂₀ and ε̂ from the output of the network.
    ///
    /// # Errors
    /// An error for levels at which the prediction does not determine x₀.
    pub fn read(&self, output: &crate::Output) -> Result<Estimate<Tensor>, Error> {
        let (out, spread) = self.split(&output.out)?;
        // x_0 = x0_from_x·x + x0_from_out·out, ε = eps_from_x·x + eps_from_out·out.
        let mut columns: [Vec<f64>; 4] = Default::default();
        for &level in &output.levels {
            let reading = self.parameterization().reading(level, self.previous(level)?)?;
            let row = [reading.x0_from_x, reading.x0_from_out, reading.eps_from_x, reading.eps_from_out];
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let [x0_from_x, x0_from_out, eps_from_x, eps_from_out] = &columns;
        Ok(Estimate {
            x0: linear(x0_from_x, &output.x, x0_from_out, &out)?,
            eps: linear(eps_from_x, &output.x, eps_from_out, &out)?,
            spread,
        })
    }

    /// The estimates of the model under two conditions, computed in one batch. With a micro-batch they are computed one after the other,
    /// so that the position of each example depends only on its number.
    ///
    /// # Errors
    /// Errors of [`Backbone::output`](crate::Backbone::output) and [`Model::read`].
    pub fn denoise_pair(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        conditions: [&Condition; 2],
        first: usize,
    ) -> Result<[Estimate<Tensor>; 2], Error> {
        let call = |condition| Call { condition, first, pass: self.pass(), network_levels: None };
        if self.micro_batch().is_some() || self.is_undefined_at_clean(at) {
            let [a, b] = conditions.map(|condition| {
                let bound = self.given(condition.share()).from_example(first);
                bound.estimate(x, at, at, self.pass())
            });
            return Ok([a?, b?]);
        }
        let n = x.size()[0];
        conditions.iter().try_for_each(|condition| condition.check(n as usize))?;
        let both = Tensor::f_cat(&[x, x], 0)?;
        let twice = [at.as_slice(), at.as_slice()].concat();
        let at = if at.as_slice().len() == 1 { at } else { Levels::Each(&twice) };
        let condition = conditions[0].cat(conditions[1])?;
        let joint = self.output(&both, at, &call(&condition))?;
        let part = |k: i64| -> Result<Estimate<Tensor>, Error> {
            let levels = match joint.levels.as_slice() {
                [same] => vec![*same],
                several => several[k as usize * n as usize..][..n as usize].to_vec(),
            };
            let narrow = |of: &Tensor| of.f_narrow(0, k * n, n);
            self.read(&crate::Output { out: narrow(&joint.out)?, x: narrow(&joint.x)?, levels })
        };
        Ok([part(0)?, part(1)?])
    }
}

impl Denoiser<Tensor> for Conditioned<'_> {
    fn denoise(&self, x: &Tensor, at: Levels<'_>) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        Ok(self.estimate(x, at, at, self.model.pass())?)
    }

    fn denoise_conditioned(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        network_levels: Levels<'_>,
    ) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        Ok(self.estimate(x, at, network_levels, self.model.pass())?)
    }
}

impl Denoiser<Tensor> for Model {
    fn denoise(&self, x: &Tensor, at: Levels<'_>) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        self.given(Condition::none()).denoise(x, at)
    }

    fn denoise_conditioned(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        network_levels: Levels<'_>,
    ) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        self.given(Condition::none()).denoise_conditioned(x, at, network_levels)
    }
}
