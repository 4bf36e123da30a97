//! Going on with a run.

use crate::arguments::{ConfigSource, Train};
use crate::config::RunConfig;
use crate::output::line;
use anyhow::bail;
use std::path::Path;
use tch::Device;
use tweedie_data::{DataIdentity, Dataset};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_torch::{Precision, PrecisionChoice};
use tweedie_training::{Conditions, Learner, Objective, Progress, Run, Trainer, TrainingConfig};

/// The configuration of a run that goes on: its own, in which how it is trained and sampled alone may be changed.
pub(super) fn resumed_config(run: &Path, options: &Train) -> anyhow::Result<RunConfig> {
    let file = run.join(tweedie_training::CONFIG);
    if !file.is_file() {
        bail!("{} is no run: it holds no {}", run.display(), tweedie_training::CONFIG);
    }
    let source = |set: &[String]| ConfigSource {
        preset: None,
        config: Some(file.clone()),
        set: set.to_vec(),
        data: options.source.data.clone(),
    };
    let (own, changed) =
        (RunConfig::resolve(&source(&[]))?, RunConfig::resolve(&source(&options.source.set))?);
    let kept = |config: &RunConfig| RunConfig {
        sampling: SamplingDefaults::default(),
        training: TrainingConfig {
            seed: config.training.seed,
            objective: Objective { kind: config.training.objective.kind, ..Objective::default() },
            ..TrainingConfig::default()
        },
        ..config.clone()
    };
    if kept(&own) != kept(&changed) {
        bail!(
            "a run that goes on keeps its data, [network], [model], training.seed and training.objective.kind; --set may \
             change the rest of training.… and sampling.… alone"
        );
    }
    Ok(changed)
}

/// As many threads as asked, else as many as the run had: sums depend on them.
pub(super) fn pin_threads(asked: Option<u16>, before: Option<&Conditions>) {
    let before = before.map(|before| before.threads);
    if let Some(threads) = asked.map(i32::from).or(before).filter(|threads| *threads > 0) {
        tch::set_num_threads(threads);
    }
}

/// The precision asked for; where that is `auto`, a run that goes on takes the one it had.
pub(super) fn precision(
    config: &RunConfig,
    before: Option<&Conditions>,
    device: Device,
) -> anyhow::Result<(Precision, String)> {
    let choice: PrecisionChoice = config.training.precision.parse()?;
    Ok(match (choice, before) {
        (PrecisionChoice::Auto, Some(before)) => {
            let before: PrecisionChoice = before.precision.parse()?;
            (before.resolve(device).0, "as before".into())
        }
        _ => choice.resolve(device),
    })
}

/// Puts the newest checkpoint into the trainer, and says what the continuation is worth.
pub(super) fn go_on<L: Learner>(
    mut run: Run,
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    config: &RunConfig,
) -> anyhow::Result<(Run, Progress)> {
    let resumed = run.resume(trainer, &DataIdentity::of(data))?;
    let (text, path) = (config.to_toml()?, run.folder().join(tweedie_training::CONFIG));
    let mut differences = resumed.differences;
    if std::fs::read_to_string(&path).is_ok_and(|before| before != text) {
        run.write_config(&text)?;
        differences.push("the configuration was changed (config.toml is rewritten)".into());
    }
    let images = trainer.images();
    match (images, differences.is_empty()) {
        (0, true) => line("no checkpoint was written yet: the run begins anew"),
        (0, false) => {
            line(format!("no checkpoint was written yet: the run begins anew; {}", differences.join("; ")))
        }
        (_, true) => line(format!("going on after {images} images, bit for bit")),
        (_, false) => {
            line(format!("going on after {images} images, but not bit for bit: {}", differences.join("; ")))
        }
    }
    Ok((run, resumed.progress))
}
