//! Models as denoisers at any level, their folders, and sampling from them.

mod ages;
mod broken;
mod broken_weights;
mod classifier;
mod condition_image;
mod denoiser;
mod derivative;
mod encoder;
mod encoding;
mod every_sampler;
mod field;
mod folder;
mod foreign_network;
mod format_1;
mod gaussian;
mod layout;
mod levels;
mod micro_batch;
mod options;
mod own_network;
mod paths;
mod reference;
mod replicas;
mod rules;
mod sampling;
mod survival;
mod values;

use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{About, Description, Model};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{Condition as Tensors, Input, Parameters, UNetConfig};
use tweedie_samplers::{Draw, NoiseSource, StreamNoise};

/// The parameterizations of a denoiser with the discrete process.
const ALL: [Parameterization; 7] = [
    Parameterization::Epsilon,
    Parameterization::X0,
    Parameterization::V,
    Parameterization::Velocity,
    Parameterization::Score,
    Parameterization::PosteriorMean,
    Parameterization::Edm { sigma_data: 0.5 },
];

/// T of most tests.
const STEPS: usize = 20;

/// Removes the checksums from a saved folder, so that its files can be changed. Damage is then met where the file is read.
fn without_checksums(folder: &std::path::Path) {
    let path = folder.join("tweedie.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    json.as_object_mut().unwrap().remove("checksums").expect("a saved folder has checksums");
    std::fs::write(path, serde_json::to_string_pretty(&json).unwrap()).unwrap();
}

/// Two resolutions of 8×8 images with two channels.
fn tiny() -> UNetConfig {
    UNetConfig {
        sample_size: Some(SampleSize::Square(8)),
        in_channels: 2,
        out_channels: 2,
        down_block_types: vec!["DownBlock2D".into(), "AttnDownBlock2D".into()],
        up_block_types: vec!["AttnUpBlock2D".into(), "UpBlock2D".into()],
        block_out_channels: vec![8, 16],
        layers_per_block: 1,
        norm_num_groups: Some(4),
        ..UNetConfig::default()
    }
}

/// A process of few levels, the last with a signal rate of a few hundredths, and the network's part in it.
fn description(parameterization: Parameterization) -> Description {
    on(Schedule::Linear { beta_start: 0.002, beta_end: 0.5 }, parameterization)
}

/// A process of as many levels with another schedule.
fn on(schedule: Schedule, parameterization: Parameterization) -> Description {
    Description {
        sampling: SamplingConfig { steps: 5, ..SamplingConfig::default() },
        ..Description::new(schedule, STEPS, parameterization)
    }
}

/// A description with something else known of the model.
fn knowing(description: Description, change: impl FnOnce(&mut About)) -> Description {
    let mut description = description;
    change(&mut description.about);
    description
}

/// A model whose weights are random everywhere: a fresh network's last layers are zero, and would hide most mistakes.
///
/// Its networks compute in one thread: tests run beside each other, and threads of many small kernels would wait for each other.
fn random(network: &UNetConfig, description: Description, seed: u64) -> Model {
    tch::set_num_threads(1);
    let model = Model::new(network, description, Device::Cpu, seed).unwrap();
    random_weights(model.network().parameters(), seed);
    model
}

fn random_weights(parameters: &Parameters, seed: u64) {
    for (number, parameter) in parameters.iter().enumerate() {
        let shape = parameter.tensor.size();
        let inputs: i64 = shape[1..].iter().product();
        let scale = if shape.len() > 1 { (inputs as f64).powf(-0.5) } else { 0.2 };
        let shift = f64::from(parameter.name.contains("norm") && parameter.name.ends_with("weight"));
        let key = Key { seed, image: number as u64, purpose: Purpose(1000), visit: 0, draw: 0 };
        let mut stream = Stream::new(key);
        let values: Vec<f32> =
            (0..parameter.tensor.numel()).map(|_| (shift + scale * stream.normal()) as f32).collect();
        tch::no_grad(|| parameter.tensor.shallow_clone().copy_(&Tensor::from_slice(&values).reshape(&shape)));
    }
}

/// The usual random model.
fn model(parameterization: Parameterization) -> Model {
    random(&tiny(), description(parameterization), 1)
}

/// Standard normal images of the tiny network's shape.
fn images(n: i64, seed: u64) -> Tensor {
    let draw = Draw { purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let like = Tensor::zeros([n, 2, 8, 8], (Kind::Float, Device::Cpu));
    StreamNoise::new(seed, 0).normal(&like, draw).unwrap()
}

/// The output of a model's network by itself, conditioned on a number.
fn output_of(model: &Model, x: &Tensor, number: f64) -> Tensor {
    let time = shared(number, x.size()[0]);
    let nothing = Tensors::default();
    tch::no_grad(|| model.network().forward(&Input::new(x, &time, &nothing), &model.pass())).unwrap()
}

/// The same number for `n` examples, in the form in which networks embed it once.
fn shared(number: f64, n: i64) -> Tensor {
    Tensor::full([1], number, (Kind::Float, Device::Cpu)).as_strided([n], [0], None)
}

/// The greatest |a − b|.
fn greatest(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a.to_kind(Kind::Double) - b.to_kind(Kind::Double)).abs().max().double_value(&[])
}

/// Asserts |a − b| ≤ `tolerance`·(1 + the greatest |b|) everywhere.
#[track_caller]
fn near(a: &Tensor, b: &Tensor, tolerance: f64) {
    let (off, size) = (greatest(a, b), b.abs().max().double_value(&[]));
    assert!(off <= tolerance * (1.0 + size), "off by {off:e} where the greatest value is {size}");
}

/// The sentence of an error.
#[track_caller]
fn refusal<T, E: std::error::Error>(result: Result<T, E>) -> String {
    result.map(|_| ()).expect_err("it should be refused").to_string()
}
