//! Previews of sampling: predictions of x_0 at some steps, as a sheet and as an animation.

use super::images_of;
use crate::Error;
use tch::Tensor;
use tweedie_models::About;
use tweedie_report::{Sheet, sheet, write_animation, write_png};
use tweedie_samplers::{Estimate, Step};

/// The maximum number of samples in the previews, all from the first batch.
const FOLLOWED: i64 = 8;

/// The duration of a frame in milliseconds; the last frame is shown longer.
const FRAME: u16 = 150;

/// Frames recorded during sampling.
#[derive(Debug)]
pub struct Previews {
    /// The indices of the steps after which a frame is recorded.
    at: Vec<usize>,
    frames: Vec<(Step, Tensor)>,
}

impl Previews {
    /// Previews with `frames` frames, spaced evenly over the steps of a path. The last frame is recorded after the last step.
    pub fn new(frames: usize, n_steps: usize) -> Self {
        let n = frames.min(n_steps);
        Self { at: (1..=n).map(|k| (k * n_steps).div_ceil(n) - 1).collect(), frames: Vec::new() }
    }

    /// Records a frame if one is due at this step and the step belongs to the first batch.
    ///
    /// # Errors
    /// Errors of LibTorch.
    pub fn take(
        &mut self,
        step: &Step,
        x: &Tensor,
        estimate: Option<&Estimate<Tensor>>,
    ) -> Result<(), tweedie_samplers::Error> {
        let is_last = step.index + 1 == step.count;
        let is_first_batch = self.frames.last().is_none_or(|(before, _)| before.index < step.index);
        if !self.at.contains(&step.index) || !is_first_batch || self.frames.len() == self.at.len() {
            return Ok(());
        }
        // The last frame shows the sample itself, the earlier ones the prediction of it.
        let shown = estimate.filter(|_| !is_last).map_or(x, |estimate| &estimate.x0);
        let followed = shown.f_narrow(0, 0, shown.size()[0].min(FOLLOWED));
        self.frames.push((*step, followed.map_err(|error| tweedie_samplers::Error::Tensor(error.into()))?));
        Ok(())
    }

    /// The frames: each has a step and x̂_0 of the previewed samples, in the model's units.
    pub fn frames(&self) -> &[(Step, Tensor)] {
        &self.frames
    }

    /// A sheet (PNG) with a row for each sample, and an animation (APNG) of all samples. `text` is written into the text chunks of both.
    ///
    /// # Errors
    /// Errors of encoding the images.
    pub fn images(
        &self,
        about: &About,
        shape: [usize; 3],
        text: &[(&str, String)],
    ) -> Result<[Vec<u8>; 2], Error> {
        let frames = self.frames.iter().map(|(_, x)| images_of(x, about)).collect::<Result<Vec<_>, _>>()?;
        let n = frames.first().map_or(0, Vec::len);
        let rows = (0..n).flat_map(|i| frames.iter().map(move |frame| frame[i].clone())).collect::<Vec<_>>();
        let title = "predictions of x0, from the first step to the last".to_string();
        let zoom = (64 / shape[2].max(1)).clamp(1, 4);
        let layout = Sheet { columns: frames.len(), zoom, title: vec![title], ..Sheet::default() };
        let mut still = Vec::new();
        write_png(&sheet(&rows, shape, &layout), text, &mut still)?;
        let layout = Sheet { columns: n, zoom: 2 * zoom, ..Sheet::default() };
        let canvases: Vec<_> = frames.iter().map(|frame| sheet(frame, shape, &layout)).collect();
        let mut moving = Vec::new();
        write_animation(&canvases, FRAME, text, &mut moving)?;
        Ok([still, moving])
    }
}
