//! The configuration of a resumed run.

use super::{RunConfig, Source};
use crate::Error;
use std::path::{Path, PathBuf};
use tweedie_models::sampling::SamplingConfig;
use tweedie_training::{CONFIG, Objective, TrainingConfig};

/// The configuration of a run with changes, which may concern only training, sampling and `data.bad_files`.
///
/// A configuration that an earlier version wrote lacks `data.classes` and `data.splits`. It gets the values that do what that version did, so
/// that the data stay the same. What can still differ, because more files are recognised as images and stray images are left out, is
/// reported when the run is resumed: changed classes are an error for a model that is conditioned on them, and any other change is named
/// as a reason why the run is not continued bit for bit.
///
/// # Errors
/// [`Error::NotARun`]; [`Error::Resumed`] for other changes; errors of [`RunConfig::resolve`].
pub fn resumed_config(run: &Path, set: &[String], data: Option<PathBuf>) -> Result<RunConfig, Error> {
    let run = &tweedie_training::run_of(run).0;
    let file = run.join(CONFIG);
    if !tweedie_files::is_there(&file) {
        return Err(Error::NotARun { path: run.to_path_buf(), file: CONFIG });
    }
    let source = |set: &[String]| Source {
        preset: None,
        config: Some(file.clone()),
        set: set.to_vec(),
        data: data.clone(),
    };
    let (own, changed) = (RunConfig::resolve(&source(&[]))?, RunConfig::resolve(&source(set))?);
    let kept = |config: &RunConfig| RunConfig {
        data: config.data.with_strict_files(),
        sampling: SamplingConfig::default(),
        training: TrainingConfig {
            seed: config.training.seed,
            objective: Objective { kind: config.training.objective.kind, ..Objective::default() },
            ..TrainingConfig::default()
        },
        ..config.clone()
    };
    if kept(&own) != kept(&changed) {
        return Err(Error::Resumed);
    }
    Ok(changed)
}
