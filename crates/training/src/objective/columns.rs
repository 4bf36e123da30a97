//! The numbers that each example's tensors are multiplied by.

use super::TrainingBatch;
use crate::{Error, Objective};
use tch::Tensor;
use tweedie_models::Model;

/// One number per example, each (N, 1, 1, 1) but `told`, which is (N).
pub(super) struct Columns {
    /// s of x_t = s·x_0 + n·ε.
    pub(super) signal: Tensor,
    /// n.
    pub(super) noise: Tensor,
    /// p of the target p·x_0 + q·ε.
    pub(super) target_x0: Tensor,
    /// q.
    pub(super) target_eps: Tensor,
    /// The squared error's weight.
    pub(super) weight: Tensor,
    /// What x_t is multiplied by before the network sees it.
    pub(super) input_scale: Tensor,
    /// Whether that differs from 1 anywhere.
    pub(super) scales_input: bool,
    /// What the network is told.
    pub(super) told: Tensor,
}

impl Columns {
    pub(super) fn of(model: &Model, batch: &TrainingBatch, objective: &Objective) -> Result<Self, Error> {
        let (description, process) = (model.description(), model.process());
        let said = description.parameterization;
        let mut columns: [Vec<f32>; 7] = Default::default();
        for drawn in &batch.times {
            let (level, previous) = (process.level(drawn.time), Some(process.level(drawn.time - 1)));
            let target = said.target(level, previous)?;
            let weight = match objective.weighting {
                Some(weighting) => weighting.on(said, level, previous)?,
                None => said.loss_weight(objective.measured.unwrap_or(said), level, previous)?,
            };
            let row = [
                level.signal_rate(),
                level.noise_rate(),
                target.from_x0,
                target.from_eps,
                weight.min(objective.max_weight),
                said.input_scale(level),
                description.conditioning.told(process, level)?,
            ];
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value as f32);
            }
        }
        let n = batch.times.len() as i64;
        let scales_input = columns[5].iter().any(|&scale| scale != 1.0);
        // One transfer for all.
        let table = Tensor::f_from_slice(&columns.concat())?
            .f_reshape([7, n, 1, 1, 1])?
            .f_to_device(batch.x0.device())?;
        let column = |i: i64| table.get(i);
        Ok(Self {
            signal: column(0),
            noise: column(1),
            target_x0: column(2),
            target_eps: column(3),
            weight: column(4),
            input_scale: column(5),
            scales_input,
            told: column(6).f_reshape([n])?,
        })
    }
}
