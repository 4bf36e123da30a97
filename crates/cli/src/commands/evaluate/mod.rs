//! The subcommands of `tweedie evaluate`.

mod likelihood;

use super::Ended;
use crate::arguments::{Evaluate, EvaluateSamples};
use crate::output::{line, lines, save_png};
use crate::progress::Terminal;
use anyhow::Context;
use serde_json::{Value, json};
use std::path::PathBuf;
use tweedie_applications::evaluation::{Judged, SamplesOptions, Subject, config_of, judge};
use tweedie_applications::generation::{Generator, GeneratorOptions, IMAGES_AT_ONCE};
use tweedie_data::shapes::{MAX_RESIDUAL, STRICT_RESIDUAL};
use tweedie_evaluation::Cells;
use tweedie_models::{Kind, Model};

/// The file name of the report.
const REPORT: &str = "samples.json";

/// Runs the subcommand.
pub fn run(command: &Evaluate) -> anyhow::Result<Ended> {
    match command {
        Evaluate::Samples(options) => samples(options).map(|()| Ended::Completed),
        Evaluate::Likelihood(options) => likelihood::run(options),
    }
}

fn samples(options: &EvaluateSamples) -> anyhow::Result<()> {
    let config = config_of(&options.model, &options.source.source())?;
    let data = config.open_data()?.shown;
    let model = if Kind::is_model(&options.model) { Some(open_model(options)?) } else { None };
    let subject =
        match &model {
            Some(model) => {
                let own = GeneratorOptions {
                    sampling: options.how.sampling(model.sampling())?,
                    class: options.class.clone(),
                    guidance: options.guidance.options(),
                };
                Subject::of_model(Generator::new(model, own)?, &data.shape(), options.n, options.seed)?
            }
            None => Subject::of_files(&options.model, &data.shape(), options.n, options.seed).with_context(
                || format!("{} is neither a model nor a set of examples", options.model.display()),
            )?,
        };
    let is_new = !options.out.exists();
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    tweedie_files::check_writable(&options.out.join(REPORT))?;
    let extractor = options.extractor.as_deref().filter(|name| *name != "pixels").map(Into::into);
    let how = SamplesOptions { extractor, reference: options.reference };
    let judged =
        judge(&subject, &config, data.as_ref(), &how, &mut Terminal::interruptible()?).inspect_err(|_| {
            if is_new {
                // The new folder is still empty.
                let _ = std::fs::remove_dir(&options.out);
            }
        })?;
    let compared = format!("{}, {}", data.name(), data.shape());
    let mut texts = vec![format!("data: {compared}")];
    let (figures, image) = match judged {
        Judged::Images { report, shapes, nearest } => {
            texts.push(report.to_string());
            if let Some(quality) = &shapes {
                texts.push(quality.to_string());
                texts
                    .push(format!("distance of the histograms (total variation): {:.3}", quality.distance()));
            }
            let shapes = shapes.map(|quality| {
                let at = |residual| {
                    json!({
                        "recognised": quality.recognised(residual),
                        "matched_by_form": quality.matched(Cells::Forms, residual),
                        "matched_by_combination": quality.matched(Cells::Combinations, residual),
                        "matched_by_form_of_data": quality.matched_of_data(Cells::Forms, residual),
                        "matched_by_combination_of_data": quality.matched_of_data(Cells::Combinations, residual),
                    })
                };
                json!({
                    "recognised": quality.recognised(MAX_RESIDUAL),
                    "histogram_distance": quality.distance(),
                    "lenient": at(MAX_RESIDUAL),
                    "strict": at(STRICT_RESIDUAL),
                })
            });
            (
                json!({ "report": report, "shapes": shapes }),
                ("nearest.png", "nearest training images:", nearest),
            )
        }
        Judged::Points { report, scatter } => {
            texts.push(report.to_string());
            (json!({ "points": report }), ("scatter.png", "data and samples:", scatter))
        }
    };
    // The report is written before it is printed, and printed if it cannot be written.
    let written = write(options, &compared, &subject, figures);
    texts.iter().for_each(lines);
    line(format!("report: {}", written?.display()));
    let (name, what, canvas) = image;
    let path = options.out.join(name);
    save_png(&path, &canvas, &[])?;
    line(format!("{what} {}", path.display()));
    Ok(())
}

fn open_model(options: &EvaluateSamples) -> anyhow::Result<Model> {
    let flags = options.folder.raw_if(options.raw);
    let (mut model, _) = super::open_model(
        &options.model,
        &flags.options(&options.device, &options.precision, IMAGES_AT_ONCE),
    )?;
    model.set_micro_batch(options.how.options.micro_batch.map(|size| size as usize));
    Ok(model)
}

/// Writes the report as JSON and returns its path.
fn write(
    options: &EvaluateSamples,
    data: &str,
    subject: &Subject<'_>,
    figures: Value,
) -> anyhow::Result<PathBuf> {
    let mut value = json!({
        "model": options.model, "data": data, "weights": if options.folder.raw_if(options.raw).are_raw() { "raw" } else { "averaged" }, "seed": options.seed,
        "sampling": subject.sampling(), "guidance": options.guidance.guidance, "class": options.class,
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let (Value::Object(value), Value::Object(figures)) = (&mut value, figures) {
        value.extend(figures);
    }
    let path = options.out.join(REPORT);
    tweedie_files::write_file(&path, serde_json::to_string_pretty(&value)?.as_bytes())?;
    Ok(path)
}
