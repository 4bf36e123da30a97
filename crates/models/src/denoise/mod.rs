//! A model as a denoiser, at any level.

mod clean;
mod jacobian;
mod levels;
mod tensors;

pub(crate) use tensors::{per_sample, rescaling, scaled};

use crate::Model;
use crate::parts::Part;
use tch::Tensor;
use tensors::{linear, split};
use tweedie_math::NoiseLevel;
use tweedie_networks::ClassCondition;
use tweedie_samplers::{Denoiser, Error, Estimate, State};

/// A model with its condition bound: what samplers see.
#[derive(Debug)]
pub struct Conditioned<'a> {
    model: &'a Model,
    class: Option<ClassCondition>,
    /// The number of the batch's first picture: says where in a micro-batch each one lies.
    first: usize,
}

impl Model {
    /// The model under a condition.
    pub fn given(&self, class: Option<ClassCondition>) -> Conditioned<'_> {
        Conditioned { model: self, class, first: 0 }
    }
}

impl Conditioned<'_> {
    /// The same for a batch whose first picture has a number: with a micro-batch each picture has a place of its own in it, for a
    /// network's bits depend on that, too.
    #[must_use]
    pub fn from_picture(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// The network's output, computed in parts of the model's micro-batch where it has one.
    fn forward(&self, input: &Tensor, time: &Tensor) -> Result<Tensor, Error> {
        let whole = |input: &Tensor, time: &Tensor, class: Option<&ClassCondition>| {
            self.model.network.forward(input, time, class, &self.model.pass).map_err(Error::other)
        };
        let Some(size) = self.model.micro_batch else { return whole(input, time, self.class.as_ref()) };
        let failed = |error: tch::TchError| Error::Tensor(error.into());
        let parts = Part::of(input.n_samples(), self.first, size).into_iter().map(|part| {
            let rows = part.rows(input.device()).map_err(failed)?;
            let of = |all: &Tensor| all.f_index_select(0, &rows).map_err(failed);
            let class =
                self.class.as_ref().map(|class| class.rows(&rows)).transpose().map_err(Error::other)?;
            part.counted(&whole(&of(input)?, &of(time)?, class.as_ref())?).map_err(failed)
        });
        Tensor::f_cat(&parts.collect::<Result<Vec<_>, Error>>()?, 0).map_err(failed)
    }
}

impl Denoiser<Tensor> for Conditioned<'_> {
    fn denoise_told(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        told: &[NoiseLevel],
    ) -> Result<Estimate<Tensor>, Error> {
        let model = self.model;
        let n = x.n_samples();
        for levels in [at, told] {
            if levels.len() != 1 && levels.len() != n {
                let (found, expected) = (levels.len().to_string(), format!("1 or {n}"));
                return Err(Error::Mismatch { what: "noise levels of a batch", found, expected });
            }
        }
        if model.says_nothing_of_clean(at) {
            return self.denoise_clean(x, at, told);
        }
        let own: Vec<NoiseLevel> =
            at.iter().map(|&level| model.own_level(level)).collect::<Result<_, _>>()?;
        let rescale: Vec<f64> = at.iter().zip(&own).map(|(at, own)| rescaling(*at, *own)).collect();
        let x = scaled(x, &rescale)?;
        let times: Vec<f32> =
            told.iter().map(|&level| Ok(model.told(level)? as f32)).collect::<Result<_, Error>>()?;
        let time = per_sample(&times, n, x.device())?;
        let parameterization = model.description.parameterization;
        let scales: Vec<f64> = own.iter().map(|&level| parameterization.input_scale(level)).collect();
        let input = scaled(&x, &scales)?;
        let out = self.forward(&input, &time)?;
        let (out, spread) = split(&out, model.description.variance)?;

        // x_0 = x0_from_x·x + x0_from_out·out, ε = eps_from_x·x + eps_from_out·out.
        let mut columns: [Vec<f64>; 4] = Default::default();
        for &level in &own {
            let reading = parameterization.reading(level, model.previous(level)?)?;
            let row = [reading.x0_from_x, reading.x0_from_out, reading.eps_from_x, reading.eps_from_out];
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let [x0_from_x, x0_from_out, eps_from_x, eps_from_out] = &columns;
        Ok(Estimate {
            x0: linear(x0_from_x, &x, x0_from_out, &out)?,
            eps: linear(eps_from_x, &x, eps_from_out, &out)?,
            spread,
        })
    }
}

impl Denoiser<Tensor> for Model {
    fn denoise_told(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        told: &[NoiseLevel],
    ) -> Result<Estimate<Tensor>, Error> {
        self.given(None).denoise_told(x, at, told)
    }
}
