//! `tweedie inspect`.

use super::class::Class;
use crate::arguments::Inspect;
use crate::inspect::{schedule_plot, strip, summary, summary_of_classifier};
use crate::output::line;
use anyhow::{Context, bail};
use std::path::Path;
use tweedie_math::{DiscreteProcess, Schedule};
use tweedie_models::{Classifier, Kind, Model};
use tweedie_report::read_png;

/// Says what a checkpoint is; writes a plot and a strip where asked.
pub fn run(options: &Inspect) -> anyhow::Result<()> {
    let device = super::device(&options.device)?;
    if Kind::of(&options.model)? == Kind::Classifier {
        return of_classifier(&Classifier::load(&options.model, device)?, options);
    }
    let model = Model::load(&options.model, device)?;
    for row in summary(&model) {
        line(row);
    }
    if let Some(path) = &options.plot {
        plot(model.process(), &model.description().schedule, path)?;
    }
    if let Some(path) = &options.image {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let picture = read_png(&bytes).with_context(|| format!("{}", path.display()))?;
        let class = Class::of(&model, options.class.as_deref())?.condition(0, 1, device);
        for row in strip::draw(&model, &picture, class, options)? {
            line(row);
        }
    }
    Ok(())
}

/// A classifier has a schedule, and no guess at clean data that a strip could show.
fn of_classifier(classifier: &Classifier, options: &Inspect) -> anyhow::Result<()> {
    if options.image.is_some() {
        bail!(
            "{} holds a classifier, which makes no guess at x0: --image takes a denoiser",
            options.model.display()
        );
    }
    for row in summary_of_classifier(classifier) {
        line(row);
    }
    match &options.plot {
        Some(path) => plot(classifier.process(), &classifier.description().schedule, path),
        None => Ok(()),
    }
}

fn plot(process: &dyn DiscreteProcess, schedule: &Schedule, path: &Path) -> anyhow::Result<()> {
    tweedie_weights::write_file(path, schedule_plot(process, schedule).svg().as_bytes())?;
    line(format!("schedule: {}", path.display()));
    Ok(())
}
