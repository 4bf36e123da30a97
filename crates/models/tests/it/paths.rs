//! From what a checkpoint wishes to the levels that are visited.

use crate::{images, model, random, refusal, tiny};
use tweedie_math::{NoiseLevel, Parameterization, Schedule, Spacing};
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{Condition, Description, Model};
use tweedie_samplers::{ClipOptions, Denoiser, EpsAfterClip, ReverseVariance, Step, StreamNoise};

/// The trained times of a path's levels; 0 is clean data.
fn times(model: &Model, sampling: &SamplingConfig) -> Vec<usize> {
    let path = model.path(sampling).unwrap();
    path.levels().iter().map(|&level| model.process().trained_time(level).unwrap()).collect()
}

fn spaced(spacing: Spacing, steps: usize) -> SamplingConfig {
    SamplingConfig { spacing, steps, ..SamplingConfig::default() }
}

#[test]
fn every_spacing_visits_its_times_and_ends_clean() {
    let model = model(Parameterization::X0);
    assert_eq!(times(&model, &spaced(Spacing::Leading, 5)), [17, 13, 9, 5, 1, 0]);
    assert_eq!(times(&model, &spaced(Spacing::Trailing, 5)), [20, 16, 12, 8, 4, 0]);
    assert_eq!(times(&model, &spaced(Spacing::Linspace, 5)), [20, 15, 11, 6, 1, 0]);
    for spacing in [Spacing::Leading, Spacing::Trailing, Spacing::Linspace] {
        let all: Vec<usize> = (0..=20).rev().collect();
        assert_eq!(times(&model, &spaced(spacing, 20)), all, "{spacing:?}");
        assert_eq!(times(&model, &spaced(spacing, 1)).len(), 2, "{spacing:?}");
    }
    let shifted = SamplingConfig { steps_offset: 1, ..spaced(Spacing::Leading, 5) };
    assert_eq!(times(&model, &shifted), [18, 14, 10, 6, 2, 0]);
    assert_eq!(model.path(&shifted).unwrap().levels().last(), Some(&NoiseLevel::CLEAN));
}

#[test]
fn a_path_may_end_at_the_first_trained_level() {
    let model = model(Parameterization::X0);
    let clip = ClipOptions { after_clip: EpsAfterClip::Keep, ..ClipOptions::default() };
    let keep = SamplerOptions { clip, ..SamplerOptions::default() };
    let unclean = |spacing| SamplingConfig { ends_clean: false, options: keep.clone(), ..spaced(spacing, 5) };
    assert_eq!(times(&model, &unclean(Spacing::Trailing)), [20, 16, 12, 8, 4, 1]);
    // The last step would lead from the first level to itself.
    assert_eq!(times(&model, &unclean(Spacing::Leading)), [17, 13, 9, 5, 1]);
    assert_eq!(times(&model, &unclean(Spacing::Linspace)), [20, 15, 11, 6, 1]);
    let x = model
        .sample(
            &[1, 2, 8, 8],
            &unclean(Spacing::Trailing),
            Condition::none(),
            &StreamNoise::new(0, 0),
            &mut (),
        )
        .unwrap();
    // A step of noise is left on it: the last estimate's x0 and ε at the first level's rates.
    assert!(x.isfinite().all().int64_value(&[]) == 1);
    let clean = model
        .sample(
            &[1, 2, 8, 8],
            &SamplingConfig { ends_clean: true, ..unclean(Spacing::Trailing) },
            Condition::none(),
            &StreamNoise::new(0, 0),
            &mut (),
        )
        .unwrap();
    let eps = noise_of_last_step(&model, &unclean(Spacing::Trailing));
    let first = model.process().level(1);
    crate::near(&x, &(clean * first.signal_rate() + eps * first.noise_rate()), 1e-5);
}

/// ε̂ of the last step of a deterministic walk.
fn noise_of_last_step(model: &Model, sampling: &SamplingConfig) -> tch::Tensor {
    let mut before = None;
    let mut look = |step: &Step, x: &tch::Tensor| {
        if step.index + 2 == step.count {
            before = Some((x.shallow_clone(), step.to));
        }
    };
    let _ =
        model.sample(&[1, 2, 8, 8], sampling, Condition::none(), &StreamNoise::new(0, 0), &mut look).unwrap();
    let (x, level) = before.unwrap();
    tch::no_grad(|| model.denoise(&x, level.into())).unwrap().eps
}

#[test]
fn wishes_that_do_not_fit_are_refused() {
    let model = model(Parameterization::X0);
    let refused = |sampling: &SamplingConfig| {
        let noise = StreamNoise::new(0, 0);
        refusal(model.sample(&[1, 2, 8, 8], sampling, Condition::none(), &noise, &mut ()))
    };
    for steps in [0, 21, 5000] {
        for spacing in [Spacing::Leading, Spacing::Trailing, Spacing::Linspace] {
            let sentence = refused(&spaced(spacing, steps));
            assert!(sentence.contains("steps") && sentence.contains(&steps.to_string()), "{sentence}");
        }
    }
    let far = SamplingConfig { steps_offset: 4, ..spaced(Spacing::Leading, 5) };
    assert!(refused(&far).contains("steps_offset"));
    for eta in [-0.1, 1.5, f64::NAN] {
        let sentence = refused(&SamplingConfig { eta, ..spaced(Spacing::Trailing, 5) });
        assert!(sentence.contains("eta"), "{sentence}");
    }
    let learned = SamplingConfig {
        sampler: Sampler::Ddpm,
        variance: ReverseVariance::Learned,
        ..spaced(Spacing::Trailing, 5)
    };
    assert!(refused(&learned).contains("learned reverse variance"));
}

#[test]
fn a_clip_that_is_no_bound_is_refused() {
    let model = model(Parameterization::X0);
    for clip in [-1.0, f64::NAN] {
        let sampling = SamplingConfig { clip: Some(clip), ..spaced(Spacing::Trailing, 5) };
        let noise = StreamNoise::new(0, 0);
        assert!(
            model.sample(&[1, 2, 8, 8], &sampling, Condition::none(), &noise, &mut ()).is_err(),
            "x0 is clipped to ±{clip}"
        );
    }
}

#[test]
fn a_thousand_levels_are_sampled_in_five_steps() {
    let schedule = Schedule::Linear { beta_start: 1e-4, beta_end: 0.02 };
    let description = Description::new(schedule, 1000, Parameterization::Epsilon);
    let model = random(&tiny(), description, 1);
    let x = |variance, steps| {
        let sampling = SamplingConfig { sampler: Sampler::Ddpm, variance, ..spaced(Spacing::Leading, steps) };
        assert_eq!(times(&model, &sampling).len(), steps + 1);
        model.sample(&[2, 2, 8, 8], &sampling, Condition::none(), &StreamNoise::new(0, 0), &mut ()).unwrap()
    };
    assert_eq!(times(&model, &spaced(Spacing::Leading, 5)), [801, 601, 401, 201, 1, 0]);
    let (small, large) = (x(ReverseVariance::FixedSmall, 5), x(ReverseVariance::FixedLarge, 5));
    for images in [&small, &large] {
        // The last step ends at the clipped estimate itself.
        assert!(images.abs().max().double_value(&[]) <= 1.0);
        assert!(images.std(true).double_value(&[]) > 0.01);
    }
    assert!(!small.equal(&large));
    assert_eq!(small.size(), images(2, 0).size());
}
