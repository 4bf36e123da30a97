//! A model as a denoiser, at any level.

use crate::parts::Part;
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
    /// The number of the batch's first picture: says where in a micro-batch each one lies.
    first: usize,
}

impl Model {
    /// The model under a condition.
    pub fn given(&self, class: Option<ClassCondition>) -> Conditioned<'_> {
        Conditioned { model: self, class, first: 0 }
    }

    /// The process' own level of a level's log-SNR. One within 1e-9 of a trained level is that level.
    fn own_level(&self, level: NoiseLevel) -> Result<NoiseLevel, MathError> {
        match self.process.trained_time(level) {
            Some(time) => Ok(self.process.level(time)),
            None => self.process.at_log_snr(level.log_snr()),
        }
    }

    /// Whether some of the levels are clean and what the network says cannot be read there.
    fn says_nothing_of_clean(&self, at: &[NoiseLevel]) -> bool {
        at.iter().any(NoiseLevel::is_clean)
            && self.description.parameterization.reading(NoiseLevel::CLEAN, None).is_err()
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

impl Conditioned<'_> {
    /// The estimate where some samples are clean, of which what the network says cannot be read (x̂_0 tells ε only where there is
    /// some): x_0 is x itself, and ε̂ what is said of x at the level that the network is told, the first trained one at least.
    fn denoise_clean(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        told: &[NoiseLevel],
    ) -> Result<Estimate<Tensor>, Error> {
        let n = x.n_samples();
        let of = |levels: &[NoiseLevel], i: usize| levels[i.min(levels.len() - 1)];
        let is_clean: Vec<bool> = (0..n).map(|i| of(at, i).is_clean()).collect();
        let first = self.model.process.level(1);
        let near = |i: usize| match (is_clean[i], of(told, i)) {
            (false, _) => of(at, i),
            (true, told) if told.log_snr() > first.log_snr() => first,
            (true, told) => told,
        };
        let levels: Vec<NoiseLevel> = (0..n).map(near).collect();
        let factor =
            |i: usize| if is_clean[i] { levels[i].signal_rate() / of(at, i).signal_rate() } else { 1.0 };
        let factors: Vec<f64> = (0..n).map(factor).collect();
        let noisy = Tensor::combine(&[(coefficient(&factors), x)])?;
        let said = self.denoise_told(&noisy, &levels, told)?;
        let own: Vec<f64> =
            (0..n).map(|i| if is_clean[i] { 1.0 / of(at, i).signal_rate() } else { 1.0 }).collect();
        let x0 = Tensor::combine(&[(coefficient(&own), x)])?.select_per_sample(&said.x0, &is_clean)?;
        Ok(Estimate { x0, ..said })
    }

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
