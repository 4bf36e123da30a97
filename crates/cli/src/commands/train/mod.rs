//! `tweedie train`.

mod judge;
mod resume;
mod show;
mod status;

use super::{INTERRUPTED, interruptible};
use crate::arguments::Train;
use crate::config::RunConfig;
use crate::output::line;
use anyhow::Context;
use resume::{go_on, pin_threads, precision, resumed_config};
use show::{show_classifier, show_denoiser};
use status::Status;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tweedie_data::Dataset;
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Classifier, Model};
use tweedie_torch::Precision;
use tweedie_training::{
    Conditions, Ending, Learner, ObjectiveKind, Progress, ResumeState, Run, Trainer, TrainingData, train,
};

/// Trains, then shows what was learnt.
pub fn run(options: &Train) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let mut config = match &options.resume {
        Some(run) => resumed_config(run, options)?,
        None => RunConfig::resolve(&options.source)?,
    };
    config.training.check()?;
    let data = config.open_data()?;
    let shown = Arc::clone(&data.shown);
    config.fit_to(shown.as_ref())?;
    config.network.check()?;
    // The lock comes before anything is built; who only asks needs none.
    let opened = options.resume.as_deref().filter(|_| !options.dry_run);
    let earlier = opened.map(Run::open).transpose()?;
    let before = match &earlier {
        Some(run) => match run.newest_checkpoint()? {
            Some((_, path)) => Some(ResumeState::read(&path)?.conditions),
            None => run.conditions(),
        },
        None => None,
    };
    pin_threads(options.threads, before.as_ref());
    let device = super::device(&options.device)?;
    let precision = precision(&config, before.as_ref(), device)?;
    let seed = config.training.seed;
    let course = Course { options, config: &config, data, earlier, precision, began };
    match config.training.objective.kind {
        ObjectiveKind::Denoiser => {
            let description = config.description(shown.as_ref());
            let model = Model::new(&config.network, description, device, seed)?;
            model.check_savable()?;
            model.check_sampling(&config.sampling)?;
            if config.training.report.sheet > 0 {
                let steps = config.training.report.sheet_steps;
                let sheet = SamplingDefaults { steps, ..config.sampling.clone() };
                model.check_sampling(&sheet).context("training.report.sheet_steps")?;
            }
            course.run(model, show_denoiser)
        }
        ObjectiveKind::Classifier => {
            let description = config.classifier_description(shown.as_ref());
            let network = config.classifier(shown.as_ref());
            course.run(Classifier::new(&network, description, device, seed)?, show_classifier)
        }
    }
}

/// Everything that a training needs beside what learns.
struct Course<'a> {
    options: &'a Train,
    config: &'a RunConfig,
    data: TrainingData,
    earlier: Option<Run>,
    precision: (Precision, String),
    began: Instant,
}

impl Course<'_> {
    /// Trains, or says what it would take; `show` says what was learnt, its checkpoint lying at a path.
    fn run<L: Learner>(
        self,
        learner: L,
        show: impl FnOnce(&RunConfig, &mut Trainer<L>, &Run, &Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let Course { options, config, data, earlier, precision: (precision, reason), began } = self;
        if options.dry_run {
            for row in super::estimate::lines(config, &data, learner, (precision, &reason))? {
                line(format!("# {row}"));
            }
            line(config.to_toml()?.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        let shown = Arc::clone(&data.shown);
        line(format!(
            "{}: {:.2} M parameters on {:?} in {} ({reason}), {} threads; {} images of {}",
            config.name,
            learner.parameters().n_trained() as f64 / 1e6,
            learner.parameters().device(),
            precision.name(),
            tch::get_num_threads(),
            config.training.images,
            shown.name(),
        ));
        let mut trainer = Trainer::new(learner, config.training.clone(), precision)?;
        let (mut run, progress) = match earlier {
            Some(run) => go_on(run, &mut trainer, shown.as_ref(), config)?,
            None => {
                let conditions = Conditions::of(&trainer);
                let run = Run::create(&options.runs, &config.name, &config.to_toml()?, &conditions)?;
                (run, Progress::default())
            }
        };
        line(format!("run: {}", run.folder().display()));

        // A step that was begun is finished, and saved.
        let stop = interruptible()?;
        let mut status = Status::new(config.training.images, began, Arc::clone(&stop));
        let ending = train(&mut trainer, data, &mut run, progress, &stop, &mut status)?;
        status.bar.finish_and_clear();
        say_left_out(shown.as_ref());
        let checkpoint = run.checkpoint(trainer.images());
        if ending == Ending::Interrupted {
            let images = trainer.images();
            line(format!("interrupted after {images} images; saved as {}", checkpoint.display()));
            line(format!("to go on: cargo xtask train --resume {}", run.folder().display()));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        show(config, &mut trainer, &run, &checkpoint)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Names the files that were no pictures.
fn say_left_out(data: &dyn Dataset) {
    let names = data.left_out();
    if let Some(first) = names.first() {
        line(format!(
            "{} files were left out, for they are no pictures that can be read; the first is {first}",
            names.len()
        ));
    }
}
