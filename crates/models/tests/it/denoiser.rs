//! What a model says at its trained levels.

use crate::{ALL, STEPS, about, model, near, pictures, random, refusal, tiny};
use tch::{Kind, Tensor};
use tweedie_math::{NoiseLevel, Parameterization, Schedule};
use tweedie_models::{Description, LearnedVariance, Model};
use tweedie_networks::{ClassCondition, UNetConfig};
use tweedie_samplers::{Denoiser, Estimate, Spread};

/// What the network itself says when told a number.
fn network(model: &Model, x: &Tensor, told: f64) -> Tensor {
    let time = Tensor::full([x.size()[0]], told, (Kind::Float, x.device()));
    tch::no_grad(|| model.network().forward(x, &time, None, &model.pass())).unwrap()
}

fn denoise(model: &Model, x: &Tensor, level: NoiseLevel) -> Estimate<Tensor> {
    tch::no_grad(|| model.denoise(x, &[level])).unwrap()
}

/// What the parameterisation defines the output to be.
fn output(says: Parameterization, estimate: &Estimate<Tensor>, level: NoiseLevel) -> Tensor {
    let (s, n) = (level.signal_rate(), level.noise_rate());
    match says {
        Parameterization::Epsilon => estimate.eps.shallow_clone(),
        Parameterization::X0 => estimate.x0.shallow_clone(),
        Parameterization::V => &estimate.eps * s - &estimate.x0 * n,
        Parameterization::Velocity => &estimate.eps - &estimate.x0,
        other => panic!("{other:?} is new"),
    }
}

#[test]
fn both_estimates_make_up_x_and_the_output() {
    let x = pictures(2, 3);
    for says in ALL {
        let model = model(says);
        for time in 1..=STEPS {
            let level = model.process().level(time);
            let estimate = denoise(&model, &x, level);
            let whole = &estimate.x0 * level.signal_rate() + &estimate.eps * level.noise_rate();
            near(&whole, &x, 1e-5);
            // The network is told the 0-based index.
            let said = network(&model, &x, (time - 1) as f64);
            near(&output(says, &estimate, level), &said, 1e-5);
            assert!(said.abs().max().double_value(&[]) > 0.1, "the network says nothing");
            assert!(estimate.spread.is_none());
        }
    }
}

#[test]
fn what_the_network_says_itself_is_passed_on_untouched() {
    let x = pictures(2, 3);
    let level = model(Parameterization::X0).process().level(7);
    let (by_eps, by_x0) = (model(Parameterization::Epsilon), model(Parameterization::X0));
    assert!(denoise(&by_eps, &x, level).eps.equal(&network(&by_eps, &x, 6.0)));
    assert!(denoise(&by_x0, &x, level).x0.equal(&network(&by_x0, &x, 6.0)));
}

#[test]
fn what_is_told_may_differ_from_where_x_is() {
    let (model, x) = (model(Parameterization::Epsilon), pictures(2, 3));
    let (at, told) = (model.process().level(15), model.process().level(4));
    let estimate = tch::no_grad(|| model.denoise_told(&x, &[at], &[told])).unwrap();
    assert!(estimate.eps.equal(&network(&model, &x, 3.0)));
    near(&(&estimate.x0 * at.signal_rate() + &estimate.eps * at.noise_rate()), &x, 1e-5);
    assert!(!estimate.eps.equal(&denoise(&model, &x, at).eps));
}

#[test]
fn clean_data_is_read_where_that_means_something() {
    let x = pictures(2, 3);
    for says in ALL {
        let model = model(says);
        let result = tch::no_grad(|| model.denoise(&x, &[NoiseLevel::CLEAN]));
        if says == Parameterization::X0 {
            let sentence = refusal(result);
            assert!(sentence.contains("the noise from a predicted x0"), "{sentence}");
            continue;
        }
        let estimate = result.unwrap();
        near(&estimate.x0, &x, 1e-6);
        // Nothing is cleaner than the first trained level to a network.
        near(&output(says, &estimate, NoiseLevel::CLEAN), &network(&model, &x, 0.0), 1e-6);
    }
}

#[test]
fn a_level_without_signal_is_read_where_that_means_something() {
    let mut betas = vec![0.1; STEPS];
    betas[STEPS - 1] = 1.0;
    let x = pictures(2, 3);
    for says in ALL {
        let description =
            Description { schedule: Schedule::Explicit { betas: betas.clone() }, ..about(says) };
        let model = random(&tiny(), description, 1);
        let last = model.process().level(STEPS);
        assert_eq!(last.signal_rate(), 0.0);
        let result = tch::no_grad(|| model.denoise(&x, &[last]));
        if says == Parameterization::Epsilon {
            let sentence = refusal(result);
            assert!(sentence.contains("x0 from a predicted noise"), "{sentence}");
            continue;
        }
        let estimate = result.unwrap();
        near(&estimate.eps, &x, 1e-6);
        near(&output(says, &estimate, last), &network(&model, &x, (STEPS - 1) as f64), 1e-6);
    }
}

#[test]
fn a_learned_variance_is_the_second_half() {
    let x = pictures(2, 3);
    let wide = UNetConfig { out_channels: 4, ..tiny() };
    for variance in [LearnedVariance::Log, LearnedVariance::Range] {
        let description = Description { variance, ..about(Parameterization::Epsilon) };
        let model = random(&wide, description, 1);
        let level = model.process().level(9);
        let (estimate, said) = (denoise(&model, &x, level), network(&model, &x, 8.0));
        assert!(estimate.eps.equal(&said.narrow(1, 0, 2)));
        let second = said.narrow(1, 2, 2);
        match (variance, estimate.spread) {
            (LearnedVariance::Log, Some(Spread::LogVariance(found)))
            | (LearnedVariance::Range, Some(Spread::Range(found))) => assert!(found.equal(&second)),
            (_, spread) => panic!("{variance:?} gives {spread:?}"),
        }
    }
}

#[test]
fn channels_that_do_not_fit_the_variance_are_refused() {
    let wide = UNetConfig { out_channels: 4, ..tiny() };
    let build = |config: &UNetConfig, variance| {
        let description = Description { variance, ..about(Parameterization::Epsilon) };
        refusal(Model::new(config, description, tch::Device::Cpu, 0))
    };
    let sentence = build(&wide, LearnedVariance::None);
    assert!(sentence.contains("4 output channels") && sentence.contains("needs 2"), "{sentence}");
    let sentence = build(&tiny(), LearnedVariance::Range);
    assert!(sentence.contains("range") && sentence.contains("needs 4"), "{sentence}");
}

#[test]
fn a_condition_is_bound_before_the_question() {
    let config = UNetConfig { num_class_embeds: Some(3), ..tiny() };
    let model = random(&config, about(Parameterization::X0), 1);
    let (x, level) = (pictures(2, 3), model.process().level(9));
    let given = |labels: &[i64]| {
        let class = ClassCondition::Labels(Tensor::from_slice(labels));
        tch::no_grad(|| model.given(Some(class)).denoise(&x, &[level])).unwrap().x0
    };
    let (both, first) = (given(&[2, 0]), given(&[2, 2]));
    assert!(both.get(0).equal(&first.get(0)));
    assert!(!both.get(1).equal(&first.get(1)));
    let sentence = refusal(model.denoise(&x, &[level]));
    assert!(sentence.contains("class"), "{sentence}");
}
