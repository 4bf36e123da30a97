//! The computations beside the network: schedules, posteriors, noise and sampler steps.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array4;
use std::hint::black_box;
use tch::{Device, Kind, Tensor};
use tweedie_math::decoder::{Grid, NormalCdf, discretised_log_likelihood};
use tweedie_math::oracle::OracleVariance;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{
    DiscreteVp, FirstVariance, GaussianData, NoiseLevel, Schedule, Transition, reverse_steps,
};
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
        let rescaled = Schedule::ZeroTerminalSnr { of: Box::new(Schedule::LINEAR) };
        group.bench_with_input(BenchmarkId::new("linear, zero terminal SNR", steps), &steps, |b, &steps| {
            b.iter(|| DiscreteVp::new(&rescaled, black_box(steps)));
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

/// The bound of N(0, Σ) in 3,072 dimensions over 1,000 levels, from the schedule to the total.
fn bound(c: &mut Criterion) {
    let mut group = c.benchmark_group("bound");
    let levels = DiscreteVp::linear(1000, 1e-4, 0.02).map(|process| process.levels());
    if let Ok(levels) = &levels {
        group.bench_function("table of 1000 reverse steps", |b| {
            b.iter(|| reverse_steps(black_box(levels), FirstVariance::SecondPosterior));
        });
    }
    let variances = (1..=3072).map(|i| 1.0 / f64::from(i)).collect();
    let data = GaussianData::diagonal(vec![0.0; 3072], variances);
    let steps = levels.and_then(|levels| reverse_steps(&levels, FirstVariance::OwnForward));
    if let (Ok(data), Ok(steps)) = (&data, &steps) {
        group.sample_size(10);
        group.bench_function("Gaussian oracle, 3072 dimensions, T = 1000", |b| {
            b.iter(|| data.expected_bound(black_box(steps), OracleVariance::Optimal, 1.0).total());
        });
    }
    let pixel = (0.1, 0.12, -5.0);
    group.bench_function("discretised decoder, one pixel", |b| {
        b.iter(|| {
            let (x, mean, log_variance) = black_box(pixel);
            discretised_log_likelihood(x, mean, log_variance, Grid::BYTES, NormalCdf::Exact)
        });
    });
    group.finish();
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

criterion_group!(theory, schedules, posterior, bound, noise, sampler_steps);
criterion_main!(theory);
