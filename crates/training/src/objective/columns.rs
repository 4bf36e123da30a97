//! Per-example coefficients as tensors.

use crate::{Error, Objective};
use tch::Tensor;
use tweedie_math::NoiseLevel;
use tweedie_models::Model;

/// Per-example coefficients as tensors that broadcast over x, (N, 1, …) each.
pub(super) struct Columns(Tensor);

impl Columns {
    /// Row i of `rows` has the coefficients of example i; `like` is a batch of the same number of examples.
    pub(super) fn of<const K: usize>(rows: &[[f64; K]], like: &Tensor) -> Result<Self, Error> {
        let column = |k: usize| rows.iter().map(move |row| row[k] as f32);
        let values: Vec<f32> = (0..K).flat_map(column).collect();
        let mut shape = vec![1; like.dim() + 1];
        (shape[0], shape[1]) = (K as i64, rows.len() as i64);
        // All coefficients are copied to the device in one transfer.
        Ok(Self(Tensor::f_from_slice(&values)?.f_reshape(&shape)?.f_to_device(like.device())?))
    }

    /// The k-th coefficient of every example, (N, 1, …).
    pub(super) fn get(&self, k: i64) -> Tensor {
        self.0.get(k)
    }
}

/// The coefficients (p, q, weight) of each level: the target of the squared error is p·x_0 + q·ε, and `weight` multiplies the error.
pub(super) fn targets(
    model: &Model,
    levels: &[NoiseLevel],
    objective: &Objective,
) -> Result<Vec<[f64; 3]>, Error> {
    let predicted = model.parameterization();
    let row = |&level: &NoiseLevel| {
        let previous = model.previous(level)?;
        let target = predicted.target(level, previous)?;
        let weight = match objective.weighting {
            Some(weighting) => weighting.on(predicted, level, previous)?,
            None => predicted.loss_weight(objective.measured.unwrap_or(predicted), level, previous)?,
        };
        Ok([target.from_x0, target.from_eps, weight.min(objective.max_weight)])
    };
    levels.iter().map(row).collect()
}
