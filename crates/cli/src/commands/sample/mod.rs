//! `tweedie sample`.

mod targets;

use super::class::Class;
use crate::arguments::{NoiseName, Sample, SamplerName};
use crate::output::line;
use anyhow::{Context, bail};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use targets::Targets;
use tch::Tensor;
use tweedie_models::sampling::{Sampler, SamplingDefaults};
use tweedie_models::{Model, TorchNoise, bytes_of, to_array, to_pixels};
use tweedie_networks::Pass;
use tweedie_samplers::{NoiseSource, Step, StreamNoise};
use tweedie_torch::PrecisionChoice;

/// Draws pictures and writes them with their parameters inside.
pub fn run(options: &Sample) -> anyhow::Result<()> {
    let device = super::device(&options.device)?;
    let (precision, _) = options.precision.parse::<PrecisionChoice>()?.resolve(device);
    if options.n == 0 {
        bail!("-n is 0; at least one picture can be drawn");
    }
    let mut model = Model::load(&options.model, device)?;
    model.set_pass(Pass::inference(precision));
    let sampling = wishes(options, &model);
    model.check_sampling(&sampling)?;
    let [height, width] = size(options, &model)?;
    model.network().config().check_size(height, width)?;
    let class = Class::of(&model, options.class.as_deref())?;
    let channels = model.network().config().in_channels;
    // A model of arrays draws arrays: numbers in the data's own units.
    let arrays = model.description().standardization.clone();
    if options.raw.is_none() && (arrays.is_some() || !matches!(channels, 1 | 3)) {
        bail!(
            "this model draws arrays of {channels} channels, which are no pictures: write them with --raw FILE"
        );
    }
    let targets =
        if arrays.is_some() || !matches!(channels, 1 | 3) { None } else { Some(Targets::new(options)?) };
    if let Some(path) = &options.raw {
        tweedie_weights::check_writable(path)?;
    }

    let batch = match (options.batch, options.noise) {
        (0, NoiseName::Torch) => options.n,
        (0, NoiseName::Stream) => 64.min(options.n),
        (given, _) => given.min(options.n),
    };
    let torch = TorchNoise::new(options.seed)?;
    let n_batches = options.n.div_ceil(batch);
    let bar = super::progress((n_batches * sampling.steps) as u64);
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    let mut numbers = Vec::new();
    for first in (0..options.n).step_by(batch) {
        let n = batch.min(options.n - first);
        let stream = StreamNoise::new(options.seed, first as u64);
        let noise: &dyn NoiseSource<Tensor> = match options.noise {
            NoiseName::Stream => &stream,
            NoiseName::Torch => &torch,
        };
        let condition = class.condition(first, n, device);
        let mut look = |_: &Step, _: &Tensor| bar.inc(1);
        let x = model.sample([n as i64, channels, height, width], &sampling, condition, noise, &mut look)?;
        if x.isfinite().all().int64_value(&[]) == 0 {
            bail!(
                "the samples are not finite numbers: is the checkpoint whole, and does --precision suit it?"
            );
        }
        let bytes = to_pixels(&x, model.description().range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact((channels * height * width) as usize).map(<[u8]>::to_vec));
        if options.raw.is_some() {
            numbers.push(match &arrays {
                Some(how) => to_array(&x, how).map_err(tweedie_torch::Error::from)?,
                None => x,
            });
        }
    }
    bar.finish_and_clear();

    let parameters = |image: Option<usize>| {
        json!({
            "model": options.model, "sampler": sampling.sampler, "steps": sampling.steps, "eta": sampling.eta,
            "spacing": sampling.spacing, "seed": options.seed, "image": image, "n": options.n,
            "noise": format!("{:?}", options.noise).to_lowercase(), "precision": precision.name(), "class": options.class,
            "version": env!("CARGO_PKG_VERSION"),
        })
        .to_string()
    };
    if let Some(path) = &options.raw {
        write_raw(&numbers, path, parameters(None))?;
        line(format!("{} samples as numbers: {}", options.n, path.display()));
    }
    let shape = [channels as usize, height as usize, width as usize];
    match targets {
        Some(targets) => targets.write(&pictures, shape, parameters),
        None => Ok(()),
    }
}

/// The samples themselves, under the name `samples`.
fn write_raw(batches: &[Tensor], path: &Path, parameters: String) -> anyhow::Result<()> {
    let all = Tensor::f_cat(batches, 0).map_err(tweedie_torch::Error::from)?;
    let tensors = BTreeMap::from([("samples".to_string(), bytes_of(&all)?)]);
    let metadata = BTreeMap::from([("parameters".to_string(), parameters)]);
    let bytes = tweedie_weights::tensor_file_bytes(path, &tensors, &metadata)?;
    Ok(tweedie_weights::write_file(path, &bytes)?)
}

/// What the checkpoint says, changed by what the user says.
fn wishes(options: &Sample, model: &Model) -> SamplingDefaults {
    let mut sampling = model.description().sampling.clone();
    if let Some(sampler) = options.sampler {
        sampling.sampler = match sampler {
            SamplerName::Ddpm => Sampler::Ddpm,
            SamplerName::Ddim => Sampler::Ddim,
        };
    }
    sampling.steps = options.steps.unwrap_or(sampling.steps);
    sampling.eta = options.eta.unwrap_or(sampling.eta);
    sampling
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
