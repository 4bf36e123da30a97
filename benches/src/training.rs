//! A training step: noise, forward pass, backward pass, clipping, AdamW and moving average.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::sync::Arc;
use std::time::Duration;
use tch::Device;
use tweedie_benches::{description, small_network};
use tweedie_data::{Loader, Shapes};
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{Layout, Trainer, TrainingConfig};

fn step(c: &mut Criterion) {
    tweedie_torch::keep_freed_memory();
    let mut group = c.benchmark_group("training step shapes 16×16 1.9 M, batch 64");
    group.sample_size(10).warm_up_time(Duration::from_secs(2)).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(64));
    for (precision, channels_last) in
        [(Precision::F32, false), (Precision::F32, true), (Precision::Bf16, false), (Precision::Bf16, true)]
    {
        let made = || -> anyhow::Result<_> {
            let model = Model::new(&small_network(), description(), Device::Cpu, 0)?;
            let layout = if channels_last { Layout::Nhwc } else { Layout::Nchw };
            let config = TrainingConfig { layout, ..TrainingConfig::default() };
            let data = Arc::new(Shapes::new(16, 16, 0)?);
            Ok((Trainer::new(model, config, precision)?, Loader::new(data, 0, 64, 0, true)?))
        };
        let Ok((mut trainer, mut loader)) = made() else { continue };
        let layout = if channels_last { "NHWC" } else { "NCHW" };
        group.bench_function(BenchmarkId::new(precision.name(), layout), |b| {
            b.iter(|| -> anyhow::Result<_> {
                let batch = trainer.prepare(loader.next_batch()?)?;
                Ok(trainer.step(&batch)?)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
