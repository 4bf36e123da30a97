//! The loss. Formulas are `math`'s; here numbers multiply tensors.

mod columns;
mod variational;

use crate::{DrawnTime, Error, Loss, Objective};
use columns::Columns;
use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::Model;
use tweedie_networks::{ClassCondition, Pass};

/// A batch ready to be learned from.
#[derive(Debug)]
pub struct TrainingBatch {
    /// Clean data in the model's range, (N, C, H, W).
    pub x0: Tensor,
    /// Noise of the same shape.
    pub eps: Tensor,
    /// The level's time of each example, and its weight.
    pub times: Vec<DrawnTime>,
    /// Class of each example, for a conditional model.
    pub class: Option<ClassCondition>,
}

/// Noise for `n` examples of a shape (C, H, W), keyed by the image number: it does not depend on the batch or the device.
///
/// # Errors
/// When it cannot be brought to the device.
pub fn noise_for(
    purpose: Purpose,
    seed: u64,
    first: u64,
    n: usize,
    shape: [i64; 3],
    device: Device,
) -> Result<Tensor, Error> {
    let n_values = shape.iter().product::<i64>() as usize;
    let mut values = Vec::with_capacity(n * n_values);
    for image in first..first + n as u64 {
        let mut stream = Stream::new(Key { seed, image, purpose, visit: 0, draw: 0 });
        values.extend((0..n_values).map(|_| stream.normal() as f32));
    }
    let [channels, height, width] = shape;
    Ok(Tensor::f_from_slice(&values)?.f_reshape([n as i64, channels, height, width])?.f_to_device(device)?)
}

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
    weighted_mean(&losses, batch)
}

/// The mean of losses, (N), each times its example's weight.
///
/// # Errors
/// When the weights cannot be brought to the device.
pub(crate) fn weighted_mean(losses: &Tensor, batch: &TrainingBatch) -> Result<Tensor, Error> {
    let weights: Vec<f32> = batch.times.iter().map(|drawn| drawn.weight as f32).collect();
    if weights.iter().all(|&weight| weight == 1.0) {
        return Ok(losses.f_mean(Kind::Float)?);
    }
    let weights = Tensor::f_from_slice(&weights)?.f_to_device(losses.device())?;
    Ok(losses.f_mul(&weights)?.f_mean(Kind::Float)?)
}

/// The loss of each example, (N), before the weight of how its level was drawn.
///
/// With x_t = s·x_0 + n·ε and the target p·x_0 + q·ε of the model's parameterisation, the squared error is the mean over pixels of
/// weight·(output − target)² (L_simple, Ho et al. 2020, eq. 14, when it says ε); the weight moves the error to where the objective
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
    let columns = Columns::of(model, batch, objective)?;
    let x_t = &columns.signal * &batch.x0 + &columns.noise * &batch.eps;
    let input = if columns.scales_input { &columns.input_scale * &x_t } else { x_t.shallow_clone() };
    let out = model.network().forward(&input, &columns.told, batch.class.as_ref(), pass)?;
    let out = out.f_to_kind(Kind::Float)?;
    let channels = batch.x0.size()[1];
    let said = out.narrow(1, 0, channels);
    let learned = (out.size()[1] > channels).then(|| out.narrow(1, channels, channels));

    let squared = || -> Result<Tensor, Error> {
        let target = &columns.target_x0 * &batch.x0 + &columns.target_eps * &batch.eps;
        Ok(mean_of_each(&(&columns.weight * (&said - target).square()))?)
    };
    let bound = |said: &Tensor| variational::losses(model, batch, said, learned.as_ref(), &x_t);
    match objective.loss {
        Loss::Squared => squared(),
        Loss::Vlb => bound(&said),
        // The bound sees the mean as it is: its gradient is the variance's alone.
        Loss::Hybrid => Ok(squared()? + objective.vlb_weight * bound(&said.detach())?),
    }
}

/// The mean over each example's values, (N).
fn mean_of_each(values: &Tensor) -> Result<Tensor, tch::TchError> {
    values.f_mean_dim(&[1i64, 2, 3][..], false, Kind::Float)
}
