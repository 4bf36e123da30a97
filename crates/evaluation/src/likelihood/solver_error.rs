//! The error of the flow's solver, measured by solving some images again with a tenth of the tolerance.

use super::flow::solve;
use super::{Examples, ImageFlow};
use crate::Error;
use serde::Serialize;
use tweedie_math::bound::bits_per_dimension;
use tweedie_models::Model;
use tweedie_report::{Event, Progress};
use tweedie_samplers::FlowOptions;

/// Every so many images one is solved again.
const EVERY: usize = 8;

/// The greatest number of images that are solved again.
const MOST: usize = 16;

/// The least tolerance of the second solution. Below it the rounding of f32 exceeds the error of the solver.
const LEAST_TOLERANCE: f64 = 1e-6;

/// The measured error of the solver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolverError {
    /// The number of images that were solved again.
    pub images: usize,
    /// The tolerance of the second solution.
    pub tolerance: f64,
    /// The mean of the absolute differences between the two solutions of an image, in bits per dimension: the error of one image.
    pub of_one: f64,
    /// The mean of the differences, first solution minus second, in bits per dimension: the error of the mean over images.
    pub of_mean: f64,
}

/// The numbers of the images that are solved again: every 8th of `n`, and fewer of more than 128 images, at least one and at most 16.
pub fn solved_again(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(EVERY.max(n.div_ceil(MOST)))
}

/// Measures the error of the solver of [`image_flows`](super::image_flows): solves every 8th image, at most 16, again with a tenth of the
/// tolerance and the same noise. `flows` holds the first solutions. `progress` counts images. If it returns a break, the result covers the
/// images solved so far.
///
/// The result is `None` if no image was solved again, or if a tenth of the tolerance is below 1e-6, which f32 does not resolve.
///
/// # Errors
/// Those of [`image_flows`](super::image_flows).
pub fn solver_error(
    model: &Model,
    examples: &Examples,
    flows: &[ImageFlow],
    options: FlowOptions,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Option<SolverError>, Error> {
    let tighter = options.tighter();
    // A tenth of a decimal number may be rounded below its limit.
    if tighter.tolerance < LEAST_TOLERANCE * (1.0 - 1e-9) {
        return Ok(None);
    }
    let again: Vec<usize> = solved_again(flows.len()).collect();
    let n_values = examples.x0.numel() / (examples.x0.size()[0] as usize).max(1);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut differences = Vec::new();
    let begin = Event::Begin { task: "error of the solver", unit: "images", total: again.len() as u64 };
    let mut go = progress.on(&begin);
    for image in again {
        if go.is_break() {
            break;
        }
        let done = differences.len() as f64;
        let mut watch =
            |share: f64| progress.on(&Event::Step { done: done + share, figure: None }).is_continue();
        let Some(found) = solve(model, examples, image..image + 1, tighter, seed, &mut watch)? else { break };
        let nats = mean(&found[0].log_likelihood) - mean(&flows[image].log_likelihood);
        differences.push(bits_per_dimension(nats, n_values));
        go = progress.on(&Event::Step { done: differences.len() as f64, figure: None });
    }
    let _ = progress.on(&Event::End);
    let absolute: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    Ok((!differences.is_empty()).then(|| SolverError {
        images: differences.len(),
        tolerance: tighter.tolerance,
        of_one: mean(&absolute),
        of_mean: mean(&differences),
    }))
}
