//! Drawing images: seeds, batches, clipping, sources of noise.

use crate::{STEPS, description, greatest, model, near, output_of, random, refusal, tiny};
use tch::{Device, Kind, Tensor};
use tweedie_math::Parameterization;
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{Condition, Description, Model, TorchNoise, VariancePrediction};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{
    ClipOptions, Draw, EpsAfterClip, Error, NoiseSource, Path, ReverseVariance, Step, StreamNoise, ddim,
};
use tweedie_torch::Generator;

/// Every kind of sampling that a folder can configure.
fn ways() -> Vec<SamplingConfig> {
    let usual = SamplingConfig { steps: 4, ..SamplingConfig::default() };
    vec![
        usual.clone(),
        SamplingConfig { eta: 0.7, ..usual.clone() },
        SamplingConfig { clip: None, ..usual.clone() },
        SamplingConfig { sampler: Sampler::Ddpm, ..usual.clone() },
        SamplingConfig { sampler: Sampler::Ddpm, variance: ReverseVariance::FixedLarge, ..usual },
    ]
}

fn draw(model: &Model, n: i64, sampling: &SamplingConfig, noise: &dyn NoiseSource<Tensor>) -> Tensor {
    model.sample(&[n, 2, 8, 8], sampling, Condition::none(), noise, &mut ()).unwrap()
}

#[test]
fn a_seed_is_a_batch_of_images() {
    let model = model(Parameterization::X0);
    for sampling in ways() {
        let x = |seed| draw(&model, 3, &sampling, &StreamNoise::new(seed, 0));
        assert!(x(7).equal(&x(7)), "{sampling:?}");
        assert!(greatest(&x(7), &x(8)) > 0.01, "{sampling:?}");
    }
}

#[test]
fn an_image_does_not_depend_on_its_place_in_the_batch() {
    let model = model(Parameterization::X0);
    for sampling in ways() {
        let x = |first| draw(&model, 4, &sampling, &StreamNoise::new(7, first));
        let (from_0, from_3) = (x(0), x(3));
        assert!(from_0.get(3).equal(&from_3.get(0)), "{sampling:?}");
        assert!(!from_0.get(0).equal(&from_3.get(0)), "{sampling:?}");
        // Batches of other sizes round differently, and nothing more.
        let alone = draw(&model, 1, &sampling, &StreamNoise::new(7, 3));
        near(&alone.get(0), &from_3.get(0), 1e-5);
    }
}

#[test]
fn clipping_bounds_the_images() {
    let model = model(Parameterization::Epsilon);
    let bounded = |clip| {
        let sampling = SamplingConfig { clip, steps: 4, ..SamplingConfig::default() };
        draw(&model, 2, &sampling, &StreamNoise::new(0, 0)).abs().max().double_value(&[])
    };
    assert!((bounded(Some(0.25)) - 0.25).abs() < 1e-6, "{}", bounded(Some(0.25)));
    assert!(bounded(Some(1.0)) <= 1.0);
    assert!(bounded(None) > 1.5, "nothing was there to clip");
}

#[test]
fn clipping_derives_the_noise_again_unless_it_is_to_keep_it() {
    for after_clip in [EpsAfterClip::Rederive, EpsAfterClip::Keep] {
        one_clipped_step(after_clip);
    }
}

fn one_clipped_step(after_clip: EpsAfterClip) {
    // One step by hand, from the last level to the middle one.
    let model = model(Parameterization::Epsilon);
    let (from, to) = (model.process().level(STEPS), model.process().level(STEPS / 2));
    let mut after_first = None;
    let mut look = |step: &Step, x: &Tensor| {
        if step.index == 0 {
            after_first = Some(x.shallow_clone());
        }
    };
    let clip = ClipOptions { after_clip, ..ClipOptions::default() };
    let options = SamplerOptions { clip, ..SamplerOptions::default() };
    let sampling = SamplingConfig { steps: 2, clip: Some(0.5), options, ..SamplingConfig::default() };
    let noise = StreamNoise::new(0, 0);
    let _ = model.sample(&[1, 2, 8, 8], &sampling, Condition::none(), &noise, &mut look).unwrap();
    let start = Draw { purpose: tweedie_math::random::Purpose::START, visit: 0, draw: 0 };
    let x = noise.normal(&Tensor::zeros([1, 2, 8, 8], (Kind::Float, Device::Cpu)), start).unwrap();
    let eps = output_of(&model, &x, (STEPS - 1) as f64);
    let x0 = ((&x - &eps * from.noise_rate()) / from.signal_rate()).clamp(-0.5, 0.5);
    let eps = match after_clip {
        EpsAfterClip::Keep => eps,
        EpsAfterClip::Rederive => (&x - &x0 * from.signal_rate()) / from.noise_rate(),
    };
    near(&after_first.unwrap(), &(x0 * to.signal_rate() + eps * to.noise_rate()), 1e-5);
}

#[test]
fn pytorch_noise_comes_one_draw_after_another() {
    let like = Tensor::zeros([2, 2, 8, 8], (Kind::Float, Device::Cpu));
    let noise = TorchNoise::new(42).unwrap();
    let mut generator = Generator::new(42).unwrap();
    // Each draw returns the next numbers, independent of its purpose.
    for visit in [0, 5, 5] {
        let draw = Draw { purpose: tweedie_math::random::Purpose::STEP, visit, draw: 0 };
        let expected = generator.randn(&[2, 2, 8, 8]).unwrap();
        assert!(noise.normal(&like, draw).unwrap().equal(&expected));
    }
    let doubles = like.to_kind(Kind::Double);
    let draw = Draw { purpose: tweedie_math::random::Purpose::START, visit: 0, draw: 0 };
    let found = noise.normal(&doubles, draw).unwrap();
    assert_eq!(found.kind(), Kind::Double);
    assert!(found.equal(&generator.randn(&[2, 2, 8, 8]).unwrap().to_kind(Kind::Double)));
}

#[test]
fn pytorch_noise_is_drawn_at_the_start_and_then_at_each_noisy_step() {
    /// Counts draws.
    struct Counted(TorchNoise, std::cell::Cell<usize>);
    impl NoiseSource<Tensor> for Counted {
        fn normal(&self, like: &Tensor, draw: Draw) -> Result<Tensor, Error> {
            self.1.set(self.1.get() + 1);
            self.0.normal(like, draw)
        }
    }
    let model = model(Parameterization::X0);
    // Four steps, of which the last ends at clean data and adds nothing.
    for (sampling, expected) in ways().into_iter().zip([1, 4, 1, 4, 4]) {
        let noise = Counted(TorchNoise::new(3).unwrap(), std::cell::Cell::new(0));
        let x = draw(&model, 2, &sampling, &noise);
        assert_eq!(noise.1.get(), expected, "{sampling:?}");
        assert!(x.equal(&draw(&model, 2, &sampling, &TorchNoise::new(3).unwrap())));
        assert!(!x.equal(&draw(&model, 2, &sampling, &StreamNoise::new(3, 0))));
    }
}

#[test]
fn sampling_is_the_sampler_on_the_path_from_the_start() {
    let model = model(Parameterization::V);
    let sampling = SamplingConfig { steps: 4, clip: None, eta: 0.5, ..SamplingConfig::default() };
    let levels = [20, 15, 10, 5].map(|time| model.process().level(time));
    let path = Path::new(levels.into_iter().chain([tweedie_math::NoiseLevel::CLEAN]).collect()).unwrap();
    assert_eq!(model.path(&sampling).unwrap(), path);
    let mut generator = Generator::new(11).unwrap();
    let start = generator.randn(&[2, 2, 8, 8]).unwrap();
    let rest = TorchNoise::new(11).unwrap();
    let skipped = Draw { purpose: tweedie_math::random::Purpose::START, visit: 0, draw: 0 };
    let _ = rest.normal(&start, skipped).unwrap();
    let expected = tch::no_grad(|| ddim(&model, start, &path, 0.5, &rest, &mut ())).unwrap();
    assert!(draw(&model, 2, &sampling, &TorchNoise::new(11).unwrap()).equal(&expected));
}

#[test]
fn no_gradient_is_recorded_and_the_mode_is_given_back() {
    let model = model(Parameterization::X0);
    let weight = &model.network().parameters().iter().next().unwrap().tensor;
    assert!(weight.requires_grad());
    let x = draw(&model, 1, &ways()[0], &StreamNoise::new(0, 0));
    assert!(!x.requires_grad());
    assert!((weight * 2.0).requires_grad(), "gradients stay switched off");
}

#[test]
fn the_hook_sees_every_step() {
    let model = model(Parameterization::X0);
    let mut seen = Vec::new();
    let mut look = |step: &Step, x: &Tensor| seen.push((step.index, step.count, x.size()));
    let noise = StreamNoise::new(0, 0);
    let _ = model.sample(&[1, 2, 8, 8], &ways()[0], Condition::none(), &noise, &mut look).unwrap();
    let expected: Vec<_> = (0..4).map(|index| (index, 4, vec![1, 2, 8, 8])).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_learned_variance_is_sampled() {
    let config = UNetConfig { out_channels: 4, ..tiny() };
    for variance in [VariancePrediction::Range, VariancePrediction::Log] {
        let model = random(&config, Description { variance, ..description(Parameterization::X0) }, 1);
        let with = |variance| SamplingConfig { sampler: Sampler::Ddpm, variance, ..ways()[0].clone() };
        let learned = draw(&model, 2, &with(ReverseVariance::Learned), &StreamNoise::new(0, 0));
        assert!(bool::try_from(learned.isfinite().all()).unwrap());
        assert!(!learned.equal(&draw(
            &model,
            2,
            &with(ReverseVariance::FixedSmall),
            &StreamNoise::new(0, 0)
        )));
    }
}

#[test]
fn shapes_and_conditions_that_do_not_fit_are_refused() {
    let model = model(Parameterization::X0);
    let refused = |shape: [i64; 4], given| {
        refusal(model.sample(&shape, &ways()[0], given, &StreamNoise::new(0, 0), &mut ()))
    };
    assert!(refused([1, 3, 8, 8], Condition::none()).contains("3 channels"));
    assert!(refused([1, 2, 9, 8], Condition::none()).contains("multiples of 2"));
    let sentence = refused([1, 2, 8, 8], Condition::classes(vec![0]));
    assert!(
        sentence.contains("the condition is a class; this network is conditioned on time alone"),
        "{sentence}"
    );
}
