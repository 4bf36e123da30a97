//! The forward pass of the U-Net in both precisions and both memory layouts.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use tch::{Device, Kind, Tensor};
use tweedie_benches::{ddpm_network, small_network};
use tweedie_networks::{Condition, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

fn forward(c: &mut Criterion, name: &str, config: &UNetConfig, batch: i64) {
    let Ok(network) = UNet::new(config, Device::Cpu, 0) else { return };
    let side = config.sample_size.map_or(32, |size| size.sides()[0]);
    let x = Tensor::ones([batch, 3, side, side], (Kind::Float, Device::Cpu));
    let time = Tensor::full([batch], 500.0, (Kind::Float, Device::Cpu));
    let condition = Condition::default();
    let input = Input::new(&x, &time, &condition);
    let mut group = c.benchmark_group(format!("forward {name}, batch {batch}"));
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
    group.throughput(Throughput::Elements(batch as u64));
    for (precision, channels_last) in
        [(Precision::F32, false), (Precision::F32, true), (Precision::Bf16, false), (Precision::Bf16, true)]
    {
        let layout = if channels_last { "NHWC" } else { "NCHW" };
        let pass = Pass { channels_last, ..Pass::inference(precision) };
        group.bench_function(BenchmarkId::new(precision.name(), layout), |b| {
            b.iter(|| tch::no_grad(|| network.forward(&input, &pass)));
        });
    }
    group.finish();
}

fn networks(c: &mut Criterion) {
    tweedie_torch::keep_freed_memory();
    forward(c, "shapes 16×16 1.9 M", &small_network(), 64);
    forward(c, "DDPM 32×32 35.7 M", &ddpm_network(), 8);
}

criterion_group!(benches, networks);
criterion_main!(benches);
