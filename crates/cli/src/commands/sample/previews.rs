//! What the model thinks on the way: x̂_0 at some steps, as a sheet and as an animation.

use crate::output::line;
use std::path::Path;
use tch::Tensor;
use tweedie_models::{DataRange, to_pixels};
use tweedie_report::{Sheet, sheet, write_animation, write_png};
use tweedie_samplers::{Error, Estimate, Step};

/// Pictures that are followed: those of the first batch, and no more than these.
const FOLLOWED: i64 = 8;

/// How long a frame stands, in milliseconds; the last one stands longer.
const FRAME: u16 = 150;

/// Frames taken on the way.
pub(super) struct Previews {
    /// The steps after which a frame is taken.
    at: Vec<usize>,
    frames: Vec<(Step, Tensor)>,
}

impl Previews {
    /// So many frames of a path, evenly over it, the last being its end.
    pub(super) fn new(frames: usize, n_steps: usize) -> Self {
        let n = frames.min(n_steps);
        Self { at: (1..=n).map(|k| (k * n_steps).div_ceil(n) - 1).collect(), frames: Vec::new() }
    }

    /// Takes a frame where one is due, of the first batch.
    pub(super) fn take(
        &mut self,
        step: &Step,
        x: &Tensor,
        estimate: Option<&Estimate<Tensor>>,
    ) -> Result<(), Error> {
        let is_last = step.index + 1 == step.count;
        let is_first_batch = self.frames.last().is_none_or(|(before, _)| before.index < step.index);
        if !self.at.contains(&step.index) || !is_first_batch || self.frames.len() == self.at.len() {
            return Ok(());
        }
        // At the end the picture itself; before, what is thought of it.
        let shown = estimate.filter(|_| !is_last).map_or(x, |estimate| &estimate.x0);
        let followed = shown.f_narrow(0, 0, shown.size()[0].min(FOLLOWED));
        self.frames.push((*step, followed.map_err(|error| Error::Tensor(error.into()))?));
        Ok(())
    }

    /// A sheet with a row for each picture, and an animation of all of them.
    pub(super) fn write(
        &self,
        path: &Path,
        shape: [usize; 3],
        range: DataRange,
        parameters: String,
    ) -> anyhow::Result<()> {
        let each = shape.iter().product();
        let bytes = |x: &Tensor| to_pixels(x, range).map_err(tweedie_torch::Error::from);
        let frames = self
            .frames
            .iter()
            .map(|(_, x)| Ok(bytes(x)?.chunks_exact(each).map(<[u8]>::to_vec).collect()))
            .collect::<anyhow::Result<Vec<Vec<Vec<u8>>>>>()?;
        let n = frames.first().map_or(0, Vec::len);
        let rows = (0..n).flat_map(|i| frames.iter().map(move |frame| frame[i].clone())).collect::<Vec<_>>();
        let title = "what is thought of x0, from the first steps to the last".to_string();
        let zoom = (64 / shape[2].max(1)).clamp(1, 4);
        let layout = Sheet { columns: frames.len(), zoom, title: vec![title], ..Sheet::default() };
        let text = [("Software", "tweedie".into()), ("parameters", parameters)];
        let mut png = Vec::new();
        write_png(&sheet(&rows, shape, &layout), &text, &mut png)?;
        tweedie_weights::write_file(path, &png)?;
        let layout = Sheet { columns: n, zoom: 2 * zoom, ..Sheet::default() };
        let canvases: Vec<_> = frames.iter().map(|frame| sheet(frame, shape, &layout)).collect();
        let moving = path.with_extension("apng");
        let mut png = Vec::new();
        write_animation(&canvases, FRAME, &text, &mut png)?;
        tweedie_weights::write_file(&moving, &png)?;
        line(format!("{} steps on the way: {}, moving: {}", frames.len(), path.display(), moving.display()));
        Ok(())
    }
}
