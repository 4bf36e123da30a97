//! Loads the checkpoint as a model and compares it with its recorded samples.

use super::network::TinyDdpm;
use std::error::Error;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_math::{Parameterization, Schedule, Spacing};
use tweedie_models::sampling::{Sampler, SamplingConfig, walk_down};
use tweedie_models::{Condition, Description, Model, tensor_of};
use tweedie_networks::Parameters;
use tweedie_samplers::StreamNoise;
use tweedie_weights::Weights;

/// Loads the checkpoint in a folder: 1000 steps, linear betas, and a network that predicts the noise.
pub fn model(folder: &Path) -> Result<Model, Box<dyn Error>> {
    let network = TinyDdpm::build(&serde_json::json!({}), Parameters::new(Device::Cpu, 0))?;
    let mut weights = open(folder, "ddpm_mnist.safetensors")?;
    for parameter in network.parameters().iter() {
        let value = read(&mut weights, &parameter.name, &parameter.tensor.size())?;
        tch::no_grad(|| parameter.tensor.shallow_clone().f_copy_(&value))?;
    }
    let sampling = SamplingConfig {
        sampler: Sampler::Ddim,
        steps: 50,
        spacing: Spacing::Leading,
        clip: Some(1.0),
        ..SamplingConfig::default()
    };
    let description = Description::new(Schedule::LINEAR, 1000, Parameterization::Epsilon);
    Ok(Model::of_network(network, Description { sampling, ..description })?)
}

/// The maximum difference between the recorded samples and the model's samples from the recorded noise.
pub fn difference(model: &Model, folder: &Path) -> Result<f64, Box<dyn Error>> {
    let mut recorded = open(folder, "golden_mnist.safetensors")?;
    let start = read(&mut recorded, "x_T", &[4, 1, 28, 28])?;
    let expected = read(&mut recorded, "ddim50_clip_eta0", &[4, 1, 28, 28])?;
    // DDIM with η = 0 uses no noise.
    let (sampling, noise) = (model.sampling(), StreamNoise::new(0, 0));
    let denoiser = model.denoiser(sampling, Condition::none(), 0, &noise);
    let path = model.path(sampling)?;
    let found = tch::no_grad(|| walk_down(&denoiser, start, &path, sampling, &noise, &mut ()))?;
    Ok((found - expected).f_abs()?.f_max()?.f_to_kind(Kind::Double)?.f_double_value(&[])?)
}

fn open(folder: &Path, name: &str) -> Result<Weights, Box<dyn Error>> {
    let path = folder.join(name);
    if !path.is_file() {
        return Err(format!(
            "{} does not exist; the argument must be the folder of the checkpoint",
            path.display()
        )
        .into());
    }
    Ok(Weights::open(&path)?)
}

/// Reads a tensor by its name. Its size must fit the shape.
pub fn read(weights: &mut Weights, name: &str, shape: &[i64]) -> Result<Tensor, Box<dyn Error>> {
    let found = weights.read(name)?;
    let (kind, bytes) =
        found.ok_or_else(|| format!("{} contains no tensor {name}", weights.path().display()))?;
    Ok(tensor_of(kind, &bytes, shape)?)
}
