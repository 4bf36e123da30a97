//! The estimate of x_0 at some steps, as a sheet and as an animation.

use super::images_of;
use crate::Error;
use tch::Tensor;
use tweedie_models::About;
use tweedie_report::{Sheet, sheet, write_animation, write_png};
use tweedie_samplers::{Estimate, Step};

/// Samples that are followed: those of the first batch, and no more than these.
const FOLLOWED: i64 = 8;

/// How long a frame stands, in milliseconds; the last one stands longer.
const FRAME: u16 = 150;

/// Frames taken on the way.
#[derive(Debug)]
pub struct Previews {
    /// The steps after which a frame is taken.
    at: Vec<usize>,
    frames: Vec<(Step, Tensor)>,
}

impl Previews {
    /// So many frames of a path, evenly over it; the last is its end.
    pub fn new(frames: usize, n_steps: usize) -> Self {
        let n = frames.min(n_steps);
        Self { at: (1..=n).map(|k| (k * n_steps).div_ceil(n) - 1).collect(), frames: Vec::new() }
    }

    /// Takes a frame where one is due, of the first batch.
    ///
    /// # Errors
    /// What LibTorch reports.
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
        // At the end the sample itself; before, the estimate of it.
        let shown = estimate.filter(|_| !is_last).map_or(x, |estimate| &estimate.x0);
        let followed = shown.f_narrow(0, 0, shown.size()[0].min(FOLLOWED));
        self.frames.push((*step, followed.map_err(|error| tweedie_samplers::Error::Tensor(error.into()))?));
        Ok(())
    }

    /// The frames: each a step and x̂_0 of the followed samples, in the model's units.
    pub fn frames(&self) -> &[(Step, Tensor)] {
        &self.frames
    }

    /// A sheet (PNG) with a row for each sample, and an animation (APNG) of all of them; `text` is written into both.
    ///
    /// # Errors
    /// What writing reports.
    pub fn images(
        &self,
        about: &About,
        shape: [usize; 3],
        text: &[(&str, String)],
    ) -> Result<[Vec<u8>; 2], Error> {
        let frames = self.frames.iter().map(|(_, x)| images_of(x, about)).collect::<Result<Vec<_>, _>>()?;
        let n = frames.first().map_or(0, Vec::len);
        let rows = (0..n).flat_map(|i| frames.iter().map(move |frame| frame[i].clone())).collect::<Vec<_>>();
        let title = "the estimate of x0, from the first steps to the last".to_string();
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
