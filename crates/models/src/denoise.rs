//! A model as a denoiser, at any level.

use crate::{LearnedVariance, Model};
use tch::{Kind, Tensor};
use tweedie_math::{Conditioning, Error as MathError, NoiseLevel};
use tweedie_networks::ClassCondition;
use tweedie_samplers::{Coefficient, Denoiser, Differentiable, Error, Estimate, Spread, State};

/// A model with its condition bound: what samplers see.
#[derive(Debug)]
pub struct Conditioned<'a> {
    model: &'a Model,
    class: Option<ClassCondition>,
}

impl Model {
    /// The model under a condition.
    pub fn given(&self, class: Option<ClassCondition>) -> Conditioned<'_> {
        Conditioned { model: self, class }
    }

    /// The process' own level of a level's log-SNR. One within 1e-9 of a trained level is that level.
    fn own_level(&self, level: NoiseLevel) -> Result<NoiseLevel, MathError> {
        match self.process.trained_time(level) {
            Some(time) => Ok(self.process.level(time)),
            None => self.process.at_log_snr(level.log_snr()),
        }
    }

    /// The level that a posterior mean is that of: one trained step cleaner, also from between two trained levels; none for clean
    /// data.
    pub(crate) fn previous(&self, level: NoiseLevel) -> Result<Option<NoiseLevel>, MathError> {
        match self.process.trained_time(level) {
            Some(time) => Ok(time.checked_sub(1).map(|before| self.process.level(before))),
            None => self.process.at_time((self.process.time_of(level) - 1.0).max(0.0)).map(Some),
        }
    }

    /// The number that the network is told at a level.
    pub(crate) fn told(&self, level: NoiseLevel) -> Result<f64, Error> {
        if let (Conditioning::Index, Some(time)) =
            (self.description.conditioning, self.process.trained_time(level))
        {
            return Ok(time.saturating_sub(1) as f64);
        }
        if self.network.has_time_table() {
            let time = self.process.time_of(level);
            return Err(Error::other(format!(
                "this network has a learned time table and knows nothing between its trained levels; the path asks for time {time:.3}"
            )));
        }
        Ok(self.description.conditioning.told(self.process.as_ref(), level)?)
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
        let out =
            model.network.forward(&input, &time, self.class.as_ref(), &model.pass).map_err(Error::other)?;
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

impl Differentiable<Tensor> for Conditioned<'_> {
    /// By reverse-mode differentiation through the network.
    fn denoise_vjp(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        cotangents: &[(Tensor, Tensor)],
    ) -> Result<(Estimate<Tensor>, Vec<Tensor>), Error> {
        let failed = |error: tch::TchError| Error::Tensor(error.into());
        let (estimate, products) = tch::with_grad(|| {
            let x = x.detach().set_requires_grad(true);
            let estimate = self.denoise(&x, at)?;
            let product = |(i, (of_x0, of_eps)): (usize, &(Tensor, Tensor))| {
                let sum = (&estimate.x0 * of_x0 + &estimate.eps * of_eps).sum(Kind::Float);
                let keeps_graph = i + 1 < cotangents.len();
                let mut gradients =
                    Tensor::f_run_backward(&[sum], &[&x], keeps_graph, false).map_err(failed)?;
                gradients.pop().ok_or_else(|| Error::other("the network's output does not depend on x"))
            };
            let products = cotangents.iter().enumerate().map(product).collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((estimate, products))
        })?;
        let estimate = Estimate {
            x0: estimate.x0.detach(),
            eps: estimate.eps.detach(),
            // A likelihood asks for no variance.
            spread: None,
        };
        Ok((estimate, products))
    }
}

/// x, each sample times its factor.
pub(crate) fn scaled(x: &Tensor, factors: &[f64]) -> Result<Tensor, Error> {
    if factors.iter().all(|&factor| factor == 1.0) {
        return Ok(x.share());
    }
    Tensor::combine(&[(coefficient(factors), x)])
}

/// a·x + b·y, without the terms that are zero everywhere.
fn linear(a: &[f64], x: &Tensor, b: &[f64], y: &Tensor) -> Result<Tensor, Error> {
    let is = |values: &[f64], value: f64| values.iter().all(|&v| v == value);
    match (is(a, 0.0), is(b, 0.0)) {
        (true, _) if is(b, 1.0) => Ok(y.share()),
        (true, _) => Tensor::combine(&[(coefficient(b), y)]),
        (_, true) => Tensor::combine(&[(coefficient(a), x)]),
        _ => Tensor::combine(&[(coefficient(a), x), (coefficient(b), y)]),
    }
}

/// What x is multiplied by to come from one level to another of the same log-SNR.
pub(crate) fn rescaling(from: NoiseLevel, to: NoiseLevel) -> f64 {
    if from.signal_rate() > from.noise_rate() {
        to.signal_rate() / from.signal_rate()
    } else {
        to.noise_rate() / from.noise_rate()
    }
}

fn coefficient(values: &[f64]) -> Coefficient<'_> {
    match values {
        [same] => Coefficient::Same(*same),
        several => Coefficient::PerSample(several),
    }
}

pub(crate) fn per_sample(values: &[f32], n: usize, device: tch::Device) -> Result<Tensor, Error> {
    let make = || match values {
        [same] => Tensor::f_full([n as i64], f64::from(*same), (Kind::Float, device)),
        several => Tensor::f_from_slice(several)?.f_to_device(device),
    };
    make().map_err(|error| Error::Tensor(error.into()))
}

/// The output proper, and the learned variance where there is one.
fn split(out: &Tensor, variance: LearnedVariance) -> Result<(Tensor, Option<Spread<Tensor>>), Error> {
    if variance == LearnedVariance::None {
        return Ok((out.share(), None));
    }
    let halves = out.f_chunk(2, 1).map_err(|error| Error::Tensor(error.into()))?;
    let second = halves[1].share();
    let spread =
        if variance == LearnedVariance::Range { Spread::Range(second) } else { Spread::LogVariance(second) };
    Ok((halves[0].share(), Some(spread)))
}
