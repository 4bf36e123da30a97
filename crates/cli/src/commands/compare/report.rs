//! The table and the sheet of a comparison.

use crate::arguments::Compare;
use crate::output::line;
use serde_json::json;
use tch::{Kind, Tensor};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Model, to_pixels};
use tweedie_report::{Sheet, sheet, write_png};

/// The sheet's name in its folder.
pub(super) const SHEET: &str = "comparison.png";
/// The table's.
pub(super) const TABLE: &str = "comparison.json";

/// Pictures of each row on the sheet, at most.
const SHOWN: i64 = 12;

/// What one sampler drew by some number of steps.
pub(super) struct Row {
    pub(super) sampling: SamplingDefaults,
    pub(super) steps: usize,
    pub(super) calls: usize,
    pub(super) seconds: f64,
    pub(super) x: Tensor,
}

/// Prints the table, writes it and the sheet; the first row is the reference.
pub(super) fn write(options: &Compare, model: &Model, rows: &[Row]) -> anyhow::Result<()> {
    let Some((reference, others)) = rows.split_first() else { return Ok(()) };
    let range = model.description().range;
    let half = (range.high - range.low) / 2.0;
    line(format!(
        "{} pictures from the same noise; distance: root mean square from {} of {} steps ({} calls, {:.1} s), in half the data's range",
        reference.x.size()[0],
        reference.sampling.sampler,
        reference.steps,
        reference.calls,
        reference.seconds
    ));
    line(format!(
        "{:<16} {:>5} {:>6} {:>8} {:>10} {:>8}",
        "sampler", "steps", "calls", "seconds", "distance", "± s.e."
    ));
    let mut table = Vec::new();
    for row in others {
        let (distance, error) = distance(&row.x, &reference.x, half)?;
        line(format!(
            "{:<16} {:>5} {:>6} {:>8.2} {distance:>10.5} {error:>8.5}",
            row.sampling.sampler.name(),
            row.steps,
            row.calls,
            row.seconds
        ));
        table.push(json!({
            "sampler": row.sampling.sampler, "sampling": row.sampling, "steps": row.steps, "calls": row.calls, "seconds": row.seconds, "distance": distance,
            "standard_error": error,
        }));
    }
    let value = json!({
        "model": options.model, "n": options.n, "seed": options.seed, "spread": options.spread.to_string(), "precision": options.precision, "micro_batch": options.how.micro_batch,
        "weak": options.guidance.weak, "classifier": options.guidance.classifier, "classifier_scale": options.guidance.classifier_scale,
        "classifier_class": options.guidance.classifier_class, "guidance_rescale": options.guidance.guidance_rescale,
        "guidance_interval": options.guidance.guidance_interval, "class": options.class,
        "guidance": options.guidance.guidance, "reference": { "sampler": reference.sampling.sampler, "steps": reference.steps,
        "calls": reference.calls, "seconds": reference.seconds }, "rows": table, "version": env!("CARGO_PKG_VERSION"),
    });
    let path = options.out.join(TABLE);
    tweedie_weights::write_file(&path, serde_json::to_string_pretty(&value)?.as_bytes())?;
    let size = reference.x.size();
    let (n, shape) = (size[0].min(SHOWN), [size[1] as usize, size[2] as usize, size[3] as usize]);
    let (mut pictures, mut labels) = (Vec::new(), Vec::new());
    for row in rows {
        let bytes = to_pixels(&row.x.narrow(0, 0, n), range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact(shape.iter().product()).map(<[u8]>::to_vec));
        labels.push(format!("{} {}", row.sampling.sampler, row.calls));
        labels.extend((1..n).map(|_| String::new()));
    }
    let layout = Sheet {
        columns: n as usize,
        zoom: 64usize.div_ceil(shape[2]).max(1),
        labels,
        title: vec!["from the same noise; sampler and calls of the network, the reference first".into()],
    };
    let mut png = Vec::new();
    let text = [("Software", "tweedie".into()), ("table", value.to_string())];
    write_png(&sheet(&pictures, shape, &layout), &text, &mut png)?;
    let sheet = options.out.join(SHEET);
    tweedie_weights::write_file(&sheet, &png)?;
    line(format!("table: {}, sheet: {}", path.display(), sheet.display()));
    Ok(())
}

/// The mean over pictures of the root mean square of their difference, with its standard error.
fn distance(x: &Tensor, reference: &Tensor, half: f64) -> anyhow::Result<(f64, f64)> {
    let each = ((x - reference) / half).square().flatten(1, -1).mean_dim(1, false, Kind::Double).sqrt();
    let each = Vec::<f64>::try_from(each).map_err(tweedie_torch::Error::from)?;
    let n = each.len() as f64;
    let mean = each.iter().sum::<f64>() / n;
    let variance = each.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Ok((mean, (variance / n).sqrt()))
}
