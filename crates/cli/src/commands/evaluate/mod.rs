//! `tweedie evaluate …`.

pub(super) mod judged;
mod likelihood;
mod subject;

use crate::arguments::{ConfigSource, Evaluate, EvaluateSamples};
use crate::config::{DataConfig, RunConfig};
use crate::output::line;
use anyhow::{Context, bail};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use subject::Subject;
use tweedie_data::{Dataset, Order, Shapes, Values};
use tweedie_evaluation::{Extractor, FEWEST_SAMPLES, Pictures, SamplesReport, judge_samples, shapes_quality};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_report::{Sheet, sheet, write_png};

/// The report's name in its folder.
const REPORT: &str = "samples.json";

/// No more pictures are judged, or compared with: every one is kept.
const MOST_SAMPLES: usize = 1 << 20;

/// Pairs on the nearest-neighbour sheet.
const PAIRS: usize = 32;

/// Runs the subcommand.
pub fn run(command: &Evaluate) -> anyhow::Result<ExitCode> {
    match command {
        Evaluate::Samples(options) => samples(options).map(|()| ExitCode::SUCCESS),
        Evaluate::Likelihood(options) => likelihood::run(options),
    }
}

fn samples(options: &EvaluateSamples) -> anyhow::Result<()> {
    let config = config_of(&options.model, &options.source)?;
    let data = config.open_data()?.shown;
    let shape = data.shape();
    if data.moments().is_some() {
        bail!("{} holds arrays; samples are judged as pictures", data.name());
    }
    // Whatever can be refused is refused before anything is drawn.
    let classifier = match options.extractor.as_deref() {
        None | Some("pixels") => None,
        Some(path) => Some(Extractor::classifier(Path::new(path))?),
    };
    let subject = Subject::open(options, shape)?;
    let n = subject.n();
    if n < FEWEST_SAMPLES {
        bail!(
            "{n} samples are too few to be judged; at least {FEWEST_SAMPLES} are needed (-n says how many)"
        );
    }
    for (flag, found) in [("-n", n), ("--reference", options.reference)] {
        if found > MOST_SAMPLES {
            bail!("{flag} is {found}; it must be at most {MOST_SAMPLES}");
        }
    }
    let compared = format!("{}, {}×{}", data.name(), shape.height, shape.width);
    let (reference, real, labels) = sides(data.as_ref(), n, options.reference)?;
    let extractor = match classifier {
        Some(classifier) => classifier,
        None => Extractor::pixels(&reference, shape)?,
    };
    extractor.read(&real[..1], shape)?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    tweedie_weights::check_writable(&options.out.join(REPORT))?;
    let (drawn, asked) = subject.pictures()?;
    let pictures = Pictures {
        samples: &drawn,
        real: &real,
        reference: &reference,
        asked: asked.as_deref(),
        labels: labels.as_deref(),
        shape,
    };
    let report = judge_samples(&pictures, &extractor)?;
    line(format!("data: {compared}"));
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
    let shapes = shapes.map(|quality| (quality.samples.share(), quality.distance()));
    write(options, &compared, &report, &pictures, shapes, subject.sampling())
}

/// The data's configuration: as said, else that of the run that the model lies in.
pub(super) fn config_of(model: &Path, source: &ConfigSource) -> anyhow::Result<RunConfig> {
    let own =
        model.ancestors().take(3).map(|folder| folder.join(tweedie_training::CONFIG)).find(|it| it.is_file());
    if source.preset.is_some() || source.config.is_some() {
        return RunConfig::resolve(source);
    }
    let Some(file) = own else {
        bail!(
            "{} lies in no run, so it must be said what to compare with: --preset NAME or --config FILE, with --data PATH",
            model.display()
        )
    };
    RunConfig::resolve(&ConfigSource {
        preset: None,
        config: Some(file),
        set: source.set.clone(),
        data: source.data.clone(),
    })
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
    data: &str,
    report: &SamplesReport,
    pictures: &Pictures,
    shapes: Option<(f64, f64)>,
    sampling: Option<&SamplingDefaults>,
) -> anyhow::Result<()> {
    let value = json!({
        "model": options.model, "data": data, "weights": if options.raw { "raw" } else { "averaged" }, "seed": options.seed,
        "sampling": sampling, "guidance": options.guidance.guidance, "class": options.class, "report": report,
        "shapes": shapes.map(|(share, distance)| json!({ "recognised": share, "histogram_distance": distance })),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let path = options.out.join(REPORT);
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
