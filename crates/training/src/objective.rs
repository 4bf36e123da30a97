//! The loss: a weighted squared error of what the network says. Formulas are `math`'s; here numbers multiply tensors.

use crate::{Error, Objective};
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
    /// The level's time of each example, 1 ..= T.
    pub times: Vec<usize>,
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

/// The batch's loss, a scalar: mean over examples and pixels of weight·(output − target)².
///
/// # Errors
/// What the network reports.
pub fn loss(
    model: &Model,
    batch: &TrainingBatch,
    objective: &Objective,
    pass: &Pass,
) -> Result<Tensor, Error> {
    Ok(weighted_errors(model, batch, objective, pass)?.mean(Kind::Float))
}

/// weight·(output − target)² of every value, (N, C, H, W).
///
/// With x_t = s·x_0 + n·ε and the target p·x_0 + q·ε of the model's parameterisation (L_simple, Ho et al. 2020, eq. 14, when
/// it says ε); the weight moves the error to where the objective measures it, up to `max_weight`.
///
/// # Errors
/// What the network reports.
pub(crate) fn weighted_errors(
    model: &Model,
    batch: &TrainingBatch,
    objective: &Objective,
    pass: &Pass,
) -> Result<Tensor, Error> {
    let said = model.description().parameterization;
    let mut columns: [Vec<f32>; 6] = Default::default();
    for &time in &batch.times {
        let level = model.process().level(time);
        let target = said.target(level);
        let weight = said.loss_weight(objective.measured.unwrap_or(said), level)?.min(objective.max_weight);
        let told = model.description().conditioning.told(model.process(), level)?;
        let row = [level.signal_rate(), level.noise_rate(), target.from_x0, target.from_eps, weight, told];
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value as f32);
        }
    }
    let n = batch.times.len() as i64;
    // One transfer for all six.
    let table = Tensor::f_from_slice(&columns.concat())?
        .f_reshape([6, n, 1, 1, 1])?
        .f_to_device(batch.x0.device())?;
    let column = |i: i64| table.get(i);
    let x_t = column(0) * &batch.x0 + column(1) * &batch.eps;
    let target = column(2) * &batch.x0 + column(3) * &batch.eps;
    let out = model.network().forward(&x_t, &column(5).reshape([n]), batch.class.as_ref(), pass)?;
    let out = if out.size()[1] == target.size()[1] { out } else { out.narrow(1, 0, target.size()[1]) };
    Ok(column(4) * (out - target).square())
}
