//! Schedules, posteriors, noise and sampler steps: what is computed beside the network.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array4;
use std::hint::black_box;
use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{DiscreteVp, NoiseLevel, Transition};
use tweedie_samplers::{Estimate, ReverseVariance, State, ddim_step, ddpm_step};

fn schedules(c: &mut Criterion) {
    let mut group = c.benchmark_group("schedule");
    for steps in [1000, 4000] {
        group.bench_with_input(BenchmarkId::new("linear", steps), &steps, |b, &steps| {
            b.iter(|| DiscreteVp::linear(black_box(steps), 1e-4, 0.02));
        });
        group.bench_with_input(BenchmarkId::new("cosine", steps), &steps, |b, &steps| {
            b.iter(|| DiscreteVp::cosine(black_box(steps)));
        });
    }
    group.finish();
}

fn posterior(c: &mut Criterion) {
    let levels = NoiseLevel::new(0.9, 0.435_889_894).and_then(|from| Ok((from, NoiseLevel::new(0.8, 0.6)?)));
    if let Ok((from, to)) = levels {
        c.bench_function("posterior", |b| {
            b.iter(|| Transition::between(black_box(from), black_box(to)).map(|t| t.posterior()))
        });
    }
}

fn noise(c: &mut Criterion) {
    let mut group = c.benchmark_group("noise");
    let mut values = vec![0.0; 3 * 32 * 32];
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("normals of one 32×32×3 image", |b| {
        b.iter(|| {
            let key = Key { seed: 1, image: black_box(7), purpose: Purpose::STEP, visit: 3, draw: 0 };
            Stream::new(key).fill_normal(&mut values);
        });
    });
    group.finish();
}

fn steps<X: State>(c: &mut Criterion, kind: &str, make: impl Fn() -> X) {
    let process = DiscreteVp::cosine(1000);
    let Ok(process) = process else { return };
    let (from, to) = (process.level(500), process.level(480));
    let (x, z) = (make(), make());
    let estimate = Estimate { x0: make(), eps: make(), spread: None };
    let mut group = c.benchmark_group(format!("step on {kind} 64×3×32×32"));
    group.bench_function("ddim", |b| b.iter(|| ddim_step(black_box(&estimate), to, 0.0, None)));
    group.bench_function("ddpm", |b| {
        b.iter(|| ddpm_step(black_box(&x), &estimate, from, to, ReverseVariance::FixedSmall, Some(&z)));
    });
    group.finish();
}

fn sampler_steps(c: &mut Criterion) {
    steps(c, "ndarray f32", || Array4::<f32>::from_elem((64, 3, 32, 32), 0.5));
    steps(c, "tch f32", || Tensor::full([64, 3, 32, 32], 0.5, (Kind::Float, Device::Cpu)));
}

criterion_group!(theory, schedules, posterior, noise, sampler_steps);
criterion_main!(theory);
