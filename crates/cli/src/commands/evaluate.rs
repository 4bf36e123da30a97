//! `tweedie evaluate …`.

use super::class::Class;
use crate::arguments::{Evaluate, EvaluateSamples};
use crate::config::{DataConfig, RunConfig};
use crate::output::line;
use anyhow::{Context, bail};
use serde_json::json;
use std::path::Path;
use tweedie_data::{BadFiles, Dataset, Fit, ImageFiles, ImageOptions, Order, Shape, Shapes, Values};
use tweedie_evaluation::{Extractor, Pictures, SamplesReport, judge_samples, shapes_quality};
use tweedie_models::{Model, to_pixels};
use tweedie_networks::Pass;
use tweedie_report::{Sheet, sheet, write_png};
use tweedie_samplers::StreamNoise;
use tweedie_torch::PrecisionChoice;

/// Pictures drawn at once.
const AT_ONCE: usize = 64;

/// Pairs on the nearest-neighbour sheet.
const PAIRS: usize = 32;

/// Runs the subcommand.
pub fn run(command: &Evaluate) -> anyhow::Result<()> {
    match command {
        Evaluate::Samples(options) => samples(options),
    }
}

fn samples(options: &EvaluateSamples) -> anyhow::Result<()> {
    let config = config_of(options)?;
    let data = config.open_data()?.shown;
    let shape = data.shape();
    if data.moments().is_some() {
        bail!("{} holds arrays; samples are judged as pictures", data.name());
    }
    let (drawn, asked) = drawn(options, shape)?;
    let n = drawn.len();
    let (reference, real, labels) = sides(data.as_ref(), n, options.reference)?;
    let extractor = match options.extractor.as_deref() {
        None | Some("pixels") => Extractor::pixels(&reference, shape)?,
        Some(path) => Extractor::classifier(Path::new(path))?,
    };
    let pictures = Pictures {
        samples: &drawn,
        real: &real,
        reference: &reference,
        asked: asked.as_deref(),
        labels: labels.as_deref(),
        shape,
    };
    let report = judge_samples(&pictures, &extractor)?;
    line(report.to_string().trim_end());
    let shapes = match config.data {
        DataConfig::Shapes { height, width } => {
            Some(shapes_quality(&drawn, &Shapes::new(height, width, 0)?)?)
        }
        _ => None,
    };
    if let Some(quality) = &shapes {
        line(quality.to_string().trim_end());
        line(format!("distance of the histograms (total variation): {:.3}", quality.distance()));
    }
    write(options, &report, &pictures, shapes.map(|quality| (quality.samples.share(), quality.distance())))
}

/// The data's configuration: as said, else that of the run that the model lies in.
fn config_of(options: &EvaluateSamples) -> anyhow::Result<RunConfig> {
    let source = &options.source;
    let own = options
        .model
        .ancestors()
        .take(3)
        .map(|folder| folder.join(tweedie_training::CONFIG))
        .find(|it| it.is_file());
    match own {
        Some(file) if source.preset.is_none() && source.config.is_none() => {
            RunConfig::resolve(&crate::arguments::ConfigSource {
                preset: None,
                config: Some(file),
                set: source.set.clone(),
                data: source.data.clone(),
            })
        }
        _ => RunConfig::resolve(source),
    }
}

/// Pictures, and the class of each where one was asked for.
type Drawn = (Vec<Vec<u8>>, Option<Vec<i64>>);

/// The pictures of a folder, or drawn from a model; with the classes they were to show.
fn drawn(options: &EvaluateSamples, shape: Shape) -> anyhow::Result<Drawn> {
    let is_model =
        ["unet/config.json", "config.json", "checkpoints"].iter().any(|it| options.model.join(it).exists());
    if !is_model {
        let how = ImageOptions {
            shape,
            fit: Fit::Stretch,
            background: [255; 3],
            may_flip: false,
            bad_files: BadFiles::Error,
            captions: None,
        };
        let files = ImageFiles::open(&options.model, how)
            .with_context(|| format!("{} is no model and no set of pictures", options.model.display()))?;
        let n = files.len().unwrap_or(0).min(options.n as u64);
        let pictures = (0..n).map(|i| bytes_of(files.values(i)?)).collect::<anyhow::Result<_>>()?;
        return Ok((pictures, None));
    }
    let device = super::device(&options.device)?;
    let mut model = Model::load(&options.model, device)?;
    if options.raw {
        tweedie_training::load_raw_weights(&model, &options.model)?;
    }
    let (precision, _) = options.precision.parse::<PrecisionChoice>()?.resolve(device);
    model.set_pass(Pass::inference(precision));
    let channels = model.network().config().in_channels;
    if channels != shape.channels as i64 {
        bail!("the model draws {channels} channels, and the data have {}", shape.channels);
    }
    let class = Class::of(&model, options.class.as_deref())?;
    let mut sampling = model.description().sampling.clone();
    sampling.steps = options.steps.unwrap_or(sampling.steps);
    sampling.eta = options.eta.unwrap_or(sampling.eta);
    let bar = super::progress((options.n.div_ceil(AT_ONCE) * sampling.steps) as u64);
    let mut pictures = Vec::new();
    for first in (0..options.n).step_by(AT_ONCE) {
        // Every batch has one size: what a network computes depends on it in the last bits.
        let size = [AT_ONCE as i64, channels, shape.height as i64, shape.width as i64];
        let noise = StreamNoise::new(options.seed, first as u64);
        let mut look = |_: &tweedie_samplers::Step, _: &tch::Tensor| bar.inc(1);
        let x = model.sample(size, &sampling, class.condition(first, AT_ONCE, device), &noise, &mut look)?;
        let bytes = to_pixels(&x, model.description().range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact(shape.n_values()).map(<[u8]>::to_vec));
    }
    bar.finish_and_clear();
    pictures.truncate(options.n);
    let asked: Option<Vec<i64>> = (0..pictures.len()).map(|i| class.row(i)).collect();
    let null = model.description().null_class;
    Ok((pictures, asked.filter(|rows| rows.iter().all(|row| Some(*row) != null))))
}

fn bytes_of(values: Values) -> anyhow::Result<Vec<u8>> {
    match values {
        Values::Bytes(bytes) => Ok(bytes),
        Values::Floats(_) => bail!("arrays are no pictures"),
    }
}

type Sides = (Vec<Vec<u8>>, Vec<Vec<u8>>, Option<Vec<i64>>);

/// Reference pictures, and as many real ones as there are samples that are not among them, in an order of their own.
fn sides(data: &dyn Dataset, n: usize, reference: usize) -> anyhow::Result<Sides> {
    let len = data.len().unwrap_or(u64::MAX);
    if len < 2 * n as u64 {
        bail!(
            "{} has {len} pictures; {n} samples need {n} real ones beside them and {n} more to compare with: take fewer by -n",
            data.name()
        );
    }
    let m = (reference.max(n) as u64).min(len - n as u64) as usize;
    let mut order = Order::new(0x5eed, data.len());
    let picture = |index: u64| bytes_of(data.values(index)?);
    let real: Vec<u64> = (0..n as u64).map(|i| order.index(i)).collect();
    let labels = real.iter().map(|&index| data.label(index).map(i64::from)).collect();
    let other: Vec<u64> = (n as u64..(n + m) as u64).map(|i| order.index(i)).collect();
    let read = |list: &[u64]| list.iter().map(|&index| picture(index)).collect::<anyhow::Result<Vec<_>>>();
    Ok((read(&other)?, read(&real)?, labels))
}

/// The report as JSON, and a sheet of the pairs that are most alike: above the samples, below their neighbours.
fn write(
    options: &EvaluateSamples,
    report: &SamplesReport,
    pictures: &Pictures,
    shapes: Option<(f64, f64)>,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    let value = json!({
        "model": options.model, "weights": if options.raw { "raw" } else { "averaged" }, "seed": options.seed,
        "steps": options.steps, "eta": options.eta, "class": options.class, "report": report,
        "shapes": shapes.map(|(share, distance)| json!({ "recognised": share, "histogram_distance": distance })),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let path = options.out.join("samples.json");
    tweedie_weights::write_file(&path, serde_json::to_string_pretty(&value)?.as_bytes())?;
    line(format!("report: {}", path.display()));
    let pairs = &report.pairs[..report.pairs.len().min(PAIRS)];
    let mut shown = Vec::new();
    let mut labels = Vec::new();
    for row in pairs.chunks(8) {
        shown.extend(row.iter().map(|pair| pictures.samples[pair.0].clone()));
        labels.extend(row.iter().map(|pair| format!("#{}", pair.0)));
        shown.extend(row.iter().map(|pair| pictures.reference[pair.1].clone()));
        labels.extend(row.iter().map(|pair| format!("{:.2}", pair.2)));
    }
    let layout = Sheet {
        columns: 8,
        zoom: 64usize.div_ceil(pictures.shape.width).max(1),
        labels,
        title: vec!["each row of samples, and below it the nearest pictures of the data".into()],
    };
    let mut bytes = Vec::new();
    let canvas = sheet(&shown, pictures.shape.as_array(), &layout);
    write_png(&canvas, &[("Software", "tweedie".into())], &mut bytes)?;
    let path = options.out.join("nearest.png");
    tweedie_weights::write_file(&path, &bytes)?;
    line(format!("is it memory? {}", path.display()));
    Ok(())
}
