//! `tweedie reconstruct`.

use super::class::Class;
use super::drawing::{check_finite, open};
use super::evaluate::config_of;
use super::evaluate::judged::Judged;
use super::pictures::{inversion, read_pictures};
use crate::arguments::Reconstruct;
use crate::output::line;
use anyhow::bail;
use serde_json::json;
use tch::{Kind, Tensor};
use tweedie_models::sampling::{Sampler, SamplingDefaults, SolverOptions};
use tweedie_models::{Model, to_pixels};
use tweedie_networks::ClassCondition;
use tweedie_report::{Sheet, sheet, write_png};
use tweedie_samplers::{Inversion, reconstruct};

/// Pictures computed at once.
const AT_ONCE: i64 = 64;

/// Pictures on the sheet, at most.
const SHOWN: i64 = 16;

/// Encodes and decodes pictures by each number of steps; prints how far they come back, and shows them.
pub fn run(options: &Reconstruct) -> anyhow::Result<()> {
    if options.steps.is_empty() {
        bail!("--steps names no number of steps");
    }
    let (model, precision) = open(&options.model, &options.device, &options.precision)?;
    let (clean, rows, what) = subject(options, &model)?;
    tweedie_weights::check_writable(&options.out)?;
    let ways = options
        .steps
        .iter()
        .map(|&steps| {
            let sampling = SamplingDefaults {
                sampler: Sampler::Ddim,
                steps,
                levels: None,
                clip: None,
                options: SolverOptions::default(),
                ..model.description().sampling.clone()
            };
            model.check_sampling(&sampling)?;
            Ok((steps, model.path(&sampling)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let n = clean.size()[0];
    line(format!("{n} pictures ({what}); DDIM up and down again, error per dimension in [0, 1]"));
    line(format!("{:>6}  {:>10}  {:>8}  {:>6}", "steps", "mean sq.", "± s.e.", "PSNR"));
    let range = model.description().range;
    let mut shown = vec![clean.narrow(0, 0, n.min(SHOWN))];
    let mut labels = vec!["given".to_string()];
    let mut table = Vec::new();
    let how = inversion(&options.how);
    for (steps, path) in ways {
        let mut back = Vec::new();
        for first in (0..n).step_by(AT_ONCE as usize) {
            let part = AT_ONCE.min(n - first);
            back.push(back_again(&model, &clean.narrow(0, first, part), &path, &rows, first, how)?);
        }
        let back = Tensor::f_cat(&back, 0).map_err(tweedie_torch::Error::from)?;
        check_finite(&back)?;
        let (error, spread) = errors(&back, &clean, range.high - range.low)?;
        line(format!("{steps:>6}  {error:>10.3e}  {spread:>8.1e}  {:>6.2}", -10.0 * error.log10()));
        table.push(json!({ "steps": steps, "mean_squared_error": error, "standard_error": spread }));
        shown.push(back.narrow(0, 0, n.min(SHOWN)));
        labels.push(format!("{steps}"));
    }
    let parameters = json!({
        "model": options.model, "told": format!("{:?}", options.how.told).to_lowercase(), "refine": options.how.refine,
        "precision": precision.name(), "class": options.class, "n": n, "table": table, "version": env!("CARGO_PKG_VERSION"),
    });
    write(options, &shown, labels, &model, parameters.to_string())
}

/// The pictures, the class row of each, and what they are.
fn subject(options: &Reconstruct, model: &Model) -> anyhow::Result<(Tensor, Option<Vec<i64>>, String)> {
    if !options.images.is_empty() {
        let clean = read_pictures(&options.images, model)?;
        let class = Class::of(model, options.class.as_deref())?;
        return Ok((clean, (0..options.images.len()).map(|i| class.row(i)).collect(), "as named".into()));
    }
    if options.n == 0 {
        bail!("-n is 0; at least one picture can be reconstructed");
    }
    let config = config_of(&options.model, &options.source)?;
    let judged = Judged::open(&config, options.source.data.is_some(), options.seed, 0, options.n)?;
    let clean = judged.clean(model)?.to_device(model.device());
    Ok((clean, judged.classes(model, options.class.as_deref())?, judged.what.clone()))
}

/// A batch up the path and down again.
fn back_again(
    model: &Model,
    clean: &Tensor,
    path: &tweedie_samplers::Path,
    rows: &Option<Vec<i64>>,
    first: i64,
    how: Inversion,
) -> anyhow::Result<Tensor> {
    let _no_gradient = tch::no_grad_guard();
    let n = clean.size()[0];
    let class = rows.as_ref().map(|rows| {
        let rows = &rows[first as usize..(first + n) as usize];
        ClassCondition::Labels(Tensor::from_slice(rows).to_device(model.device()))
    });
    Ok(reconstruct(&model.given(class), clean.shallow_clone(), path, how)?)
}

/// The mean over pictures of the squared error per dimension, and its standard error, for data of range 1.
fn errors(back: &Tensor, clean: &Tensor, range: f64) -> anyhow::Result<(f64, f64)> {
    let each = ((back - clean) / range).square().flatten(1, -1).mean_dim(1, false, Kind::Double);
    let each = Vec::<f64>::try_from(each).map_err(tweedie_torch::Error::from)?;
    let n = each.len() as f64;
    let mean = each.iter().sum::<f64>() / n;
    let variance = each.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Ok((mean, (variance / n).sqrt()))
}

/// A sheet: a row of the pictures, and one for each number of steps.
fn write(
    options: &Reconstruct,
    rows: &[Tensor],
    labels: Vec<String>,
    model: &Model,
    parameters: String,
) -> anyhow::Result<()> {
    let [n, channels, height, width] = rows[0].size()[..] else { bail!("there are no pictures to show") };
    let shape = [channels as usize, height as usize, width as usize];
    let mut pictures = Vec::new();
    let mut names = Vec::new();
    for (row, label) in rows.iter().zip(&labels) {
        let bytes = to_pixels(row, model.description().range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact(shape.iter().product()).map(<[u8]>::to_vec));
        names.push(label.clone());
        names.extend((1..n).map(|_| String::new()));
    }
    let layout = Sheet {
        columns: n as usize,
        zoom: 64usize.div_ceil(shape[2]).max(1),
        labels: names,
        title: vec!["the pictures, and below them what their codes give back by so many steps".into()],
    };
    let mut png = Vec::new();
    let text = [("Software", "tweedie".into()), ("parameters", parameters)];
    write_png(&sheet(&pictures, shape, &layout), &text, &mut png)?;
    tweedie_weights::write_file(&options.out, &png)?;
    line(format!("sheet: {}", options.out.display()));
    Ok(())
}
