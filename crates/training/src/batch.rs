//! Noised examples, the training batches of denoisers and classifiers.

use crate::{DrawnLevel, Error, Labels, LevelSampling, TrainingConfig, draw_levels};
use std::ops::Range;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Batch, Values};
use tweedie_math::DiscreteProcess;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::{Backbone, Condition, from_array, from_pixels};
use tweedie_samplers::{Levels, noised};

/// Examples with their noise, levels and classes as plain numbers. Random numbers are keyed by the image number.
#[derive(Debug, Clone)]
pub struct NoisedBatch {
    examples: Batch,
    noise: Vec<f32>,
    /// `None` if the levels depend on the losses so far; the training step then draws them.
    levels: Option<Vec<DrawnLevel>>,
    classes: Option<Vec<i64>>,
    seed: u64,
}

/// Examples as tensors, ready for the network.
#[derive(Debug)]
pub struct TrainingBatch {
    /// Clean data in the model's units, (N, …).
    pub x0: Tensor,
    /// Noise of the same shape.
    pub eps: Tensor,
    /// The noise level of each example, with its weight.
    pub levels: Vec<DrawnLevel>,
    /// The condition of each example, for a conditional model.
    pub condition: Condition,
}

impl TrainingBatch {
    /// The levels without their weights.
    pub fn noise_levels(&self) -> Vec<tweedie_math::NoiseLevel> {
        self.levels.iter().map(|drawn| drawn.level).collect()
    }

    /// The noisy examples x_t = signal·x_0 + noise·ε.
    ///
    /// # Errors
    /// [`Error::Model`] if the shapes do not match.
    pub fn noisy(&self) -> Result<Tensor, Error> {
        let levels = self.noise_levels();
        Ok(noised(&self.x0, &self.eps, Levels::Each(&levels)).map_err(tweedie_models::Error::from)?)
    }
}

/// Noises examples on the loader's threads. It holds the parts of a model and a configuration that this needs.
#[derive(Debug, Clone)]
pub struct Noising {
    process: Arc<dyn DiscreteProcess>,
    levels: LevelSampling,
    labels: Labels,
    label_dropout: f64,
    seed: u64,
}

impl Noising {
    /// The noising for a model and a training configuration.
    pub fn new(backbone: &Backbone, labels: Labels, config: &TrainingConfig) -> Self {
        Self {
            process: backbone.share_process(),
            levels: config.objective.levels,
            labels,
            label_dropout: config.label_dropout,
            seed: config.seed,
        }
    }

    /// Draws noise, levels and dropped labels for a batch.
    ///
    /// # Errors
    /// [`Error::Unlabelled`] or [`Error::Label`] if labels are the target and are missing or out of range.
    pub fn prepare(&self, examples: Batch) -> Result<NoisedBatch, Error> {
        let (first, n) = (examples.first, examples.n);
        let process = self.process.as_ref();
        let levels = match self.levels {
            LevelSampling::Importance { .. } => None,
            how => Some(draw_levels(process, how, None, self.seed, first, n)),
        };
        let classes = classes(self.labels, examples.labels.as_deref(), |label, i| {
            self.kept_label(label, first + i as u64)
        })?;
        let noise = noise_for(Purpose::TRAIN_NOISE, self.seed, first, n, examples.shape.n_values());
        Ok(NoisedBatch { examples, noise, levels, classes, seed: self.seed })
    }

    /// The label, or the row for "no class" if the label is dropped. The decision is keyed by the image number.
    fn kept_label(&self, label: u32, image: u64) -> i64 {
        let Labels::Condition { null_class: Some(row) } = self.labels else { return i64::from(label) };
        let key = Key { seed: self.seed, image, purpose: Purpose::LABEL_DROPOUT, visit: 0, draw: 0 };
        if Stream::new(key).uniform() < self.label_dropout { row } else { i64::from(label) }
    }
}

/// The class row of each example. `row` maps a label and its index in the batch to its row.
fn classes(
    labels: Labels,
    given: Option<&[u32]>,
    row: impl Fn(u32, usize) -> i64,
) -> Result<Option<Vec<i64>>, Error> {
    match (labels, given) {
        (Labels::Unused, _) | (Labels::Condition { .. }, None) => Ok(None),
        (Labels::Target { .. }, None) => Err(Error::Unlabelled),
        (Labels::Target { n_classes }, Some(given)) => {
            if let Some(&label) = given.iter().find(|label| i64::from(**label) >= n_classes) {
                return Err(Error::Label { label, n_classes });
            }
            Ok(Some(given.iter().copied().map(i64::from).collect()))
        }
        (Labels::Condition { .. }, Some(given)) => {
            Ok(Some(given.iter().enumerate().map(|(i, &label)| row(label, i)).collect()))
        }
    }
}

impl NoisedBatch {
    /// The number of examples.
    pub fn n(&self) -> usize {
        self.examples.n
    }

    /// The seed of the training run.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// A range of the examples as tensors on the model's device. If the batch has no levels, `levels` computes them from the number of
    /// the range's first image and the length of the range.
    ///
    /// # Errors
    /// [`Error::Arrays`] for arrays if the model has no standardization; an error of LibTorch for data of another shape.
    pub fn part(
        &self,
        backbone: &Backbone,
        part: Range<usize>,
        levels: impl FnOnce(u64, usize) -> Vec<DrawnLevel>,
    ) -> Result<TrainingBatch, Error> {
        let (start, n, each) = (part.start, part.len(), self.examples.shape.n_values());
        let size = self.examples.shape.batch(n);
        let noise = &self.noise[start * each..(start + n) * each];
        Ok(TrainingBatch {
            x0: clean(backbone, &self.examples, part.clone())?,
            eps: Tensor::f_from_slice(noise)?.f_reshape(&size)?.f_to_device(backbone.device())?,
            levels: match &self.levels {
                Some(drawn) => drawn[part.clone()].to_vec(),
                None => levels(self.examples.first + start as u64, n),
            },
            condition: Condition {
                classes: self.classes.as_ref().map(|all| all[part].to_vec()),
                ..Condition::none()
            },
        })
    }

    /// Held-out examples at the given trained times, without dropped labels.
    ///
    /// # Errors
    /// The errors of [`NoisedBatch::part`] and [`Noising::prepare`].
    pub(crate) fn held_out(
        backbone: &Backbone,
        labels: Labels,
        examples: &Batch,
        times: &[usize],
        seed: u64,
    ) -> Result<TrainingBatch, Error> {
        let process = backbone.process();
        let classes = classes(labels, examples.labels.as_deref(), |label, _| i64::from(label))?;
        let n = examples.n;
        let noise = noise_for(Purpose::EVALUATE, seed, examples.first, n, examples.shape.n_values());
        let levels = times.iter().map(|&time| DrawnLevel::trained(process, time)).collect();
        let batch = Self { examples: examples.clone(), noise, levels: Some(levels), classes, seed };
        batch.part(backbone, 0..n, |_, _| Vec::new())
    }
}

/// Clean examples in the model's units, (n, …).
fn clean(backbone: &Backbone, examples: &Batch, part: Range<usize>) -> Result<Tensor, Error> {
    let (about, device) = (backbone.about(), backbone.device());
    let each = examples.shape.n_values();
    let (from, to, size) = (part.start * each, part.end * each, examples.shape.batch(part.len()));
    Ok(match (&examples.values, &about.standardization) {
        (Values::Bytes(bytes), _) => from_pixels(&bytes[from..to], &size, about.range, device)?,
        (Values::Floats(values), Some(how)) => from_array(&values[from..to], &size, how, device)?,
        (Values::Floats(_), None) => return Err(Error::Arrays),
    })
}

/// Gaussian noise for `n` examples of `n_values` values each. It is keyed by the image number and depends on neither batch nor device.
pub fn noise_for(purpose: Purpose, seed: u64, first: u64, n: usize, n_values: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(n * n_values);
    for image in first..first + n as u64 {
        let mut stream = Stream::new(Key { seed, image, purpose, visit: 0, draw: 0 });
        values.extend((0..n_values).map(|_| stream.normal() as f32));
    }
    values
}

/// The noise of [`noise_for`] as a tensor of the given shape, (n, …), on a device.
///
/// # Errors
/// [`Error::Torch`] if the noise cannot be copied to the device.
pub fn noise_tensor(
    purpose: Purpose,
    seed: u64,
    first: u64,
    shape: &[i64],
    device: Device,
) -> Result<Tensor, Error> {
    let n = shape[0] as usize;
    let n_values = shape[1..].iter().product::<i64>() as usize;
    let values = noise_for(purpose, seed, first, n, n_values);
    Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(device)?)
}
