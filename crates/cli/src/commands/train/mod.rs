//! `tweedie train`.

mod judge;
mod resume;
mod status;

use super::{INTERRUPTED, interruptible};
use crate::arguments::Train;
use crate::config::{DataConfig, RunConfig};
use crate::output::line;
use anyhow::Context;
use judge::judge;
use resume::{go_on, pin_threads, precision, resumed_config};
use status::Status;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tweedie_data::{Dataset, Shapes};
use tweedie_models::Model;
use tweedie_models::sampling::SamplingDefaults;
use tweedie_training::{Conditions, Ending, Progress, ResumeState, Run, Trainer, train};

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
    let (precision, reason) = precision(&config, before.as_ref(), device)?;
    let model =
        Model::new(&config.network, config.description(shown.as_ref()), device, config.training.seed)?;
    model.check_savable()?;
    model.check_sampling(&config.sampling)?;
    if config.training.report.sheet > 0 {
        let sheet = SamplingDefaults { steps: config.training.report.sheet_steps, ..config.sampling.clone() };
        model.check_sampling(&sheet).context("training.report.sheet_steps")?;
    }
    if options.dry_run {
        for row in super::estimate::lines(&config, &data, model, (precision, &reason))? {
            line(format!("# {row}"));
        }
        line(config.to_toml()?.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    line(format!(
        "{}: {:.2} M parameters on {device:?} in {} ({reason}), {} threads; {} images of {}",
        config.name,
        model.network().parameters().n_trained() as f64 / 1e6,
        precision.name(),
        tch::get_num_threads(),
        config.training.images,
        shown.name(),
    ));
    let mut trainer = Trainer::new(model, config.training.clone(), precision)?;
    let (mut run, progress) = match earlier {
        Some(run) => go_on(run, &mut trainer, shown.as_ref(), &config)?,
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
        line(format!("interrupted after {} images; saved as {}", trainer.images(), checkpoint.display()));
        line(format!("to go on: cargo xtask train --resume {}", run.folder().display()));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if let DataConfig::Shapes { height, width } = config.data {
        judge(&mut trainer, &Shapes::new(height, width, 0)?)?;
    }
    line(format!("checkpoint: {}", checkpoint.display()));
    if config.training.report.sheet > 0 {
        line(format!("samples:    {}", run.sheet(trainer.images()).display()));
    }
    line(format!("more:       cargo xtask sample {} -n 64 --grid", checkpoint.display()));
    Ok(ExitCode::SUCCESS)
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
