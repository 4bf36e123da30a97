//! What was learnt, and where it lies.

use super::judge::judge;
use crate::config::{DataConfig, RunConfig};
use crate::output::line;
use std::path::Path;
use tweedie_data::Shapes;
use tweedie_models::{Classifier, Model};
use tweedie_training::{Run, Trainer, read_metrics};

/// Of a denoiser: samples, where the set is one whose pictures can be judged, and how to draw more.
pub(super) fn show_denoiser(
    config: &RunConfig,
    trainer: &mut Trainer<Model>,
    run: &Run,
    checkpoint: &Path,
) -> anyhow::Result<()> {
    if let DataConfig::Shapes { height, width } = config.data {
        judge(trainer, &Shapes::new(height, width, 0)?)?;
    }
    line(format!("checkpoint: {}", checkpoint.display()));
    if config.training.report.sheet > 0 {
        line(format!("samples:    {}", run.sheet(trainer.images()).display()));
    }
    line(format!("more:       cargo xtask sample {} -n 64 --grid", checkpoint.display()));
    Ok(())
}

/// Of a classifier: how often it is right on pictures that were held out, level by level, as it was last measured.
pub(super) fn show_classifier(
    _: &RunConfig,
    _: &mut Trainer<Classifier>,
    run: &Run,
    checkpoint: &Path,
) -> anyhow::Result<()> {
    let ticks = read_metrics(&run.folder().join("metrics.jsonl"))?;
    if let Some(held_out) = ticks.into_iter().rev().find_map(|tick| tick.held_out) {
        for bin in &held_out.bins {
            if let Some(accuracy) = bin.accuracy {
                let [low, high] = bin.log_snr;
                let share = 100.0 * accuracy.averaged;
                line(format!("log-SNR {low:>6.1} to {high:>6.1}: {share:>5.1} % of held-out pictures right"));
            }
        }
        if let Some(accuracy) = held_out.accuracy {
            line(format!("{:.1} % right over all levels (averaged weights)", 100.0 * accuracy.averaged));
        }
    }
    line(format!("classifier: {}", checkpoint.display()));
    Ok(())
}
