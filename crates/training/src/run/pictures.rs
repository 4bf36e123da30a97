//! Sheets of samples on the way.

use super::Run;
use crate::{Error, Learner, ReportConfig, Trainer};
use tch::Tensor;
use tweedie_models::sampling::{Sampler, SamplingDefaults};
use tweedie_models::{Model, to_pixels};
use tweedie_networks::ClassCondition;
use tweedie_report::{Canvas, Sheet, sheet, write_png};
use tweedie_samplers::StreamNoise;

/// Pictures drawn at once for a sheet.
const AT_ONCE: usize = 64;

impl Run {
    /// Draws a sheet with the averaged weights, from the same noise every time, and writes it.
    ///
    /// # Errors
    /// What sampling or the disk reports.
    pub(crate) fn draw_sheet<L: Learner>(
        &mut self,
        trainer: &mut Trainer<L>,
        shape: [usize; 3],
    ) -> Result<(), Error> {
        let (report, seed, images) =
            (trainer.config().report.clone(), trainer.config().seed, trainer.images());
        let pictures = trainer.with_ema(|learner| match learner.denoiser() {
            Some(model) => drawn(model, &report, seed, shape),
            None => Ok(Vec::new()),
        })?;
        let canvas: Canvas = sheet(&pictures, shape, &Sheet::default());
        let text = [
            ("Software", "tweedie".to_string()),
            (
                "tweedie",
                format!("sheet at {images} images; ddim, {} steps, eta 0, seed {seed}", report.sheet_steps),
            ),
        ];
        let mut bytes = Vec::new();
        write_png(&canvas, &text, &mut bytes)?;
        tweedie_weights::write_file(&self.sheet(images), &bytes)?;
        self.events.sheet(images, &bytes, [canvas.height, canvas.width])
    }
}

/// The pictures of a sheet, each as bytes.
fn drawn(model: &Model, report: &ReportConfig, seed: u64, shape: [usize; 3]) -> Result<Vec<Vec<u8>>, Error> {
    let defaults = model.description().sampling.clone();
    let sampling =
        SamplingDefaults { sampler: Sampler::Ddim, steps: report.sheet_steps, eta: 0.0, ..defaults };
    let nulls = i64::from(model.description().null_class.is_some());
    let classes = model.network().config().num_class_embeds.map(|rows| rows - nulls);
    let [channels, height, width] = shape.map(|side| side as i64);
    let mut pictures = Vec::new();
    for first in (0..report.sheet_pictures).step_by(AT_ONCE) {
        let n = AT_ONCE.min(report.sheet_pictures - first);
        let labels = (first..first + n).map(|i| i as i64);
        let class = classes.map(|rows| {
            let labels: Vec<i64> = labels.map(|label| label % rows).collect();
            ClassCondition::Labels(Tensor::from_slice(&labels).to_device(model.device()))
        });
        let noise = StreamNoise::new(seed, first as u64);
        let x = model.sample([n as i64, channels, height, width], &sampling, class, &noise, &mut ())?;
        let bytes = to_pixels(&x, model.description().range)?;
        pictures.extend(bytes.chunks_exact(shape.iter().product()).map(<[u8]>::to_vec));
    }
    Ok(pictures)
}
