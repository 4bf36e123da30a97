//! Numbers per level as factors of tensors, and a network's output taken apart.

use crate::LearnedVariance;
use tch::{Kind, Tensor};
use tweedie_math::NoiseLevel;
use tweedie_samplers::{Coefficient, Error, Spread, State};

/// x, each sample times its factor.
pub(crate) fn scaled(x: &Tensor, factors: &[f64]) -> Result<Tensor, Error> {
    if factors.iter().all(|&factor| factor == 1.0) {
        return Ok(x.share());
    }
    Tensor::combine(&[(coefficient(factors), x)])
}

/// a·x + b·y, without the terms that are zero everywhere.
pub(super) fn linear(a: &[f64], x: &Tensor, b: &[f64], y: &Tensor) -> Result<Tensor, Error> {
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

pub(super) fn coefficient(values: &[f64]) -> Coefficient<'_> {
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
pub(super) fn split(
    out: &Tensor,
    variance: LearnedVariance,
) -> Result<(Tensor, Option<Spread<Tensor>>), Error> {
    if variance == LearnedVariance::None {
        return Ok((out.share(), None));
    }
    let halves = out.f_chunk(2, 1).map_err(|error| Error::Tensor(error.into()))?;
    let second = halves[1].share();
    let spread =
        if variance == LearnedVariance::Range { Spread::Range(second) } else { Spread::LogVariance(second) };
    Ok((halves[0].share(), Some(spread)))
}
