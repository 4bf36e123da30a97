//! What was learnt of the built-in set.

use crate::commands::class::Class;
use crate::output::line;
use std::time::Instant;
use tweedie_data::{Dataset, Shapes};
use tweedie_evaluation::shapes_quality;
use tweedie_models::to_pixels;
use tweedie_samplers::StreamNoise;
use tweedie_training::Trainer;

/// Samples drawn after training on the built-in set, and how many at once.
const JUDGED: (usize, usize) = (512, 64);

/// Draws samples and prints how many of them the analyser recognises.
pub(super) fn judge(trainer: &mut Trainer, data: &Shapes) -> anyhow::Result<()> {
    let (n, at_once) = JUDGED;
    let seed = trainer.config().seed;
    let shape = data.shape();
    let sampling = trainer.model().description().sampling.clone();
    line(format!("drawing {n} samples ({}, {} steps) …", sampling.sampler, sampling.steps));
    let began = Instant::now();
    let classes = Class::all(trainer.model());
    let pictures = trainer.with_ema(|model| {
        let mut pictures = Vec::new();
        for first in (0..n).step_by(at_once) {
            let [channels, height, width] = shape.as_array().map(|side| side as i64);
            let class = classes.condition(first, at_once, model.device());
            let noise = StreamNoise::new(seed, first as u64);
            let x =
                model.sample([at_once as i64, channels, height, width], &sampling, class, &noise, &mut ())?;
            let bytes = to_pixels(&x, model.description().range)?;
            pictures.extend(bytes.chunks_exact(shape.n_values()).map(<[u8]>::to_vec));
        }
        Ok(pictures)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    line(format!("{}({seconds:.0} s)", shapes_quality(&pictures, data)?));
    Ok(())
}
