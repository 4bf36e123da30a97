//! Models as denoisers at any level, their folders, and sampling from them.

mod ages;
mod broken;
mod broken_weights;
mod classifier;
mod denoiser;
mod derivative;
mod encoding;
mod every_sampler;
mod folder;
mod layout;
mod levels;
mod micro_batch;
mod paths;
mod pixels;
mod reference;
mod rules;
mod sampling;

use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{Conditioning, Parameterization, Schedule};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{DataRange, Description, LearnedVariance, Model};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{Parameters, UNetConfig};
use tweedie_samplers::{Draw, NoiseSource, StreamNoise};

/// What a denoiser can be told to read, each with the discrete process.
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

/// Two resolutions of 8×8 pictures with two channels.
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
fn about(parameterization: Parameterization) -> Description {
    Description {
        format: 1,
        schedule: Schedule::Linear { beta_start: 0.002, beta_end: 0.5 },
        steps: STEPS,
        parameterization,
        conditioning: Conditioning::Index,
        variance: LearnedVariance::None,
        range: DataRange::default(),
        standardization: None,
        class_names: Vec::new(),
        null_class: None,
        sampling: SamplingDefaults { steps: 5, ..SamplingDefaults::default() },
        training: None,
    }
}

/// A model whose weights are random everywhere: a fresh network's last layers are zero, and would hide most mistakes.
fn random(network: &UNetConfig, description: Description, seed: u64) -> Model {
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
    random(&tiny(), about(parameterization), 1)
}

/// Standard normal pictures of the tiny network's shape.
fn pictures(n: i64, seed: u64) -> Tensor {
    let draw = Draw { purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let like = Tensor::zeros([n, 2, 8, 8], (Kind::Float, Device::Cpu));
    StreamNoise::new(seed, 0).normal(&like, draw).unwrap()
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
