//! The subcommand `tweedie inspect`.

use crate::arguments::Inspect;
use crate::output::{line, save_png};
use anyhow::bail;
use std::path::Path;
use tweedie_applications::generation::{Class, check_vector};
use tweedie_applications::inspection::{forward_strip, schedule_plot, summary, summary_of_classifier};
use tweedie_applications::latent::read_image;
use tweedie_math::{DiscreteProcess, Schedule};
use tweedie_models::{Classifier, Kind};

/// Prints a description of a checkpoint, and writes a plot of its schedule and a strip of images if requested.
pub fn run(options: &Inspect) -> anyhow::Result<()> {
    let device = super::device(&options.device)?;
    if Kind::of(&options.model)? == Kind::Classifier {
        return of_classifier(&Classifier::load(&options.model, device)?, options);
    }
    let (model, _) = super::open_model(&options.model, &options.folder.options(&options.device, "f32", 1))?;
    summary(&model).into_iter().for_each(line);
    if let Some(path) = &options.plot {
        plot(model.process(), &model.about().schedule, path)?;
    }
    if let Some(path) = &options.image {
        check_vector(&model)?;
        let image = read_image(path, model.about().data.channels())?;
        tweedie_files::check_writable(&options.out)?;
        let condition = Class::of(&model, options.class.as_deref())?.condition(0, 1);
        let strip = forward_strip(&model, &image, condition, options.frames, options.seed)?;
        save_png(&options.out, &strip.canvas, &[("table", strip.table.join("\n"))])?;
        strip.table.into_iter().for_each(line);
        line(format!("strip: {}", options.out.display()));
    }
    Ok(())
}

/// Prints a description of a classifier and writes its plot. A classifier has no prediction of x0 that a strip could show.
fn of_classifier(classifier: &Classifier, options: &Inspect) -> anyhow::Result<()> {
    if options.image.is_some() {
        bail!(
            "{} holds a classifier, which does not predict x0; --image needs a denoiser",
            options.model.display()
        );
    }
    summary_of_classifier(classifier).into_iter().for_each(line);
    match &options.plot {
        Some(path) => plot(classifier.process(), &classifier.about().schedule, path),
        None => Ok(()),
    }
}

fn plot(process: &dyn DiscreteProcess, schedule: &Schedule, path: &Path) -> anyhow::Result<()> {
    tweedie_files::write_file(path, schedule_plot(process, schedule).svg().as_bytes())?;
    line(format!("schedule: {}", path.display()));
    Ok(())
}
