//! The sheets that a run writes during training: sampled images, or a scatter plot of data and samples.

use super::RunConfig;
use crate::Error;
use crate::generation::{Class, Generator, GeneratorOptions, Noise, Request};
use tweedie_data::{Dataset, Values};
use tweedie_math::DataShape;
use tweedie_models::Model;
use tweedie_models::sampling::{Sampler, SamplingConfig};
use tweedie_report::{Canvas, ScatterLayout, ScatterPanel, Sheet, scatter, sheet};
use tweedie_training::Preview;

/// Generates samples of a denoiser from the same noise each time.
#[derive(Debug)]
pub struct SamplePreview {
    n: usize,
    seed: u64,
    shape: DataShape,
    sampling: SamplingConfig,
    /// Points of the data, shown beside those of the model.
    points: Vec<[f64; 2]>,
}

impl SamplePreview {
    /// The preview of a configuration, or `None` for arrays, which cannot be shown.
    pub fn new(config: &RunConfig, data: &dyn Dataset) -> Option<Self> {
        let (report, shape) = (&config.training.report, data.shape());
        let is_points = shape.sides().len() == 1;
        let is_image = data.moments().is_none() && matches!(shape.sides(), [1 | 3, _, _]);
        if !(is_points || is_image) {
            return None;
        }
        // Images are sampled by DDIM. Points are sampled by the configured sampler, which is fast enough.
        let sampling = if is_points {
            config.sampling.clone()
        } else {
            let (sampler, steps) = (Sampler::Ddim, report.sheet_steps);
            SamplingConfig { sampler, steps, eta: 0.0, levels: None, ..config.sampling.clone() }
        };
        let points = if is_points { first_points(data, report.sheet_images) } else { Vec::new() };
        Some(Self { n: report.sheet_images, seed: config.training.seed, shape, sampling, points })
    }

    /// The sheet of samples of a model.
    ///
    /// # Errors
    /// Errors of sampling.
    pub fn of(&self, model: &Model) -> Result<Canvas, Error> {
        let class = matches!(Class::all(model), Class::All(_)).then(|| "all".to_string());
        let options =
            GeneratorOptions { sampling: self.sampling.clone(), class, ..GeneratorOptions::of(model) };
        let generator = Generator::new(model, options)?;
        let batch = if self.points.is_empty() { 0 } else { self.n };
        let request = Request {
            n: self.n,
            batch,
            noise: Noise::Stream { seed: self.seed },
            ..Request::of_shape(self.shape.clone())
        };
        let samples = generator.draw(&request, &mut ())?;
        match self.shape.as_image() {
            Some(shape) => Ok(sheet(&samples.images(model.about())?, shape, &Sheet::default())),
            None => Ok(scatter_of(&self.points, &samples.points(model.about())?)),
        }
    }
}

/// A scatter plot of the first two coordinates of data and samples, side by side. Only samples are shown if `data` is empty.
pub fn scatter_of(data: &[[f64; 2]], samples: &[Vec<f32>]) -> Canvas {
    let panel = |title: &str, points: Vec<[f64; 2]>, colour| ScatterPanel {
        title: format!("{title} ({})", points.len()),
        points,
        colour,
    };
    let samples = samples.iter().map(|point| first_two(point)).collect();
    let mut panels = vec![panel("samples", samples, [200, 80, 30])];
    if !data.is_empty() {
        panels.insert(0, panel("data", data.to_vec(), [40, 90, 180]));
    }
    scatter(&panels, &ScatterLayout::default())
}

/// A scatter plot of the first `n` points of a data set.
pub fn points_plot(data: &dyn Dataset, n: usize) -> Canvas {
    let points = first_points(data, n);
    let title = format!("{} ({})", data.name(), points.len());
    scatter(&[ScatterPanel { title, points, colour: [40, 90, 180] }], &ScatterLayout::default())
}

/// The first two coordinates of a point; a single coordinate is used for both.
fn first_two(point: &[f32]) -> [f64; 2] {
    [f64::from(point[0]), f64::from(point[1.min(point.len() - 1)])]
}

/// The first two coordinates of the first `n` points of a data set.
pub(crate) fn first_points(data: &dyn Dataset, n: usize) -> Vec<[f64; 2]> {
    let n = data.len().map_or(n, |len| n.min(len as usize));
    let point = |i: usize| match data.values(i as u64).ok()? {
        Values::Floats(values) if !values.is_empty() => Some(first_two(&values)),
        _ => None,
    };
    (0..n).filter_map(point).collect()
}

impl Preview<Model> for SamplePreview {
    fn draw(&self, learner: &Model) -> Result<Canvas, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.of(learner)?)
    }

    fn caption(&self) -> String {
        let sampling = &self.sampling;
        let steps = sampling.levels.as_ref().map_or(format!("{} steps", sampling.steps), ToString::to_string);
        format!("{}, {steps}, eta {}, seed {}", sampling.sampler, sampling.eta, self.seed)
    }
}
