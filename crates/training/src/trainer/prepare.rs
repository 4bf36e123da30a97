//! What a step learns from: clean pictures, noise, levels and labels, each keyed by the image's number.

use super::Trainer;
use crate::objective::noise_for;
use crate::{Error, TrainingBatch, draw_times};
use tch::Tensor;
use tweedie_data::{Batch, Values};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::{from_array, from_pixels};
use tweedie_networks::ClassCondition;

impl Trainer {
    /// Pictures, noise and levels of a part of a batch.
    pub(super) fn prepare(&self, batch: &Batch, start: usize, n: usize) -> Result<TrainingBatch, Error> {
        let shape = batch.shape.as_array().map(|side| side as i64);
        let (first, device) = (batch.first + start as u64, self.model.device());
        let x0 = self.clean(&batch.values, start, n, shape)?;
        let class = match (&batch.labels, self.model.network().config().num_class_embeds) {
            (Some(labels), Some(_)) => {
                let labels = self.kept_labels(&labels[start..start + n], first);
                Some(ClassCondition::Labels(Tensor::f_from_slice(&labels)?.f_to_device(device)?))
            }
            _ => None,
        };
        Ok(TrainingBatch {
            x0,
            eps: noise_for(Purpose::TRAIN_NOISE, self.config.seed, first, n, shape, device)?,
            times: draw_times(
                self.model.process(),
                self.config.objective.levels,
                self.importance.as_ref(),
                self.config.seed,
                first,
                n,
            ),
            class,
        })
    }

    /// Values from the `start`-th picture on as a model sees clean data, (n, C, H, W).
    pub(crate) fn clean(
        &self,
        values: &Values,
        start: usize,
        n: usize,
        shape: [i64; 3],
    ) -> Result<Tensor, Error> {
        let (description, device) = (self.model.description(), self.model.device());
        let each = shape.iter().product::<i64>() as usize;
        let (from, to, size) = (start * each, (start + n) * each, [n as i64, shape[0], shape[1], shape[2]]);
        Ok(match (values, &description.standardization) {
            (Values::Bytes(bytes), _) => from_pixels(&bytes[from..to], &size, description.range, device)?,
            (Values::Floats(values), Some(how)) => from_array(&values[from..to], &size, how, device)?,
            (Values::Floats(_), None) => return Err(Error::Arrays),
        })
    }

    /// Labels, some of them replaced by the row that means no class; keyed by the image number.
    fn kept_labels(&self, labels: &[u32], first: u64) -> Vec<i64> {
        let kept = |(i, &label): (usize, &u32)| {
            let image = first + i as u64;
            let key =
                Key { seed: self.config.seed, image, purpose: Purpose::LABEL_DROPOUT, visit: 0, draw: 0 };
            match self.model.description().null_class {
                Some(row) if Stream::new(key).uniform() < self.config.label_dropout => row,
                _ => i64::from(label),
            }
        };
        labels.iter().enumerate().map(kept).collect()
    }
}
