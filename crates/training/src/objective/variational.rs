//! L_vlb as a loss: the terms of `tweedie_math::bound`, computed on tensors with gradients.

use super::columns::Columns;
use super::mean_of_each;
use crate::{Error, TrainingBatch};
use tch::{Kind, Tensor};
use tweedie_math::decoder::Grid;
use tweedie_math::{FirstVariance, FixedVariance, Posterior, ReverseStep};
use tweedie_models::Model;
use tweedie_samplers::{ReverseVariance, Spread};

/// T times each example's term of the bound in bits per dimension, (N). Its mean over uniformly drawn times is the bound without L_T.
///
/// At t ≥ 2 the term is KL(q(x_{t−1} | x_t, x_0) ‖ p), at t = 1 it is −log p(x_0 | x_1). x̂_0 is not clipped.
///
/// # Errors
/// An error if x_0 cannot be computed from the output or the model has neither a predicted nor a fixed variance; [`Error::Untrained`] for
/// levels that are not trained ones.
pub(super) fn losses(
    model: &Model,
    batch: &TrainingBatch,
    predicted: &Tensor,
    spread: Option<&Spread<Tensor>>,
    x_t: &Tensor,
) -> Result<Tensor, Error> {
    let (about, process) = (model.about(), model.process());
    let times = batch.levels.iter().map(|drawn| drawn.time.ok_or(Error::Untrained));
    let times = times.collect::<Result<Vec<usize>, _>>()?;
    let row = |&time: &usize| {
        let (level, previous) = (process.level(time), Some(process.level(time - 1)));
        let step = ReverseStep::trained(process, time, FirstVariance::default())?;
        let reading = model.parameterization().reading(level, previous)?;
        let Posterior { x0_coefficient, variance, .. } = step.posterior;
        // At t = 1 the decoder's term replaces the divergence. Its unused value must be finite, or the gradient becomes NaN.
        let log_posterior = if time == 1 { step.log_small } else { variance.ln() };
        let range = step.range();
        Ok([reading.x0_from_x, reading.x0_from_out, x0_coefficient, log_posterior, range.slope, range.offset])
    };
    let rows = times.iter().map(row).collect::<Result<Vec<[f64; 6]>, Error>>()?;
    let columns = Columns::of(&rows, predicted)?;
    let error = &batch.x0 - (columns.get(0) * x_t + columns.get(1) * predicted);
    let log_variance = match spread {
        // ln σ² = slope·v + offset (eq. 15).
        Some(Spread::Range(v)) => columns.get(4) * v + columns.get(5),
        Some(Spread::LogVariance(log_variance)) => log_variance.shallow_clone(),
        _ => fixed(model, &times, predicted)?.f_expand_as(&error)?,
    };

    // KL = ½·(Δ²/σ² + r − 1 − ln r) with r = β̃/σ², Δ = c₁·(x_0 − x̂_0).
    let log_ratio = columns.get(3) - &log_variance;
    let squared = (columns.get(2) * &error).square() * (-&log_variance).exp();
    let divergence = (squared + log_ratio.expm1() - log_ratio) * 0.5;
    let mut terms = mean_of_each(&divergence)?;
    let first: Vec<i64> = (0..times.len() as i64).filter(|&i| times[i as usize] == 1).collect();
    if !first.is_empty() {
        let rows = Tensor::f_from_slice(&first)?.f_to_device(predicted.device())?;
        let of = |values: &Tensor| values.f_index_select(0, &rows);
        let likelihood = if about.standardization.is_some() {
            continuous(&of(&error)?, &of(&log_variance)?)
        } else {
            let grid = Grid { low: about.range.low, high: about.range.high, n: 256 };
            discretised(&of(&batch.x0)?, &of(&error)?, &of(&log_variance)?, grid)
        };
        terms = terms.f_scatter(0, &rows, &-mean_of_each(&likelihood)?)?;
    }
    let bits = process.steps() as f64 / std::f64::consts::LN_2;
    Ok(terms * bits)
}

/// ln σ² of the model's fixed sampling variance, (N, 1, …).
fn fixed(model: &Model, times: &[usize], like: &Tensor) -> Result<Tensor, Error> {
    let variance = match model.sampling().variance {
        ReverseVariance::FixedSmall => FixedVariance::FixedSmall,
        ReverseVariance::FixedLarge => FixedVariance::FixedLarge,
        // An optimal variance is estimated from the network's own error, so it is not a fixed target for training.
        _ => return Err(tweedie_models::Error::from(tweedie_samplers::Error::NoSpread).into()),
    };
    let log = |&time: &usize| {
        let step = ReverseStep::trained(model.process(), time, FirstVariance::default())?;
        Ok::<_, Error>([step.log_variance(variance)])
    };
    Ok(Columns::of(&times.iter().map(log).collect::<Result<Vec<_>, _>>()?, like)?.get(0))
}

/// The logarithm of the density of N(x̂_0, σ²) at x_0.
fn continuous(error: &Tensor, log_variance: &Tensor) -> Tensor {
    (error.square() * (-log_variance).exp() + log_variance + std::f64::consts::TAU.ln()) * -0.5
}

/// The logarithm of the probability of x_0's bin under N(x̂_0, σ²), in double precision. It is the exact probability of
/// `tweedie_math::decoder`, computed as the difference of two complementary error functions in the tail where they are small.
fn discretised(x0: &Tensor, error: &Tensor, log_variance: &Tensor, grid: Grid) -> Tensor {
    let half = grid.half_width();
    let [x0, error] = [x0, error].map(|it| it.to_kind(Kind::Double));
    let inverse_sigma = (log_variance.to_kind(Kind::Double) * -0.5).exp();
    // A bin below the mean is mirrored, so that every bin lies in the upper tail.
    let mirror = error.detach().lt(0.0).to_kind(Kind::Double) * -2.0 + 1.0;
    let middle = &mirror * &error;
    let scaled = |edge: f64| (&middle + edge) * &inverse_sigma * std::f64::consts::FRAC_1_SQRT_2;
    let (near, far) = (scaled(-half), scaled(half));
    // The outermost bins extend to infinity. The sign of `mirror` determines on which side.
    let lowest = x0.lt(grid.low + half).to_kind(Kind::Double);
    let highest = x0.gt(grid.high - half).to_kind(Kind::Double);
    let upward = (&mirror + 1.0) * 0.5;
    let no_far = &highest * &upward + &lowest * (1.0 - &upward);
    let no_near: Tensor = &lowest * &upward + &highest * (1.0 - &upward);
    let below_near = near.erfc() * (1.0 - &no_near) + &no_near * 2.0;
    let above_far = far.erfc() * (1.0 - &no_far);
    let probability: Tensor = (below_near - above_far) * 0.5;
    let direct = probability.clamp_min(f64::MIN_POSITIVE).log();
    // Beyond FAR, erfc(z) = e^(−z²)/(z√π)·(1 − 1/(2z²)) to 1e-6; the logarithm of this expression does not underflow and has a gradient.
    const FAR: f64 = 20.0;
    let z = near.clamp_min(FAR);
    let width = (&far - &near).clamp_min(1e-9);
    let log_one_bin = (-&width * (&z * 2.0 + &width)).expm1().neg().log();
    let tail: Tensor = -z.square() - (&z * (2.0 * std::f64::consts::PI.sqrt())).log()
        + (z.square().reciprocal() * -0.5).log1p()
        + log_one_bin * (1.0 - no_far);
    tail.where_self(&near.gt(FAR).logical_and(&no_near.eq(0.0)), &direct).to_kind(Kind::Float)
}
