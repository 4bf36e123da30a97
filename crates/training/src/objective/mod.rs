//! The loss on tensors. Its coefficients are computed by `tweedie_math`.

mod columns;
mod variational;

use crate::{Error, Loss, Objective, TrainingBatch};
use columns::{Columns, targets};
use tch::{Kind, Tensor};
use tweedie_models::{Call, Model};
use tweedie_networks::Pass;
use tweedie_samplers::Levels;

/// The loss of a batch, a scalar: the mean over the examples of loss × [`DrawnLevel::weight`](crate::DrawnLevel::weight).
///
/// # Errors
/// The errors of [`example_losses`].
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

/// The mean of weight × loss over examples, for losses of shape (N).
///
/// # Errors
/// [`Error::Torch`] if the weights cannot be copied to the device.
pub(crate) fn weighted_mean(losses: &Tensor, weights: &[f64]) -> Result<Tensor, Error> {
    if weights.iter().all(|&weight| weight == 1.0) {
        return Ok(losses.f_mean(Kind::Float)?);
    }
    let weights: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
    let weights = Tensor::f_from_slice(&weights)?.f_to_device(losses.device())?;
    Ok(losses.f_mul(&weights)?.f_mean(Kind::Float)?)
}

/// The loss of each example, (N), without the weight of its drawn level.
///
/// With the target p·x_0 + q·ε of the model's parameterization, the squared error is the mean over an example's values of
/// weight·(output − target)² (L_simple, Ho et al. 2020, eq. 14, for a predicted ε). The weight converts the error of the network's output
/// to the error of the quantity that the objective measures; it is at most `max_weight`.
///
/// # Errors
/// Errors returned by the network; for a variational loss, an error if the model has neither a predicted nor a fixed variance.
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
        // The mean is a constant in the bound, whose gradient therefore reaches only the variance.
        Loss::Hybrid => Ok(squared()? + objective.vlb_weight * bound(&predicted.detach())?),
    }
}

/// The mean of each example's values, (N).
fn mean_of_each(values: &Tensor) -> Result<Tensor, tch::TchError> {
    let axes: Vec<i64> = (1..values.dim() as i64).collect();
    values.f_mean_dim(axes.as_slice(), false, Kind::Float)
}
