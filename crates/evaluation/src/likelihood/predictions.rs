//! A model's predictions for many pairs (image, level) at once.

use super::term::Prediction;
use super::{BoundOptions, Examples};
use crate::Error;
use tch::{Device, Kind, Tensor};
use tweedie_math::NoiseLevel;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::{Condition, Model};
use tweedie_samplers::{Clipped, Denoiser, EpsAfterClip, Levels, Spread, noised};

/// A network's predictions for a batch of pairs (image, level).
pub(super) struct Predictions {
    x0: Vec<f32>,
    spread: Option<Vec<f32>>,
    is_range: bool,
}

impl Predictions {
    /// The prediction of a row, with the image's clean values `truth`.
    pub(super) fn row<'a>(&'a self, row: usize, truth: &'a [f32]) -> Prediction<'a> {
        let n = truth.len();
        let of = |values: &'a [f32]| &values[row * n..][..n];
        let spread = self.spread.as_deref().map(of);
        Prediction { truth, x0: of(&self.x0), spread, is_range: self.is_range }
    }
}

/// Noises the image of each row (image, index of the level) to its level and evaluates the network.
pub(super) fn predict(
    model: &Model,
    examples: &Examples,
    options: &BoundOptions,
    rows: &[(usize, usize)],
    times: &[usize],
    levels: &[NoiseLevel],
) -> Result<Predictions, Error> {
    let device = model.device();
    let images: Vec<i64> = rows.iter().map(|&(image, _)| image as i64).collect();
    let at: Vec<NoiseLevel> = rows.iter().map(|&(_, index)| levels[index]).collect();
    // Only the images of these rows are copied to the device.
    let x0 = examples.x0.f_index_select(0, &Tensor::f_from_slice(&images)?)?.f_to_device(device)?;
    let mut noise = vec![0f32; x0.numel()];
    for (&(image, index), values) in rows.iter().zip(noise.chunks_exact_mut(x0.numel() / rows.len())) {
        let key = Key {
            seed: options.seed,
            image: image as u64,
            purpose: Purpose::EVALUATE,
            visit: times[index] as u64,
            draw: 0,
        };
        let mut stream = Stream::new(key);
        values.iter_mut().for_each(|value| *value = stream.normal() as f32);
    }
    let eps = Tensor::f_from_slice(&noise)?.f_reshape(x0.size())?.f_to_device(device)?;
    let x = noised(&x0, &eps, Levels::Each(&at)).map_err(tweedie_models::Error::from)?;
    let classes = examples.classes.as_ref();
    let classes = classes.map(|classes| rows.iter().map(|&(image, _)| classes[image]).collect());
    let denoiser = model.given(Condition { classes, ..Condition::none() });
    let about = model.about();
    let denoised = if options.clip && about.standardization.is_none() {
        let range = about.range;
        Clipped { inner: denoiser, low: range.low, high: range.high, eps: EpsAfterClip::Keep }
            .denoise(&x, Levels::Each(&at))
    } else {
        denoiser.denoise(&x, Levels::Each(&at))
    };
    let denoised = denoised.map_err(tweedie_models::Error::from)?;
    let (spread, is_range) = match &denoised.spread {
        Some(Spread::Range(v)) => (Some(floats(v)?), true),
        Some(Spread::LogVariance(log)) => (Some(floats(log)?), false),
        _ => (None, false),
    };
    Ok(Predictions { x0: floats(&denoised.x0)?, spread, is_range })
}

/// The values of a tensor, copied to the CPU.
pub(super) fn floats(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    let flat = tensor.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?.f_contiguous()?.f_flatten(0, -1)?;
    Ok(Vec::<f32>::try_from(flat)?)
}
