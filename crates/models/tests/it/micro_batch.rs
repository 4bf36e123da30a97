//! With a micro-batch no bit of a picture depends on the batch.

use crate::{STEPS, about, model, random, tiny};
use tch::Tensor;
use tweedie_math::Parameterization;
use tweedie_models::sampling::{Sampler, SamplingDefaults, SolverOptions, Variance, walk_down};
use tweedie_models::{Description, LearnedVariance, Model};
use tweedie_networks::{ClassCondition, UNetConfig};
use tweedie_samplers::{Denoiser, StreamNoise};

/// Every sampler, and the variances and bounds that are computed picture by picture.
fn ways() -> Vec<SamplingDefaults> {
    let options =
        SolverOptions { tolerance: 0.05, churn: 2.0, langevin_steps: 2, ..SolverOptions::default() };
    let usual = SamplingDefaults { steps: 4, options, ..SamplingDefaults::default() };
    let mut ways: Vec<_> = Sampler::ALL
        .iter()
        .map(|(sampler, ..)| SamplingDefaults { sampler: *sampler, ..usual.clone() })
        .collect();
    let ancestral = SamplingDefaults { sampler: Sampler::Ddpm, ..usual.clone() };
    ways.push(SamplingDefaults { variance: Variance::Optimal, ..ancestral.clone() });
    let threshold = SolverOptions { threshold: Some(0.9), ..SolverOptions::default() };
    ways.push(SamplingDefaults { eta: 0.7, options: threshold, ..usual });
    ways
}

/// Pictures `first` … of a run, in one batch.
fn draw(model: &Model, first: u64, n: i64, sampling: &SamplingDefaults, side: i64) -> Tensor {
    let noise = StreamNoise::new(7, first);
    let path = model.path(sampling).unwrap();
    let start = model.start([n, 2, side, side], &path, &noise).unwrap();
    let denoiser = model.denoiser(sampling, None, first as usize, &noise);
    tch::no_grad(|| walk_down(&denoiser, start, &path, sampling, &noise, &mut ())).unwrap()
}

#[track_caller]
fn bits_do_not_depend_on_the_batch(model: &mut Model, sampling: &SamplingDefaults, side: i64) {
    for size in [1, 2, 3] {
        model.set_micro_batch(Some(size));
        let together = draw(model, 0, 5, sampling, side);
        let split = Tensor::cat(&[draw(model, 0, 2, sampling, side), draw(model, 2, 3, sampling, side)], 0);
        let apart: Vec<Tensor> = (0..5).map(|i| draw(model, i, 1, sampling, side)).collect();
        assert!(together.equal(&split), "{sampling:?} in parts of {size}");
        assert!(together.equal(&Tensor::cat(&apart, 0)), "{sampling:?} in parts of {size}");
    }
}

#[test]
fn alone_together_or_in_any_split() {
    let mut model = model(Parameterization::Epsilon);
    for sampling in ways() {
        bits_do_not_depend_on_the_batch(&mut model, &sampling, 8);
    }
}

/// A learned variance goes through an exponential, which a processor computes by vectors but for the last few numbers: pictures
/// whose size is no multiple of a vector's show whether those differ.
#[test]
fn a_learned_variance_rounds_alike_at_every_place() {
    for variance in [LearnedVariance::Range, LearnedVariance::Log] {
        let about = Description { variance, ..about(Parameterization::Epsilon) };
        let network = UNetConfig { out_channels: 4, sample_size: None, ..tiny() };
        let mut model = random(&network, about, 2);
        let sampling = SamplingDefaults {
            sampler: Sampler::Ddpm,
            variance: Variance::Learned,
            steps: 4,
            ..SamplingDefaults::default()
        };
        for side in [6, 10, 14] {
            bits_do_not_depend_on_the_batch(&mut model, &sampling, side);
        }
    }
}

/// Classes and levels are taken apart with the pictures they are of.
#[test]
fn parts_keep_their_classes_and_levels() {
    let network = UNetConfig { num_class_embeds: Some(3), ..tiny() };
    let mut model = random(&network, about(Parameterization::X0), 4);
    let x = crate::pictures(5, 9);
    let labels = [2i64, 0, 1, 1, 0];
    let levels: Vec<_> = [1, 5, 9, 14, STEPS].map(|time| model.process().level(time)).to_vec();
    let ask = |model: &Model, x: &Tensor, labels: &[i64], levels: &[_]| {
        let class = ClassCondition::Labels(Tensor::from_slice(labels));
        tch::no_grad(|| model.given(Some(class)).denoise(x, levels)).unwrap().x0
    };
    model.set_micro_batch(Some(1));
    let apart = ask(&model, &x, &labels, &levels);
    model.set_micro_batch(None);
    for i in 0..5 {
        let alone = ask(&model, &x.narrow(0, i as i64, 1), &labels[i..=i], &levels[i..=i]);
        assert!(apart.narrow(0, i as i64, 1).equal(&alone), "picture {i}");
    }
    // 0 is no size.
    model.set_micro_batch(Some(0));
    assert_eq!(ask(&model, &x, &labels, &levels).size(), x.size());
}
