//! The cost of samplers outside the network: sampling with a minimal network, compared with the cost of the network alone.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::time::Duration;
use tch::{Device, Kind, Tensor};
use tweedie_benches::ddpm_network;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::{Sampler, SamplingConfig};
use tweedie_models::{Condition, Description, Model};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{Input, UNetConfig};
use tweedie_samplers::{Denoiser, StreamNoise};

/// Number of sampling steps.
const STEPS: usize = 20;

/// A minimal network: one block of eight channels on 32×32 images.
fn least_network() -> UNetConfig {
    UNetConfig {
        sample_size: Some(SampleSize::Square(32)),
        block_out_channels: vec![8],
        down_block_types: vec!["DownBlock2D".into()],
        up_block_types: vec!["UpBlock2D".into()],
        layers_per_block: 1,
        norm_num_groups: Some(4),
        add_attention: false,
        ..UNetConfig::default()
    }
}

fn model(network: &UNetConfig) -> Option<Model> {
    let about = Description::new(
        Schedule::Linear { beta_start: 1e-4, beta_end: 0.02 },
        1000,
        Parameterization::Epsilon,
    );
    Model::new(network, about, Device::Cpu, 0).ok()
}

fn overhead(c: &mut Criterion) {
    let Some(least) = model(&least_network()) else { return };
    let x = Tensor::ones([1, 3, 32, 32], (Kind::Float, Device::Cpu));
    let time = Tensor::full([1], 500.0, (Kind::Float, Device::Cpu));
    let nothing = tweedie_networks::Condition::default();
    let level = least.process().level(500);
    let mut group = c.benchmark_group("one 32×32 image, minimal network");
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group.bench_function("network alone", |b| {
        b.iter(|| tch::no_grad(|| least.network().forward(&Input::new(&x, &time, &nothing), &least.pass())));
    });
    group.bench_function("denoiser alone", |b| {
        b.iter(|| tch::no_grad(|| least.denoise(&x, level.into())));
    });
    for (sampler, name, ..) in Sampler::ALL.into_iter().filter(|(sampler, ..)| !sampler.needs_energy()) {
        // Some samplers evaluate the network more often than once per step.
        let levels = format!("trailing:{STEPS}").parse().ok();
        let sampling = SamplingConfig { sampler, levels, ..SamplingConfig::default() };
        group.bench_function(BenchmarkId::new(format!("{STEPS} steps"), name), |b| {
            b.iter(|| {
                let noise = StreamNoise::new(0, 0);
                least.sample(&[1, 3, 32, 32], &sampling, Condition::none(), &noise, &mut ())
            });
        });
    }
    group.finish();
}

fn whole(c: &mut Criterion) {
    let Some(model) = model(&ddpm_network()) else { return };
    let x = Tensor::ones([1, 3, 32, 32], (Kind::Float, Device::Cpu));
    let time = Tensor::full([1], 500.0, (Kind::Float, Device::Cpu));
    let nothing = tweedie_networks::Condition::default();
    let mut group = c.benchmark_group("one 32×32 image, the 35.7 M network");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
    group.bench_function("network alone", |b| {
        b.iter(|| tch::no_grad(|| model.network().forward(&Input::new(&x, &time, &nothing), &model.pass())));
    });
    let sampling = SamplingConfig { steps: 5, ..SamplingConfig::default() };
    group.bench_function("5 steps of ddim", |b| {
        b.iter(|| {
            let noise = StreamNoise::new(0, 0);
            model.sample(&[1, 3, 32, 32], &sampling, Condition::none(), &noise, &mut ())
        });
    });
    group.finish();
}

criterion_group!(benches, overhead, whole);
criterion_main!(benches);
