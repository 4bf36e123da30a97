//! What a step learns from: clean pictures, noise, levels and labels, each keyed by the image's number.

use super::Trainer;
use crate::objective::noise_for;
use crate::{Error, Labels, Learner, TrainingBatch, draw_times};
use tch::{Device, Tensor};
use tweedie_data::{Batch, Values};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::{from_array, from_pixels};
use tweedie_networks::ClassCondition;

impl<L: Learner> Trainer<L> {
    /// Pictures, noise and levels of a part of a batch.
    pub(super) fn prepare(&self, batch: &Batch, start: usize, n: usize) -> Result<TrainingBatch, Error> {
        let shape = batch.shape.as_array().map(|side| side as i64);
        let (first, device) = (batch.first + start as u64, self.device());
        let x0 = self.clean(&batch.values, start, n, shape)?;
        let labels = batch.labels.as_ref().map(|labels| &labels[start..start + n]);
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
            class: self.condition(labels, Some(first))?,
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
        let ((range, standardization), device) = (self.model.clean_data(), self.device());
        let each = shape.iter().product::<i64>() as usize;
        let (from, to, size) = (start * each, (start + n) * each, [n as i64, shape[0], shape[1], shape[2]]);
        Ok(match (values, standardization) {
            (Values::Bytes(bytes), _) => from_pixels(&bytes[from..to], &size, range, device)?,
            (Values::Floats(values), Some(how)) => from_array(&values[from..to], &size, how, device)?,
            (Values::Floats(_), None) => return Err(Error::Arrays),
        })
    }

    /// Labels as the learner takes them; some that it is told are dropped, keyed by the image number, where `first` is that of the first
    /// picture that it learns from.
    pub(crate) fn condition(
        &self,
        labels: Option<&[u32]>,
        first: Option<u64>,
    ) -> Result<Option<ClassCondition>, Error> {
        let labels: Vec<i64> = match (self.model.labels(), labels, first) {
            (Labels::Unused, ..) | (Labels::Told { .. }, None, _) => return Ok(None),
            (Labels::Asked { .. }, None, _) => return Err(Error::Unlabelled),
            (Labels::Told { null_class: Some(row) }, Some(labels), Some(first)) => {
                self.kept_labels(labels, row, first)
            }
            (Labels::Asked { n_classes }, Some(labels), _) => {
                if let Some(&label) = labels.iter().find(|label| i64::from(**label) >= n_classes) {
                    return Err(Error::Label { label, n_classes });
                }
                labels.iter().copied().map(i64::from).collect()
            }
            (Labels::Told { .. }, Some(labels), _) => labels.iter().copied().map(i64::from).collect(),
        };
        Ok(Some(ClassCondition::Labels(Tensor::f_from_slice(&labels)?.f_to_device(self.device())?)))
    }

    /// Labels, some of them replaced by the row that means no class; keyed by the image number.
    fn kept_labels(&self, labels: &[u32], null_class: i64, first: u64) -> Vec<i64> {
        let kept = |(i, &label): (usize, &u32)| {
            let image = first + i as u64;
            let key =
                Key { seed: self.config.seed, image, purpose: Purpose::LABEL_DROPOUT, visit: 0, draw: 0 };
            let drops = Stream::new(key).uniform() < self.config.label_dropout;
            if drops { null_class } else { i64::from(label) }
        };
        labels.iter().enumerate().map(kept).collect()
    }

    /// Where the weights lie.
    pub(crate) fn device(&self) -> Device {
        self.model.parameters().device()
    }
}
