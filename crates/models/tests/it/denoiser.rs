//! The estimates of a denoiser at its trained levels.

use crate::{ALL, STEPS, description, images, knowing, model, near, on, output_of, random, refusal, tiny};
use tch::{Kind, Tensor};
use tweedie_math::{DataShape, NoiseLevel, Parameterization, Schedule, Target};
use tweedie_models::{Condition, Description, Model, VariancePrediction};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{Denoiser, Differentiable, Estimate, Levels, Spread};

fn denoise(model: &Model, x: &Tensor, level: NoiseLevel) -> Estimate<Tensor> {
    tch::no_grad(|| model.denoise(x, level.into())).unwrap()
}

/// What the parameterisation defines the output to be.
fn output(model: &Model, estimate: &Estimate<Tensor>, level: NoiseLevel) -> Tensor {
    let previous = model.process().trained_previous(level);
    let target = model.parameterization().target(level, previous).unwrap();
    &estimate.x0 * target.from_x0 + &estimate.eps * target.from_eps
}

#[test]
fn both_estimates_make_up_x_and_the_output() {
    let x = images(2, 3);
    for parameterization in ALL {
        let model = model(parameterization);
        for time in 1..=STEPS {
            let level = model.process().level(time);
            let estimate = denoise(&model, &x, level);
            let whole = &estimate.x0 * level.signal_rate() + &estimate.eps * level.noise_rate();
            near(&whole, &x, 1e-5);
            // The network is conditioned on the 0-based index.
            let predicted = output_of(&model, &(&x * parameterization.input_scale(level)), (time - 1) as f64);
            // Where the output is x_0 and ε times a small number, reading it divides by that.
            let Target { from_x0, from_eps } =
                parameterization.target(level, model.process().trained_previous(level)).unwrap();
            near(
                &output(&model, &estimate, level),
                &predicted,
                1e-5 * (1.0 + from_x0.abs() + from_eps.abs()),
            );
            assert!(predicted.abs().max().double_value(&[]) > 0.1, "the output of the network is zero");
            assert!(estimate.spread.is_none());
        }
    }
}

#[test]
fn what_the_network_says_itself_is_passed_on_untouched() {
    let x = images(2, 3);
    let level = model(Parameterization::X0).process().level(7);
    let (by_eps, by_x0) = (model(Parameterization::Epsilon), model(Parameterization::X0));
    assert!(denoise(&by_eps, &x, level).eps.equal(&output_of(&by_eps, &x, 6.0)));
    assert!(denoise(&by_x0, &x, level).x0.equal(&output_of(&by_x0, &x, 6.0)));
}

#[test]
fn what_is_told_may_differ_from_where_x_is() {
    let (model, x) = (model(Parameterization::Epsilon), images(2, 3));
    let (at, conditioned_on) = (model.process().level(15), model.process().level(4));
    let estimate = tch::no_grad(|| model.denoise_conditioned(&x, at.into(), conditioned_on.into())).unwrap();
    assert!(estimate.eps.equal(&output_of(&model, &x, 3.0)));
    near(&(&estimate.x0 * at.signal_rate() + &estimate.eps * at.noise_rate()), &x, 1e-5);
    assert!(!estimate.eps.equal(&denoise(&model, &x, at).eps));
}

#[test]
fn clean_data_is_read_where_that_means_something() {
    let x = images(2, 3);
    for parameterization in ALL {
        let model = model(parameterization);
        let estimate = tch::no_grad(|| model.denoise(&x, NoiseLevel::CLEAN.into())).unwrap();
        near(&estimate.x0, &x, 1e-6);
        if matches!(parameterization, Parameterization::X0 | Parameterization::PosteriorMean) {
            // The prediction does not determine ε of clean data, so ε̂ is that at the first trained level.
            let first = model.process().level(1);
            near(&estimate.eps, &denoise(&model, &(&x * first.signal_rate()), first).eps, 1e-6);
            continue;
        }
        if parameterization == Parameterization::Score {
            // The score of clean data has no target. Its ε̂ must be zero.
            assert_eq!(estimate.eps.abs().max().double_value(&[]), 0.0);
            continue;
        }
        // Nothing is cleaner than the first trained level to a network.
        let input = &x * parameterization.input_scale(NoiseLevel::CLEAN);
        near(&output(&model, &estimate, NoiseLevel::CLEAN), &output_of(&model, &input, 0.0), 1e-6);
    }
}

#[test]
fn a_level_without_signal_is_read_where_that_means_something() {
    let mut betas = vec![0.1; STEPS];
    betas[STEPS - 1] = 1.0;
    let x = images(2, 3);
    for parameterization in ALL {
        let description = on(Schedule::Explicit { betas: betas.clone() }, parameterization);
        let model = random(&tiny(), description, 1);
        let last = model.process().level(STEPS);
        assert_eq!(last.signal_rate(), 0.0);
        let result = tch::no_grad(|| model.denoise(&x, last.into()));
        let refused = match parameterization {
            Parameterization::Epsilon => Some("x0 from a predicted noise"),
            Parameterization::Score => Some("x0 from it"),
            _ => None,
        };
        if let Some(words) = refused {
            let sentence = refusal(result);
            assert!(sentence.contains(words), "{sentence}");
            continue;
        }
        let estimate = result.unwrap();
        near(&estimate.eps, &x, 1e-6);
        let input = &x * parameterization.input_scale(last);
        near(&output(&model, &estimate, last), &output_of(&model, &input, (STEPS - 1) as f64), 1e-6);
    }
}

#[test]
fn a_learned_variance_is_the_second_half() {
    let x = images(2, 3);
    let wide = UNetConfig { out_channels: 4, ..tiny() };
    for variance in [VariancePrediction::Log, VariancePrediction::Range] {
        let description = Description { variance, ..description(Parameterization::Epsilon) };
        let model = random(&wide, description, 1);
        let level = model.process().level(9);
        let (estimate, predicted) = (denoise(&model, &x, level), output_of(&model, &x, 8.0));
        assert!(estimate.eps.equal(&predicted.narrow(1, 0, 2)));
        let second = predicted.narrow(1, 2, 2);
        match (variance, estimate.spread) {
            (VariancePrediction::Log, Some(Spread::LogVariance(found)))
            | (VariancePrediction::Range, Some(Spread::Range(found))) => assert!(found.equal(&second)),
            (_, spread) => panic!("{variance:?} gives {spread:?}"),
        }
    }
}

#[test]
fn channels_that_do_not_fit_the_variance_are_refused() {
    let wide = UNetConfig { out_channels: 4, ..tiny() };
    let build = |config: &UNetConfig, variance| {
        // Without declared data a network of two outputs could be one of a channel, its variance and a condition image.
        let description = knowing(description(Parameterization::Epsilon), |about| {
            about.data = DataShape::new([2, 8, 8]);
        });
        refusal(Model::new(config, Description { variance, ..description }, tch::Device::Cpu, 0))
    };
    let sentence = build(&wide, VariancePrediction::None);
    assert!(sentence.contains("4 output channels") && sentence.contains("need 2"), "{sentence}");
    let sentence = build(&tiny(), VariancePrediction::Range);
    assert!(sentence.contains("range") && sentence.contains("need 4"), "{sentence}");
}

#[test]
fn a_condition_is_bound_before_the_question() {
    let config = UNetConfig { num_class_embeds: Some(3), ..tiny() };
    let model = random(&config, description(Parameterization::X0), 1);
    let (x, level) = (images(2, 3), model.process().level(9));
    let given = |labels: &[i64]| {
        let classes = Condition::classes(labels.to_vec());
        tch::no_grad(|| model.given(classes).denoise(&x, level.into())).unwrap().x0
    };
    let (both, first) = (given(&[2, 0]), given(&[2, 2]));
    assert!(both.get(0).equal(&first.get(0)));
    assert!(!both.get(1).equal(&first.get(1)));
    let sentence = refusal(model.denoise(&x, level.into()));
    assert!(sentence.contains("class"), "{sentence}");
}

/// The gradient of ⟨a, x̂_0⟩ + ⟨b, ε̂⟩ with respect to x, along a direction, is a central difference; several cotangents are answered
/// from one pass, and no gradient is left behind.
#[test]
fn products_with_the_jacobian_are_slopes() {
    let model = model(Parameterization::V);
    let x = images(2, 3);
    let levels = [model.process().level(5), model.process().level(12)];
    let wave = |phase: f64| {
        (Tensor::arange(x.numel() as i64, (Kind::Float, x.device())) * 0.7 + phase).sin().reshape(x.size())
    };
    let pairs = [(wave(0.0), wave(1.0)), (wave(2.0), wave(3.0))];
    let conditioned = model.given(Condition::none());
    let (estimate, products) = conditioned.denoise_vjp(&x, Levels::Each(&levels), &pairs).unwrap();
    let plain = tch::no_grad(|| conditioned.denoise(&x, Levels::Each(&levels))).unwrap();
    near(&estimate.x0, &plain.x0, 1e-6);
    assert!(!estimate.x0.requires_grad() && !products[0].requires_grad());
    let direction = wave(4.0);
    for ((a, b), product) in pairs.iter().zip(&products) {
        let at = |by: f64| {
            let predicted =
                tch::no_grad(|| conditioned.denoise(&(&x + &direction * by), Levels::Each(&levels))).unwrap();
            (a * predicted.x0 + b * predicted.eps).to_kind(Kind::Double).sum_dim_intlist(
                &[1i64, 2, 3][..],
                false,
                Kind::Double,
            )
        };
        let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        let found = (product * &direction).to_kind(Kind::Double).sum_dim_intlist(
            &[1i64, 2, 3][..],
            false,
            Kind::Double,
        );
        // A central difference over .02 of a function whose f32 values of about 10 have roundings of 1e-6.
        near(&found, &slope, 2e-2 * (1.0 + slope.abs().max().double_value(&[])));
    }
}

/// Between trained levels a posterior mean is that of one step cleaner, as at them: what is read is continuous in the level, with no
/// pole above a trained one.
#[test]
fn a_posterior_mean_is_read_between_levels() {
    let model = model(Parameterization::PosteriorMean);
    let process = model.process();
    let factor = |time: f64| {
        let level = process.at_time(time).unwrap();
        let before = process.at_time((time - 1.0).max(0.0)).unwrap();
        let reading = Parameterization::PosteriorMean.reading(level, Some(before)).unwrap();
        let x = images(2, 3);
        let estimate = denoise(&model, &x, level);
        // x_0 = x0_from_x·x + x0_from_out·out: linear in the network's prediction, which is the same at levels with the same conditioning.
        let predicted = output_of(&model, &x, time - 1.0);
        near(
            &estimate.x0,
            &(&x * reading.x0_from_x + predicted * reading.x0_from_out),
            1e-3 * reading.x0_from_out.abs(),
        );
        reading.x0_from_out
    };
    for time in [3.0, 7.0, 15.0] {
        let (at, above, middle) = (factor(time), factor(time + 0.01), factor(time + 0.5));
        assert!(
            (above / at - 1.0).abs() < 0.05 && (middle / at - 1.0).abs() < 0.5,
            "{at}, {above}, {middle}"
        );
    }
}
