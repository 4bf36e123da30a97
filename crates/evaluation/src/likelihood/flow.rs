//! The probability-flow likelihood of images.

use super::{Examples, Figure};
use crate::Error;
use serde::Serialize;
use std::fmt;
use tch::{Kind, Tensor};
use tweedie_math::bound::bits_per_dimension;
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
    /// The solver's own estimate of its error, in nats.
    pub solver_error: f64,
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
    let process = model.process();
    let (from, to) = (process.level(1), process.level(process.steps()));
    let n = examples.x0.size()[0] as usize;
    let n_values = examples.x0.numel() / n.max(1);
    let per_channel =
        |scale: &[f64]| n_values as f64 / scale.len() as f64 * scale.iter().map(|s| s.ln()).sum::<f64>();
    // The flow gives the density of x_t. This converts it to the density of x_t/signal, which stands for the data, in the arrays' units.
    let units = n_values as f64 * from.signal_rate().ln()
        - model.about().standardization.as_ref().map_or(0.0, |how| per_channel(&how.scale));
    let mut finished = Vec::new();
    let mut go = progress.on(&Event::Begin { task: "flow", unit: "images", total: n as u64 });
    for first in (0..n).step_by(at_once.max(1)) {
        if go.is_break() {
            break;
        }
        let count = at_once.max(1).min(n - first);
        let part = examples.x0.f_narrow(0, first as i64, count as i64)?.f_to_device(model.device())?;
        let x = part.f_to_kind(Kind::Float)?.f_mul_scalar(from.signal_rate())?;
        let classes = examples.classes.as_ref().map(|all| all[first..first + count].to_vec());
        let noise = StreamNoise::new(seed, first as u64);
        let mut watch = |share: f64| {
            let done = first as f64 + share * count as f64;
            progress.on(&Event::Step { done, figure: None }).is_continue()
        };
        let denoiser = model.given(Condition { classes, ..Condition::none() });
        let found = flow_log_likelihood(
            &denoiser,
            &x,
            (from, to),
            process.start_std(to),
            options,
            &noise,
            &mut watch,
        )
        .map_err(tweedie_models::Error::from)?;
        let Some(found) = found else { break };
        let image = |(log_likelihood, solver_error): (Vec<f64>, f64)| ImageFlow {
            log_likelihood: log_likelihood.into_iter().map(|nats| nats + units).collect(),
            solver_error,
        };
        finished.extend(found.log_likelihood.into_iter().zip(found.solver_error).map(image));
        go = progress.on(&Event::Step { done: finished.len() as f64, figure: None });
    }
    let _ = progress.on(&Event::End);
    Ok(finished)
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

/// The negative log-likelihood of images under the flow, in bits per dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowReport {
    /// The number of images.
    pub images: usize,
    /// For bytes, an upper bound of −log₂ of their probability, because the bytes were dequantized. For arrays, −log₂ of their density.
    pub total: Figure,
    /// The mean of the solver's own estimates of its error.
    pub solver_error: f64,
    /// The contribution of the probes to the standard error; `None` for an exact divergence or a single probe.
    pub probe_error: Option<f64>,
    /// Number of probes per image; `None` for an exact divergence.
    pub probes: Option<usize>,
    /// The bits added to convert a density into a probability: −log₂ of a bin's width; 0 for arrays.
    pub offset: f64,
    /// The bits per dimension of each image, in the order of the images.
    pub of_images: Vec<f64>,
}

/// Summarises the likelihoods of images. `range` is the data range for bytes, and `None` for arrays.
///
/// # Panics
/// If there are no images.
pub fn flow_report(
    flows: &[ImageFlow],
    n_values: usize,
    divergence: Divergence,
    range: Option<DataRange>,
) -> FlowReport {
    let offset = range.map_or(0.0, |range| -((range.high - range.low) / 255.0).log2());
    let bits = |nats: f64| bits_per_dimension(nats, n_values);
    let n_probes = flows[0].log_likelihood.len();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let of_images: Vec<f64> = flows.iter().map(|flow| offset - bits(mean(&flow.log_likelihood))).collect();
    let variance_of_mean = |flow: &ImageFlow| {
        let values: Vec<f64> = flow.log_likelihood.iter().map(|nats| bits(*nats)).collect();
        Figure::of(&values).error.unwrap_or(0.0).powi(2)
    };
    let probe_error =
        (n_probes > 1).then(|| flows.iter().map(variance_of_mean).sum::<f64>().sqrt() / flows.len() as f64);
    FlowReport {
        images: flows.len(),
        total: Figure::of(&of_images),
        solver_error: flows.iter().map(|flow| bits(flow.solver_error)).sum::<f64>() / flows.len() as f64,
        probe_error,
        probes: matches!(divergence, Divergence::Probes(_)).then_some(n_probes),
        offset,
        of_images,
    }
}

impl fmt::Display for FlowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bits per dimension by the probability flow over {} images", self.images)?;
        writeln!(f, "  flow         {}", self.total)?;
        writeln!(f, "  the solver's own estimate of its error is {:.1e}", self.solver_error)?;
        match (self.probes, self.probe_error) {
            (None, _) => writeln!(f, "  the divergence is exact")?,
            (Some(_), None) => writeln!(
                f,
                "  the divergence is estimated with one random probe, whose error is part of the ± (--probes 4 shows it separately)"
            )?,
            (Some(probes), Some(error)) => {
                writeln!(
                    f,
                    "  the divergence is estimated with {probes} random probes, which contribute ± {error:.4}"
                )?;
            }
        }
        if self.offset != 0.0 {
            writeln!(
                f,
                "  bytes were dequantized uniformly within their bins, so this is an upper bound; it includes {:.4} for the bins' width",
                self.offset
            )?;
        }
        Ok(())
    }
}
