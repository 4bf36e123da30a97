//! The loss. Formulas are those of `math`; here numbers multiply tensors.

mod columns;
mod variational;

use crate::{Error, Loss, Objective, TrainingBatch};
use columns::{Columns, targets};
use tch::{Kind, Tensor};
use tweedie_models::{Call, Model};
use tweedie_networks::Pass;
use tweedie_samplers::Levels;

/// The batch's loss, a scalar: the mean of the examples' losses, each times the weight of how its level was drawn.
///
/// # Errors
/// What the network reports.
pub fn loss(
    model: &Model,
    batch: &TrainingBatch,
    objective: &Objective,
    pass: &Pass,
) -> Result<Tensor, Error> {
    let losses = example_losses(model, batch, objective, pass)?;
    let weights: Vec<f64> = batch.levels.iter().map(|drawn| drawn.weight).collect();
    weighted_mean(&losses, &weights)
}

/// The mean of losses, (N), each times its example's weight.
///
/// # Errors
/// When the weights cannot be brought to the device.
pub(crate) fn weighted_mean(losses: &Tensor, weights: &[f64]) -> Result<Tensor, Error> {
    if weights.iter().all(|&weight| weight == 1.0) {
        return Ok(losses.f_mean(Kind::Float)?);
    }
    let weights: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
    let weights = Tensor::f_from_slice(&weights)?.f_to_device(losses.device())?;
    Ok(losses.f_mul(&weights)?.f_mean(Kind::Float)?)
}

/// The loss of each example, (N), before the weight of how its level was drawn.
///
/// With the target p·x_0 + q·ε of the model's parameterization, the squared error is the mean over an example's values of
/// weight·(output − target)² (L_simple, Ho et al. 2020, eq. 14, for a predicted ε). The weight moves the error to where the objective
/// measures it, up to `max_weight`.
///
/// # Errors
/// What the network reports; a variational loss of a model that has no variance to learn or to take.
pub fn example_losses(
    model: &Model,
    batch: &TrainingBatch,
    objective: &Objective,
    pass: &Pass,
) -> Result<Tensor, Error> {
    let levels = batch.noise_levels();
    let x_t = batch.noisy()?;
    let call = Call { condition: &batch.condition, first: 0, pass: *pass, network_levels: None };
    let output = model.output(&x_t, Levels::Each(&levels), &call)?;
    let (predicted, spread) = model.split(&output.out)?;
    let squared = || -> Result<Tensor, Error> {
        let columns = Columns::of(&targets(model, &levels, objective)?, &batch.x0)?;
        let target = columns.get(0) * &batch.x0 + columns.get(1) * &batch.eps;
        Ok(mean_of_each(&(columns.get(2) * (&predicted - target).square()))?)
    };
    let bound = |predicted: &Tensor| variational::losses(model, batch, predicted, spread.as_ref(), &x_t);
    match objective.loss {
        Loss::Squared => squared(),
        Loss::Vlb => bound(&predicted),
        // The bound sees the mean as a constant: its gradient reaches the variance alone.
        Loss::Hybrid => Ok(squared()? + objective.vlb_weight * bound(&predicted.detach())?),
    }
}

/// The mean over each example's values, (N).
fn mean_of_each(values: &Tensor) -> Result<Tensor, tch::TchError> {
    let axes: Vec<i64> = (1..values.dim() as i64).collect();
    values.f_mean_dim(axes.as_slice(), false, Kind::Float)
}
