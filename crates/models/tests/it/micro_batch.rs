//! With a micro-batch no bit of an image depends on the batch.

use crate::{STEPS, description, model, random, tiny};
use tch::Tensor;
use tweedie_math::Parameterization;
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig, walk_down};
use tweedie_models::{Condition, Description, Model, VariancePrediction};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{
    Adaptive, AnnealedOptions, Churn, ClipOptions, Denoiser, Levels, ReverseVariance, StreamNoise,
};

/// Every sampler, and the variances and bounds that are computed image by image.
fn ways() -> Vec<SamplingConfig> {
    let options = SamplerOptions {
        ode: Adaptive { tolerance: 0.05, ..Adaptive::default() },
        heun: Churn { churn: 2.0, ..Churn::default() },
        langevin: AnnealedOptions { steps_per_level: 2, ..AnnealedOptions::default() },
        ..SamplerOptions::default()
    };
    let usual = SamplingConfig { steps: 4, options, ..SamplingConfig::default() };
    let mut ways: Vec<_> =
        Sampler::of_denoisers().map(|sampler| SamplingConfig { sampler, ..usual.clone() }).collect();
    let ancestral = SamplingConfig { sampler: Sampler::Ddpm, ..usual.clone() };
    ways.push(SamplingConfig { variance: ReverseVariance::Optimal, ..ancestral.clone() });
    let clip = ClipOptions { threshold: Some(0.9), ..ClipOptions::default() };
    let threshold = SamplerOptions { clip, ..SamplerOptions::default() };
    ways.push(SamplingConfig { eta: 0.7, options: threshold, ..usual });
    ways
}

/// Images `first` … of a run, in one batch.
fn draw(model: &Model, first: u64, n: i64, sampling: &SamplingConfig, side: i64) -> Tensor {
    let noise = StreamNoise::new(7, first);
    let path = model.path(sampling).unwrap();
    let start = model.start(&[n, 2, side, side], &path, &noise).unwrap();
    let denoiser = model.denoiser(sampling, Condition::none(), first as usize, &noise);
    tch::no_grad(|| walk_down(&denoiser, start, &path, sampling, &noise, &mut ())).unwrap()
}

#[track_caller]
fn bits_do_not_depend_on_the_batch(model: &mut Model, sampling: &SamplingConfig, side: i64, sizes: &[usize]) {
    for &size in sizes {
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
        // A sampler does not know the size of the parts: one size shows that it keeps images apart.
        bits_do_not_depend_on_the_batch(&mut model, &sampling, 8, &[2]);
    }
    // With several threads a kernel's work is shared out otherwise.
    tch::set_num_threads(2);
    let ddim = SamplingConfig { sampler: Sampler::Ddim, ..ways()[0].clone() };
    bits_do_not_depend_on_the_batch(&mut model, &ddim, 8, &[1, 2, 3]);
    tch::set_num_threads(1);
}

/// A learned variance goes through an exponential, which a processor computes by vectors but for the last few numbers: images
/// whose size is no multiple of a vector's show whether those differ.
#[test]
fn a_learned_variance_rounds_alike_at_every_place() {
    for variance in [VariancePrediction::Range, VariancePrediction::Log] {
        let description = Description { variance, ..description(Parameterization::Epsilon) };
        let network = UNetConfig { out_channels: 4, sample_size: None, ..tiny() };
        let mut model = random(&network, description, 2);
        let sampling = SamplingConfig {
            sampler: Sampler::Ddpm,
            variance: ReverseVariance::Learned,
            steps: 4,
            ..SamplingConfig::default()
        };
        for side in [6, 10, 14] {
            bits_do_not_depend_on_the_batch(&mut model, &sampling, side, &[1, 3]);
        }
    }
}

/// Classes and levels are taken apart with the images they are of.
#[test]
fn parts_keep_their_classes_and_levels() {
    let network = UNetConfig { num_class_embeds: Some(3), ..tiny() };
    let mut model = random(&network, description(Parameterization::X0), 4);
    let x = crate::images(5, 9);
    let labels = [2i64, 0, 1, 1, 0];
    let levels: Vec<_> = [1, 5, 9, 14, STEPS].map(|time| model.process().level(time)).to_vec();
    let denoise = |model: &Model, x: &Tensor, labels: &[i64], levels: &[_]| {
        let classes = Condition::classes(labels.to_vec());
        tch::no_grad(|| model.given(classes).denoise(x, Levels::of(levels, labels.len()).unwrap()))
            .unwrap()
            .x0
    };
    model.set_micro_batch(Some(1));
    let apart = denoise(&model, &x, &labels, &levels);
    model.set_micro_batch(None);
    for i in 0..5 {
        let alone = denoise(&model, &x.narrow(0, i as i64, 1), &labels[i..=i], &levels[i..=i]);
        assert!(apart.narrow(0, i as i64, 1).equal(&alone), "image {i}");
    }
    // 0 is no size.
    model.set_micro_batch(Some(0));
    assert_eq!(denoise(&model, &x, &labels, &levels).size(), x.size());
}
