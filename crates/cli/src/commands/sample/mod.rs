//! The subcommand `tweedie sample`.

mod starts;
mod targets;

use super::Ended;
use crate::arguments::{Eta, NoiseName, Sample};
use crate::output::{line, save_tensor};
use crate::progress::Terminal;
use anyhow::{Context, bail};
use serde_json::{Value, json};
use targets::Targets;
use tweedie_applications::generation::{
    Class, Generator, GeneratorOptions, IMAGES_AT_ONCE, Noise, Request, Start,
};
use tweedie_math::DataShape;
use tweedie_models::Model;
use tweedie_models::sampling::{Sampler, SamplingConfig};
use tweedie_samplers::Norms;

/// Generates samples and writes them, with the sampling parameters in the metadata of each file.
pub fn run(options: &Sample) -> anyhow::Result<Ended> {
    let Some(folder) = options.model.as_deref().filter(|_| !options.list) else {
        for (_, name, what, source) in Sampler::ALL {
            line(format!("{name:<16} {what}"));
            line(format!("{:<16} {source}", ""));
        }
        return Ok(Ended::Completed);
    };
    let at_once =
        if options.batch == 0 { options.n.min(IMAGES_AT_ONCE) } else { options.batch.min(options.n) };
    let (mut model, precision) =
        super::open_model(folder, &options.folder.options(&options.device, &options.precision, at_once))?;
    model.set_micro_batch(options.how.options.micro_batch.map(|size| size as usize));
    let sampling = sampling(options, &model)?;
    let guidance = options.guidance.options();
    let class = options.class.clone();
    let generator = Generator::new(&model, GeneratorOptions { sampling, class, guidance })?;
    check_combination(options, &generator)?;
    if options.start.is_none() {
        generator.note().into_iter().for_each(line);
    }
    let shape = shape(options, &model)?;
    model.check_shape(&shape)?;
    let noise = match options.noise {
        NoiseName::Stream => Noise::Stream { seed: options.seed },
        NoiseName::Torch => Noise::Torch { seed: options.seed },
    };
    let mut request = Request {
        n: options.n,
        first: options.first,
        batch: options.batch,
        noise,
        previews: options.save_steps.map(|frames| frames as usize),
        ..Request::of_shape(shape.clone())
    };
    request.check()?;
    let targets = Targets::new(options, &model, &shape)?;
    let mut terminal = Terminal::interruptible()?;
    let (start, columns) = starts::starts(options, &generator, &shape)?;
    if let Start::Given(latents) = &start {
        request.n = latents.size()[0] as usize;
    }
    request.start = start;
    let samples = generator.draw(&request, &mut terminal)?;
    if samples.is_empty() {
        line("interrupted before the first batch was finished; nothing was written");
        return Ok(Ended::Interrupted);
    }
    let parameters = |image: Option<usize>| {
        let image = image.map(|image| options.first + image as u64);
        parameters(options, &generator, precision.name(), image, samples.len()).to_string()
    };
    if let Some(path) = &options.raw {
        save_tensor(path, "samples", &samples.values(model.about())?, parameters(None))?;
        line(format!("{} samples as a tensor: {}", samples.len(), path.display()));
    }
    if let Some(targets) = targets {
        targets.write(&samples, &model, &shape, columns, options.first, parameters)?;
    }
    if samples.interrupted {
        line("interrupted: only the finished samples were written");
        return Ok(Ended::Interrupted);
    }
    Ok(Ended::Completed)
}

/// The checkpoint's sampling configuration with the flags of the command line applied.
fn sampling(options: &Sample, model: &Model) -> anyhow::Result<SamplingConfig> {
    let mut how = options.how.clone();
    // Given latents are decoded without the checkpoint's clip, which would change the reconstruction.
    let given = options.start.is_some() || options.between.is_some();
    how.options.no_clip |= given && how.options.clip.is_none() && how.options.threshold.is_none();
    // Interpolation needs a deterministic sampler, so η defaults to 0 even if the checkpoint's η is larger.
    let sampler = how.sampler.unwrap_or(model.sampling().sampler);
    if options.interpolate.is_some() && sampler == Sampler::Ddim {
        how.options.eta.get_or_insert(Eta::Number(0.0));
    }
    Ok(how.sampling(model.sampling())?)
}

/// Returns an error if flags contradict each other.
fn check_combination(options: &Sample, generator: &Generator<'_>) -> anyhow::Result<()> {
    let sampling = generator.sampling();
    if options.first.checked_add(options.n as u64).is_none_or(|end| end > i64::MAX as u64) {
        bail!(
            "--first is {}; with {} samples, the index of the last one exceeds the range of i64",
            options.first,
            options.n
        );
    }
    if options.how.options.micro_batch.is_some() {
        let by_batch =
            sampling.sampler == Sampler::PredictorCorrector && sampling.options.pc.norms == Norms::BatchMean;
        if options.noise == NoiseName::Torch || by_batch {
            bail!(
                "--micro-batch makes samples independent of their batch; it cannot be combined with {}, which makes them depend on it",
                if by_batch { "--corrector-norms batch-mean" } else { "--noise torch" }
            );
        }
    }
    if options.interpolate.is_some() && matches!(generator.class(), Class::All(_)) {
        bail!("--interpolate needs a single class; choose it with --class");
    }
    Ok(())
}

/// The shape of a sample: the size given with --size, or the model's own shape.
fn shape(options: &Sample, model: &Model) -> anyhow::Result<DataShape> {
    let own = &model.about().data;
    match (&options.size, own.as_image()) {
        (Some(text), Some([channels, ..])) => {
            let sides = text
                .split_once(['x', '×'])
                .and_then(|(height, width)| Some([height.parse().ok()?, width.parse().ok()?]));
            let [height, width] =
                sides.with_context(|| format!("--size is `{text}`; it must be HxW, such as 32x32"))?;
            Ok(DataShape::image(channels, height, width))
        }
        (Some(_), None) => bail!("--size applies to images; this model generates data of shape {own}"),
        (None, _) if model.about().size().is_none() => {
            bail!("the checkpoint does not fix the size of its images; choose it with --size HxW")
        }
        (None, _) => Ok(own.clone()),
    }
}

/// The parameters that a sample was generated with, for the metadata of its file.
fn parameters(
    options: &Sample,
    generator: &Generator<'_>,
    precision: &str,
    image: Option<u64>,
    n: usize,
) -> Value {
    let sampling = generator.sampling();
    let mut all = json!({
        "model": options.model, "sampler": sampling.sampler, "steps": generator.path().n_steps(), "eta": sampling.eta,
        "spacing": sampling.spacing, "levels": sampling.levels, "clip": sampling.clip, "seed": options.seed, "image": image, "n": n,
        "noise": format!("{:?}", options.noise).to_lowercase(), "precision": precision, "class": options.class,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let mut more = options.guidance.given();
    let mut add = |name, value: Value, is: bool| {
        if is {
            more.push((name, value));
        }
    };
    let ancestral = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
    add("options", json!(sampling.options), sampling.options != Default::default());
    add("variance", json!(sampling.variance), ancestral);
    add("batch", json!(options.batch), options.batch != 0);
    // The class of this image, which an evaluation of the files reads.
    let class = image.and_then(|image| generator.wanted(image as usize));
    let names = &generator.model().about().class_names;
    let name = class.and_then(|row| names.get(usize::try_from(row).ok()?));
    add("class_row", json!(class), class.is_some());
    add("class_name", json!(name), name.is_some());
    add("micro_batch", json!(options.how.options.micro_batch), options.how.options.micro_batch.is_some());
    add("start", json!(options.start), options.start.is_some());
    add("interpolate", json!(options.interpolate), options.interpolate.is_some());
    add("between", json!(options.between), options.between.is_some());
    if let Value::Object(all) = &mut all {
        all.extend(more.into_iter().map(|(key, value)| (key.to_string(), value)));
    }
    all
}
