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

/// Up to so many values the divergence is computed exactly unless probes are asked for.
pub const EXACT_UP_TO: usize = 64;

/// One image's likelihood by the flow.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFlow {
    /// ln q in nats by each probe, in the model's units; for arrays in the arrays' own.
    pub log_likelihood: Vec<f64>,
    /// The solver's own estimate of its error, in nats.
    pub solver_error: f64,
}

/// Bytes as continuous values: each moved to a uniform place in its bin, which is one 255th of the range wide; keyed by the image's
/// number.
///
/// # Errors
/// When LibTorch fails.
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

/// The likelihood of each image under the model's probability flow, from its first trained level (whose noise is part of the density
/// that is found) to its last.
///
/// `progress` counts images, those of a batch of `at_once` by the share that is done. Where it breaks, the finished ones are returned.
///
/// # Errors
/// A level at which the model says nothing; a flow that needs too many steps; what the network reports.
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
    // Data stand where x_t/signal stands; ln q of that, and in the arrays' own units.
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

/// The divergence for images of so many values: as asked, else exact where that is affordable, else one probe.
pub fn divergence_for(n_values: usize, probes: Option<usize>) -> Divergence {
    match probes {
        Some(probes) => Divergence::Probes(probes),
        None if n_values <= EXACT_UP_TO => Divergence::Exact,
        None => Divergence::Probes(1),
    }
}

/// The flow's likelihood over images, in bits per dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowReport {
    /// How many images.
    pub images: usize,
    /// −log₂ of the probability of the image's bytes (an upper bound of it, for the bytes were moved within their bins), or of the
    /// density of arrays.
    pub total: Figure,
    /// The mean of the solver's own estimates of its error.
    pub solver_error: f64,
    /// The share of the probes in the error of the mean; none for an exact divergence or a single probe.
    pub probe_error: Option<f64>,
    /// Probes per image; none where the divergence is exact.
    pub probes: Option<usize>,
    /// What was added to the density's bits for a probability: −log₂ of a bin's width; 0 for arrays.
    pub offset: f64,
    /// Each image's figure, in their order.
    pub of_images: Vec<f64>,
}

/// Sums up. `range` is that of bytes; none for arrays.
///
/// # Panics
/// When there is no image.
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
                "  one random probe of the divergence: its share of the error is within the ± and not known apart (--probes 4 says it)"
            )?,
            (Some(probes), Some(error)) => {
                writeln!(f, "  {probes} probes of the divergence: ± {error:.4} of the error is theirs")?;
            }
        }
        if self.offset != 0.0 {
            writeln!(
                f,
                "  bytes were moved uniformly within their bins, so this is a bound too; {:.4} is added for a bin's width",
                self.offset
            )?;
        }
        Ok(())
    }
}
