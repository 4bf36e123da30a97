//! The table and the sheet of images of a comparison.

use crate::arguments::Compare;
use crate::output::{line, save_png};
use serde_json::{Value, json};
use tweedie_applications::comparison::{Distance, Row};
use tweedie_applications::generation::images_of;
use tweedie_models::Model;
use tweedie_report::{Sheet, sheet};
use tweedie_torch::Precision;

/// The file name of the sheet.
pub(super) const SHEET: &str = "comparison.png";
/// The file name of the table.
pub(super) const TABLE: &str = "comparison.json";

/// The maximum number of images in a row of the sheet.
const SHOWN: i64 = 12;

/// Prints the table, and writes the table and the sheet. The first of `rows` is the reference.
pub(super) fn write(
    options: &Compare,
    model: &Model,
    precision: Precision,
    rows: &[Row],
) -> anyhow::Result<()> {
    let Some((reference, others)) = rows.split_first() else { return Ok(()) };
    let range = model.about().range;
    let half = (range.high - range.low) / 2.0;
    let levels = reference.sampling.levels.as_ref().map_or_else(String::new, ToString::to_string);
    line(format!(
        "{} images from the same noise; distance: root mean square over all images and values, in units of half the data's range",
        reference.x.size()[0]
    ));
    line(format!(
        "reference: {} with {} steps on the levels {levels}, whatever --spread is ({} calls, {:.1} s); the samplers use the levels {}",
        reference.sampling.sampler, reference.steps, reference.calls, reference.seconds, options.spread
    ));
    line(format!(
        "{:<16} {:>5} {:>6} {:>8} {:>10} {:>8}",
        "sampler", "steps", "calls", "seconds", "distance", "± s.e."
    ));
    let mut table = Vec::new();
    for row in others {
        let Distance { rms: distance, error, of_samples } = row.distance(reference, half)?;
        line(format!(
            "{:<16} {:>5} {:>6} {:>8.2} {distance:>10.5} {error:>8.5}",
            row.sampling.sampler.name(),
            row.steps,
            row.calls,
            row.seconds
        ));
        table.push(json!({
            "sampler": row.sampling.sampler, "sampling": row.sampling, "steps": row.steps, "calls": row.calls, "seconds": row.seconds,
            "distance": distance, "standard_error": error, "distance_of_images": of_samples,
        }));
    }
    let mut value = json!({
        "model": options.model, "n": options.n, "seed": options.seed, "spread": options.spread.to_string(),
        "precision": precision.name(), "micro_batch": options.how.micro_batch, "class": options.class,
        "reference": { "sampler": reference.sampling.sampler, "levels": levels, "steps": reference.steps, "calls": reference.calls,
        "seconds": reference.seconds }, "rows": table, "version": env!("CARGO_PKG_VERSION"),
    });
    if let Value::Object(value) = &mut value {
        value.extend(options.guidance.given().into_iter().map(|(key, of)| (key.to_string(), of)));
    }
    let path = options.out.join(TABLE);
    tweedie_files::write_file(&path, serde_json::to_string_pretty(&value)?.as_bytes())?;
    let size = reference.x.size();
    let (n, shape) = (size[0].min(SHOWN), [size[1] as usize, size[2] as usize, size[3] as usize]);
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for row in rows {
        images.extend(images_of(&row.x.narrow(0, 0, n), model.about())?);
        labels.push(format!("{} {}", row.sampling.sampler, row.calls));
        labels.extend((1..n).map(|_| String::new()));
    }
    let layout = Sheet {
        columns: n as usize,
        zoom: 64usize.div_ceil(shape[2]).max(1),
        labels,
        title: vec!["all rows start from the same noise; labels: sampler and network evaluations; first row: reference".into()],
    };
    let sheet_path = options.out.join(SHEET);
    save_png(&sheet_path, &sheet(&images, shape, &layout), &[("table", value.to_string())])?;
    line(format!("table: {}, sheet: {}", path.display(), sheet_path.display()));
    Ok(())
}
