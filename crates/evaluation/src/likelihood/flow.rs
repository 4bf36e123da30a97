//! The probability-flow likelihood of images.

use super::Examples;
use crate::Error;
use std::ops::Range;
use tch::{Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::{Condition, DataRange, Model};
use tweedie_report::{Event, Progress};
use tweedie_samplers::{Divergence, FlowOptions, StreamNoise, flow_log_likelihood};

/// The greatest number of values per image for which the divergence is computed exactly by default.
pub const EXACT_UP_TO: usize = 64;

/// The likelihood of one image under the probability flow.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFlow {
    /// ln q in nats for each probe, in the model's units; for arrays, in the arrays' own units.
    pub log_likelihood: Vec<f64>,
}

/// Dequantizes bytes: adds uniform noise within each value's bin, which is 1/255 of the range wide. The noise is keyed by the image's
/// number.
///
/// # Errors
/// Errors returned by LibTorch.
pub fn dequantized(x0: &Tensor, range: DataRange, seed: u64) -> Result<Tensor, Error> {
    let n = x0.size()[0];
    let width = (range.high - range.low) / 255.0;
    let mut moves = Vec::with_capacity(x0.numel());
    for image in 0..n as u64 {
        let mut numbers = Stream::new(Key { seed, image, purpose: Purpose::DEQUANTIZE, visit: 0, draw: 0 });
        let each = x0.numel() / n as usize;
        moves.extend((0..each).map(|_| (width * (numbers.uniform() - 0.5)) as f32));
    }
    let moves = Tensor::f_from_slice(&moves)?.f_reshape(x0.size())?.f_to_device(x0.device())?;
    Ok(x0.f_add(&moves)?)
}

/// Computes the likelihood of each image under the model's probability flow between the first and the last trained level.
///
/// The resulting density is that of data with the noise of the first level. `progress` counts images, with the finished share of a batch of
/// `at_once` images counted in fractions. If it returns a break, the images finished so far are returned.
///
/// # Errors
/// [`Error::Model`] if the model has no estimate at a level, if the flow needs too many steps, and for errors of the network.
pub fn image_flows(
    model: &Model,
    examples: &Examples,
    options: FlowOptions,
    at_once: usize,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Vec<ImageFlow>, Error> {
    let n = examples.x0.size()[0] as usize;
    let mut finished = Vec::new();
    let mut go = progress.on(&Event::Begin { task: "flow", unit: "images", total: n as u64 });
    for first in (0..n).step_by(at_once.max(1)) {
        if go.is_break() {
            break;
        }
        let images = first..n.min(first + at_once.max(1));
        let count = images.len() as f64;
        let mut watch = |share: f64| {
            let done = first as f64 + share * count;
            progress.on(&Event::Step { done, figure: None }).is_continue()
        };
        let Some(found) = solve(model, examples, images, options, seed, &mut watch)? else { break };
        finished.extend(found);
        go = progress.on(&Event::Step { done: finished.len() as f64, figure: None });
    }
    let _ = progress.on(&Event::End);
    Ok(finished)
}

/// The likelihoods of some images, solved in one batch; `None` if `watch` returns false. The noise of an image depends on its number.
pub(super) fn solve(
    model: &Model,
    examples: &Examples,
    images: Range<usize>,
    options: FlowOptions,
    seed: u64,
    watch: &mut dyn FnMut(f64) -> bool,
) -> Result<Option<Vec<ImageFlow>>, Error> {
    let process = model.process();
    let (from, to) = (process.level(1), process.level(process.steps()));
    let part = examples.x0.f_narrow(0, images.start as i64, images.len() as i64)?;
    let x = part.f_to_device(model.device())?.f_to_kind(Kind::Float)?.f_mul_scalar(from.signal_rate())?;
    let classes = examples.classes.as_ref().map(|all| all[images.clone()].to_vec());
    let noise = StreamNoise::new(seed, images.start as u64);
    let denoiser = model.given(Condition { classes, ..Condition::none() });
    let found = flow_log_likelihood(&denoiser, &x, (from, to), process.start_std(to), options, &noise, watch)
        .map_err(tweedie_models::Error::from)?;
    let n_values = x.numel() / images.len().max(1);
    let per_channel =
        |scale: &[f64]| n_values as f64 / scale.len() as f64 * scale.iter().map(|s| s.ln()).sum::<f64>();
    // The flow gives the density of x_t. This converts it to the density of x_t/signal, which stands for the data, in the arrays' units.
    let units = n_values as f64 * from.signal_rate().ln()
        - model.about().standardization.as_ref().map_or(0.0, |how| per_channel(&how.scale));
    let image = |log_likelihood: Vec<f64>| ImageFlow {
        log_likelihood: log_likelihood.into_iter().map(|nats| nats + units).collect(),
    };
    Ok(found.map(|found| found.log_likelihood.into_iter().map(image).collect()))
}

/// The divergence for images of `n_values` values: the given number of probes; by default exact for at most [`EXACT_UP_TO`] values, and
/// one probe for more.
pub fn divergence_for(n_values: usize, probes: Option<usize>) -> Divergence {
    match probes {
        Some(probes) => Divergence::Probes(probes),
        None if n_values <= EXACT_UP_TO => Divergence::Exact,
        None => Divergence::Probes(1),
    }
}
