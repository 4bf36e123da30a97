//! The results of several models: their comparison, the JSON report and the plot.

use crate::arguments::{EvaluateLikelihood, VarianceName};
use crate::output::line;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tweedie_evaluation::likelihood::{BoundReport, Figure, FlowReport};
use tweedie_report::{Plot, Scale, Series};

/// The file name of the report.
pub(super) const REPORT: &str = "likelihood.json";
const PLOT: &str = "likelihood.svg";

/// The results of one model.
pub(super) struct Verdict<'a> {
    pub(super) model: &'a Path,
    pub(super) variance: VarianceName,
    pub(super) bound: Option<BoundReport>,
    pub(super) flow: Option<FlowReport>,
}

/// Prints the difference of each model from the first, on the same images and the same noise.
pub(super) fn compare(verdicts: &[Verdict]) {
    let Some((first, rest)) = verdicts.split_first().filter(|(_, rest)| !rest.is_empty()) else { return };
    let Some(own) = &first.bound else { return };
    line("");
    line(format!("bits per dimension below {} (paired by image)", first.model.display()));
    for other in rest {
        if let Some(bound) = &other.bound {
            let pairs = own.of_images.iter().zip(&bound.of_images);
            let differences: Vec<f64> = pairs.map(|(own, other)| own.total - other.total).collect();
            line(format!("  {:>24}   {}", Figure::of(&differences).to_string(), other.model.display()));
        }
    }
}

fn name_of(variance: VarianceName) -> &'static str {
    match variance {
        VarianceName::FixedSmall => "fixed_small",
        VarianceName::FixedLarge => "fixed_large",
        VarianceName::Learned => "learned",
        VarianceName::Optimal => "optimal",
    }
}

/// Writes the report as JSON and, if there is a bound, a plot of its terms. Returns the kind and the path of each file.
pub(super) fn write(
    options: &EvaluateLikelihood,
    data: &str,
    verdicts: &[Verdict],
    interrupted: bool,
) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let of = |it: &Verdict| -> Value {
        json!({ "model": it.model, "variance": name_of(it.variance), "bound": it.bound, "flow": it.flow })
    };
    let value = json!({
        "data": data, "levels": options.levels.to_string(), "seed": options.seed, "clip": !options.no_clip,
        "first": format!("{:?}", options.first), "decoder": format!("{:?}", options.decoder),
        "weights": if options.folder.raw_if(options.raw).are_raw() { "raw" } else { "averaged" }, "tolerance": options.flow.then_some(options.tolerance),
        "interrupted": interrupted, "models": verdicts.iter().map(of).collect::<Vec<_>>(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let path = options.out.join(REPORT);
    tweedie_files::write_file(&path, serde_json::to_string_pretty(&value)?.as_bytes())?;
    let mut files = vec![("report:", path)];
    let series: Vec<Series> = verdicts.iter().filter_map(series).collect();
    if !series.is_empty() {
        let plot = Plot {
            title: format!("terms of the bound, {data}"),
            x_label: "t (1 is the cleanest level)".into(),
            y_label: "bits per dimension".into(),
            y_scale: Scale::Log,
            series,
        };
        let path = options.out.join(PLOT);
        tweedie_files::write_file(&path, plot.svg().as_bytes())?;
        files.push(("terms:", path));
    }
    Ok(files)
}

/// The terms of a model's bound over t.
fn series(verdict: &Verdict) -> Option<Series> {
    let bound = verdict.bound.as_ref()?;
    let points = bound.levels.iter().map(|level| (level.time as f64, level.term.mean)).collect();
    let name =
        format!("{} ({}): {:.3}", verdict.model.display(), name_of(verdict.variance), bound.total.mean);
    Some(Series { name, points })
}
