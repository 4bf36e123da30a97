//! `tweedie sample`.

mod list;
mod look;
mod previews;
mod said;
mod starts;
mod targets;

use super::class::Class;
use super::drawing::{Drawing, check_finite, open};
use crate::arguments::{Eta, NoiseName, Sample};
use crate::output::line;
use anyhow::{Context, bail};
use look::Look;
use previews::Previews;
use said::said;
use starts::Starts;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use targets::Targets;
use tch::Tensor;
use tweedie_models::sampling::{CorrectorNorms, Sampler};
use tweedie_models::{Model, TorchNoise, bytes_of, to_array, to_pixels};
use tweedie_samplers::{NoiseSource, StreamNoise};

/// Pictures computed at once unless the user says otherwise.
const AT_ONCE: usize = 64;

/// Draws pictures and writes them with their parameters inside.
pub fn run(options: &Sample) -> anyhow::Result<ExitCode> {
    let Some(folder) = options.model.as_deref().filter(|_| !options.list) else {
        list::print();
        return Ok(ExitCode::SUCCESS);
    };
    if options.n == 0 {
        bail!("-n is 0; at least one picture can be drawn");
    }
    let (model, precision) = open(folder, &options.device, &options.precision)?;
    let mut how = options.how.clone();
    // A clip would change what a code decodes to.
    let given = options.start.is_some() || options.between.is_some();
    how.options.no_clip |= given && how.options.clip.is_none() && how.options.threshold.is_none();
    // A way between two starts is drawn without noise, also where the checkpoint is sampled by DDIM with some.
    let sampler = how.sampler.unwrap_or(model.description().sampling.sampler);
    if options.interpolate.is_some() && sampler == Sampler::Ddim {
        how.options.eta.get_or_insert(Eta::Number(0.0));
    }
    let drawing = Drawing::new(model, &how, &options.guidance, options.class.as_deref())?;
    check_promises(options, &drawing)?;
    let model = &drawing.model;
    let [height, width] = size(options, model)?;
    model.network().config().check_size(height, width)?;
    let channels = model.network().config().in_channels;
    // A model of arrays draws arrays: numbers in the data's own units.
    let arrays = model.description().standardization.clone();
    let draws_pictures = arrays.is_none() && matches!(channels, 1 | 3);
    if options.raw.is_none() && !draws_pictures {
        bail!(
            "this model draws arrays of {channels} channels, which are no pictures: write them with --raw FILE"
        );
    }
    if options.save_steps.is_some() && !draws_pictures {
        bail!("--save-steps shows pictures, and this model draws arrays");
    }
    let targets = if draws_pictures { Some(Targets::new(options)?) } else { None };
    if let (Some(targets), Some(_)) = (&targets, options.save_steps) {
        tweedie_weights::check_writable(&targets.beside("steps"))?;
    }
    if let Some(path) = &options.raw {
        tweedie_weights::check_writable(path)?;
    }
    let shape = [channels, height, width];
    let stop = super::interruptible()?;
    let starts = Starts::new(options, &drawing, shape)?;
    let n = starts.n(options.n);
    let batch = match (options.batch, options.noise) {
        (0, NoiseName::Torch) => n,
        (0, NoiseName::Stream) => AT_ONCE.min(n),
        (given, _) => given.min(n),
    };
    let torch = TorchNoise::new(options.seed)?;
    let previews = options.save_steps.map(|frames| Previews::new(frames as usize, drawing.path.n_steps()));
    let mut look = Look::new(n.div_ceil(batch) * drawing.path.n_steps(), &stop, previews);
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    let mut numbers = Vec::new();
    for at in (0..n).step_by(batch) {
        let n = batch.min(n - at);
        let first = options.first + at as u64;
        let stream = StreamNoise::new(options.seed, first);
        let noise: &dyn NoiseSource<Tensor> = match options.noise {
            NoiseName::Stream => &stream,
            NoiseName::Torch => &torch,
        };
        let x = starts.batch(&drawing, at, [n as i64, channels, height, width], noise)?;
        let x = drawing.from(x, first as usize, noise, &mut look)?;
        if look.stopped() {
            break;
        }
        check_finite(&x)?;
        let bytes = to_pixels(&x, model.description().range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact((channels * height * width) as usize).map(<[u8]>::to_vec));
        if options.raw.is_some() {
            numbers.push(match &arrays {
                Some(how) => to_array(&x, how).map_err(tweedie_torch::Error::from)?,
                None => x,
            });
        }
    }
    let previews = look.finish();
    let parameters = |image: Option<usize>| {
        let image = image.map(|image| options.first + image as u64);
        said(options, &drawing, precision.name(), image, pictures.len()).to_string()
    };
    if pictures.is_empty() {
        line("interrupted before the first pictures were done; nothing is written");
        return Ok(ExitCode::from(super::INTERRUPTED));
    }
    if let Some(path) = &options.raw {
        write_raw(&numbers, path, parameters(None))?;
        line(format!("{} samples as numbers: {}", pictures.len(), path.display()));
    }
    let shape = [channels as usize, height as usize, width as usize];
    if let Some(targets) = targets {
        targets.write(&pictures, shape, starts.columns(), options.first, parameters)?;
        if let Some(previews) = previews {
            previews.write(&targets.beside("steps"), shape, model.description().range, parameters(None))?;
        }
    }
    if stop.load(std::sync::atomic::Ordering::Relaxed) {
        line("interrupted: those are the pictures that were done");
        return Ok(ExitCode::from(super::INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails where flags promise together what cannot be kept.
fn check_promises(options: &Sample, drawing: &Drawing) -> anyhow::Result<()> {
    let sampling = &drawing.sampling;
    if options.first.checked_add(options.n as u64).is_none_or(|end| end > i64::MAX as u64) {
        bail!("--first is {}; so large a number leaves no room for {} pictures", options.first, options.n);
    }
    if options.how.options.micro_batch.is_some() {
        let by_batch = sampling.sampler == Sampler::PredictorCorrector
            && sampling.options.corrector_norms == CorrectorNorms::BatchMean;
        if options.noise == NoiseName::Torch || by_batch {
            bail!(
                "--micro-batch makes pictures that do not depend on their batch, and {} makes them depend on it",
                if by_batch { "--corrector-norms batch-mean" } else { "--noise torch" }
            );
        }
    }
    if options.interpolate.is_some() && matches!(drawing.class, Class::All(_)) {
        bail!("--interpolate draws ways within one class: say which with --class");
    }
    Ok(())
}

/// The samples themselves, under the name `samples`.
fn write_raw(batches: &[Tensor], path: &Path, parameters: String) -> anyhow::Result<()> {
    let all = Tensor::f_cat(batches, 0).map_err(tweedie_torch::Error::from)?;
    let tensors = BTreeMap::from([("samples".to_string(), bytes_of(&all)?)]);
    let metadata = BTreeMap::from([("parameters".to_string(), parameters)]);
    let bytes = tweedie_weights::tensor_file_bytes(path, &tensors, &metadata)?;
    Ok(tweedie_weights::write_file(path, &bytes)?)
}

fn size(options: &Sample, model: &Model) -> anyhow::Result<[i64; 2]> {
    if let Some(text) = &options.size {
        let sides = text
            .split_once(['x', '×'])
            .and_then(|(height, width)| Some([height.parse().ok()?, width.parse().ok()?]));
        return sides.with_context(|| format!("--size takes HxW, such as 32x32; found `{text}`"));
    }
    match model.network().config().sample_size {
        Some(size) => Ok(size.sides()),
        None => bail!("the checkpoint does not say how large its pictures are: say so with --size HxW"),
    }
}
