//! The variational bound of images, computed for many levels at once.

use super::predictions::{floats, predict};
use super::term::{Decoder, term};
use crate::Error;
use std::collections::VecDeque;
use tch::Tensor;
use tweedie_math::bound::{bits_per_dimension, prior_term};
use tweedie_math::decoder::{Grid, NormalCdf};
use tweedie_math::{Bound, FirstVariance, NoiseLevel, reverse_steps};
use tweedie_models::{Model, VariancePrediction};
use tweedie_report::{Event, Progress};

/// The reverse-process variance used in the bound.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundVariance {
    /// The posterior variance β̃.
    FixedSmall,
    /// The forward variance β.
    FixedLarge,
    /// The variance predicted by the network.
    Learned,
    /// The optimal variance β̃ + c₁²·Var(x_0 | x_t) (Bao et al. 2022).
    ///
    /// The list holds Var(x_0 | x_t), averaged over pixels, for each level from the cleanest. The result is a valid bound if these values
    /// are estimated, as means of [`ImageBound::x0_errors`], from other images than the evaluated ones.
    Optimal(Vec<f64>),
}

/// Options of the bound.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundOptions {
    /// The trained times that the reverse process visits, in any order. The process is derived anew for this subset.
    pub times: Vec<usize>,
    /// The variance of the reverse process.
    pub variance: BoundVariance,
    /// The variance at the first level, where β̃ is 0.
    pub first: FirstVariance,
    /// The distribution function for the probability of a pixel's bin. Arrays have a continuous decoder.
    pub cdf: NormalCdf,
    /// Whether x̂_0 is clipped to the data's range, as is usual for images.
    pub clip: bool,
    /// The batch size in pairs (image, level); memory grows with it.
    pub at_once: usize,
    /// Seed of the noise.
    pub seed: u64,
}

/// Clean data with optional classes.
#[derive(Debug)]
pub struct Examples {
    /// The data in the model's units, (N, C, H, W).
    pub x0: Tensor,
    /// The class of each example, for a class-conditional model.
    pub classes: Option<Vec<i64>>,
}

/// One image's bound.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageBound {
    /// The terms in nats, summed over all pixels; for arrays, in the arrays' own units.
    pub bound: Bound,
    /// The mean of (x_0 − x̂_0)² at each level, from the cleanest.
    pub x0_errors: Vec<f64>,
}

/// Computes the variational bound of each image.
///
/// Each pair (image, time) has its own noise, keyed by the image's number and the time, so that different models and different subsets of
/// times are evaluated on the same noise. `progress` counts finished images and receives the bound of each in bits per dimension. If it
/// returns a break, the images finished so far are returned.
///
/// # Errors
/// [`Error::NotFinite`] with the image and the level of a term that is not finite; [`Error::Model`] for times that the process does not
/// have, for a learned variance if the model predicts none, and for errors of the network.
pub fn image_bounds(
    model: &Model,
    examples: &Examples,
    options: &BoundOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<ImageBound>, Error> {
    let _no_gradient = tch::no_grad_guard();
    let about = model.about();
    if options.variance == BoundVariance::Learned && model.variance() == VariancePrediction::None {
        return Err(tweedie_models::Error::from(tweedie_samplers::Error::NoSpread).into());
    }
    let mut times = options.times.clone();
    times.sort_unstable();
    let levels: Vec<NoiseLevel> = times.iter().map(|&time| model.process().level(time)).collect();
    let steps = reverse_steps(&levels, options.first).map_err(tweedie_models::Error::from)?;
    let decoder = match &about.standardization {
        Some(_) => Decoder::Continuous,
        None => {
            let grid = Grid { low: about.range.low, high: about.range.high, n: 256 };
            Decoder::Discretised { grid, cdf: options.cdf }
        }
    };
    let size = examples.x0.size();
    let n_images = size[0] as usize;
    let n_values = examples.x0.numel() / n_images.max(1);
    let truth = floats(&examples.x0)?;
    let truth_of = |image: usize| &truth[image * n_values..][..n_values];
    let last = levels[levels.len() - 1];
    let start_std = model.process().start_std(last);
    let units = unit_nats(model, n_values);

    let mut finished: Vec<ImageBound> = Vec::new();
    let begin = Event::Begin { task: "bound", unit: "images", total: n_images as u64 };
    let mut go = progress.on(&begin);
    let mut begun: VecDeque<ImageBound> = VecDeque::new();
    let n_rows = n_images * steps.len();
    let at_once = options.at_once.max(1);
    'rows: for first in (0..n_rows).step_by(at_once) {
        if go.is_break() {
            break;
        }
        // The rows hold all levels of the first image, then all levels of the next.
        let rows: Vec<(usize, usize)> =
            (first..n_rows.min(first + at_once)).map(|row| (row / steps.len(), row % steps.len())).collect();
        let predictions = predict(model, examples, options, &rows, &times, &levels)?;
        for (row, &(image, index)) in rows.iter().enumerate() {
            if index == 0 {
                let prior =
                    truth_of(image).iter().map(|&x0| prior_term(f64::from(x0), last, start_std)).sum();
                begun.push_back(ImageBound {
                    bound: Bound { prior, steps: Vec::new() },
                    x0_errors: Vec::new(),
                });
            }
            let prediction = predictions.row(row, truth_of(image));
            let [nats, squares] = term(&prediction, &steps[index], index, &options.variance, &decoder);
            if !nats.is_finite() {
                return Err(Error::NotFinite { image, time: times[index], found: nats });
            }
            let Some(own) = begun.back_mut() else { continue };
            own.bound.steps.push(if index == 0 { nats + units } else { nats });
            own.x0_errors.push(squares);
            if index + 1 == steps.len() {
                finished.extend(begun.pop_front());
                let nats = finished.last().map_or(0.0, |it| it.bound.total());
                let figure = Some(("bits per dimension", bits_per_dimension(nats, n_values)));
                go = progress.on(&Event::Step { done: finished.len() as f64, figure });
                if go.is_break() {
                    break 'rows;
                }
            }
        }
        go = progress.on(&Event::Step { done: finished.len() as f64, figure: None });
    }
    let _ = progress.on(&Event::End);
    Ok(finished)
}

/// The difference between the negative log-densities in the arrays' own units and in standardised units: Σ ln scale, in nats.
fn unit_nats(model: &Model, n_values: usize) -> f64 {
    let Some(how) = &model.about().standardization else { return 0.0 };
    let per_channel = n_values as f64 / how.scale.len() as f64;
    how.scale.iter().map(|scale| per_channel * scale.ln()).sum()
}
