//! The subcommand `tweedie reconstruct`.

use crate::arguments::Reconstruct;
use crate::output::{line, save_png};
use anyhow::bail;
use serde_json::json;
use tch::Tensor;
use tweedie_applications::evaluation::{Examples, config_of};
use tweedie_applications::generation::{check_finite, images_of};
use tweedie_applications::latent::{
    class_rows, code_sampling, read_images, reconstruct_images, squared_error,
};
use tweedie_models::Model;
use tweedie_models::sampling::SamplingConfig;
use tweedie_report::{Sheet, sheet};

/// The maximum number of images on the sheet.
const SHOWN: i64 = 16;

/// Encodes and decodes images with each number of steps. Prints the reconstruction errors and writes a sheet of the reconstructions.
pub fn run(options: &Reconstruct) -> anyhow::Result<()> {
    if options.steps.is_empty() {
        bail!("--steps is empty; it must name at least one number of steps");
    }
    let at_once = if options.images.is_empty() { options.n } else { options.images.len() };
    let (model, precision) = super::open_model(
        &options.model,
        &options.folder.options(&options.device, &options.precision, at_once),
    )?;
    let (clean, rows, what) = subject(options, &model)?;
    tweedie_files::check_writable(&options.out)?;
    let sampling = |&steps: &usize| -> anyhow::Result<SamplingConfig> {
        let levels = options.spread.as_ref().map(|spread| spread.levels(steps)).transpose()?;
        Ok(SamplingConfig { levels, ..code_sampling(&model, steps) })
    };
    let samplings = options.steps.iter().map(sampling).collect::<anyhow::Result<Vec<_>>>()?;
    samplings.iter().try_for_each(|sampling| model.check_sampling(sampling))?;
    let n = clean.size()[0];
    line(format!(
        "{n} images ({what}); DDIM encoding and decoding; error per dimension for values in [0, 1]"
    ));
    line(format!("{:>6}  {:>10}  {:>8}  {:>6}", "steps", "mean sq.", "± s.e.", "PSNR"));
    let range = model.about().range;
    let mut shown = vec![("given".to_string(), clean.narrow(0, 0, n.min(SHOWN)))];
    let mut table = Vec::new();
    for (&steps, sampling) in options.steps.iter().zip(&samplings) {
        let back = reconstruct_images(&model, &clean, rows.as_deref(), sampling, options.how.inversion())?;
        check_finite(&back)?;
        let (error, spread) = squared_error(&back, &clean, range.high - range.low)?;
        line(format!("{steps:>6}  {error:>10.3e}  {spread:>8.1e}  {:>6.2}", -10.0 * error.log10()));
        table.push(json!({ "steps": steps, "mean_squared_error": error, "standard_error": spread }));
        shown.push((steps.to_string(), back.narrow(0, 0, n.min(SHOWN))));
    }
    let parameters = json!({
        "model": options.model, "conditioned_on": format!("{:?}", options.how.conditioned_on).to_lowercase(), "refine": options.how.refine,
        "precision": precision.name(), "class": options.class, "n": n, "table": table, "version": env!("CARGO_PKG_VERSION"),
    });
    write(options, &shown, &model, parameters.to_string())
}

/// The images, the class row of each, and a description of the images.
fn subject(options: &Reconstruct, model: &Model) -> anyhow::Result<(Tensor, Option<Vec<i64>>, String)> {
    let class = options.class.as_deref();
    if !options.images.is_empty() {
        let clean = read_images(&options.images, model)?;
        return Ok((clean, class_rows(model, class, options.images.len())?, "from the command line".into()));
    }
    let config = config_of(&options.model, &options.source.source())?;
    let examples = Examples::open(&config, options.source.data.is_some(), options.seed, 0, options.n)?;
    let clean = examples.clean(model)?.to_device(model.device());
    Ok((clean, examples.classes(model, class)?, examples.what.clone()))
}

/// Writes the sheet: a row of the images and a row for each number of steps.
fn write(
    options: &Reconstruct,
    rows: &[(String, Tensor)],
    model: &Model,
    parameters: String,
) -> anyhow::Result<()> {
    let [n, channels, height, width] = rows[0].1.size()[..] else { bail!("there are no images") };
    let shape = [channels as usize, height as usize, width as usize];
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (label, row) in rows {
        images.extend(images_of(row, model.about())?);
        labels.push(label.clone());
        labels.extend((1..n).map(|_| String::new()));
    }
    let layout = Sheet {
        columns: n as usize,
        zoom: 64usize.div_ceil(shape[2]).max(1),
        labels,
        title: vec![
            "first row: the images; below: their reconstructions with the labelled numbers of steps".into(),
        ],
    };
    save_png(&options.out, &sheet(&images, shape, &layout), &[("parameters", parameters)])?;
    line(format!("sheet: {}", options.out.display()));
    Ok(())
}
