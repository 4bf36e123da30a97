//! The estimates of a denoiser at levels other than the trained ones, and at several levels at once.

use crate::{ALL, STEPS, description, greatest, images, model, near, output_of, random, refusal, tiny};
use tch::Tensor;
use tweedie_math::{NoiseLevel, Parameterization};
use tweedie_models::Model;
use tweedie_networks::UNetConfig;
use tweedie_samplers::{Denoiser, Estimate, Levels};

fn denoise(model: &Model, x: &Tensor, levels: Levels<'_>) -> Estimate<Tensor> {
    tch::no_grad(|| model.denoise(x, levels)).unwrap()
}

/// The level of a process that scales nothing and only adds noise.
fn exploding(level: NoiseLevel) -> NoiseLevel {
    NoiseLevel::new(1.0, level.sigma()).unwrap()
}

#[test]
fn another_process_gets_the_same_estimates() {
    let x = images(2, 3);
    for parameterization in ALL {
        let model = model(parameterization);
        // Trained levels with more signal and with more noise, and levels between.
        for time in [1.0, 3.0, 5.4, 11.5, 20.0] {
            let level = model.process().at_time(time).unwrap();
            let own = denoise(&model, &x, level.into());
            let other = denoise(&model, &(&x / level.signal_rate()), exploding(level).into());
            near(&other.x0, &own.x0, 1e-5);
            near(&other.eps, &own.eps, 1e-5);
        }
    }
}

#[test]
fn levels_between_are_told_as_fractions() {
    let (model, x) = (model(Parameterization::X0), images(2, 3));
    let between = model.process().at_time(6.25).unwrap();
    let predicted = output_of(&model, &x, 5.25);
    let estimate = denoise(&model, &x, between.into());
    near(&estimate.x0, &predicted, 1e-5);
    let neighbour = denoise(&model, &x, model.process().level(6).into());
    assert!(greatest(&estimate.x0, &neighbour.x0) > 1e-3, "the fraction makes no difference");
    // At a level cleaner than the first trained level, the network is conditioned on the first.
    let cleaner = model.process().at_time(0.5).unwrap();
    let first = denoise(&model, &x, model.process().level(1).into());
    near(&denoise(&model, &x, cleaner.into()).x0, &first.x0, 1e-6);
}

#[test]
fn one_level_per_sample_is_as_many_calls() {
    let x = images(4, 3);
    for parameterization in ALL {
        let model = model(parameterization);
        let level = |time: f64| model.process().at_time(time).unwrap();
        let levels = [level(2.0), level(9.5), level(20.0), exploding(level(14.0))];
        let together = denoise(&model, &x, Levels::Each(&levels));
        for (i, level) in levels.into_iter().enumerate() {
            let alone = denoise(&model, &x.narrow(0, i as i64, 1), level.into());
            near(&together.x0.narrow(0, i as i64, 1), &alone.x0, 1e-5);
            near(&together.eps.narrow(0, i as i64, 1), &alone.eps, 1e-5);
        }
    }
}

#[test]
fn a_number_of_levels_that_is_not_the_batch_is_refused() {
    let (x, model) = (images(3, 3), model(Parameterization::X0));
    let level = model.process().level(5);
    let each = |n: usize| vec![level; n];
    for (at, numbers) in [(each(2), each(2)), (each(2), each(3)), (each(3), each(2)), (each(0), each(3))] {
        let result =
            tch::no_grad(|| model.denoise_conditioned(&x, Levels::Each(&at), Levels::Each(&numbers)));
        assert!(result.is_err(), "{} and {} levels for 3 samples pass", at.len(), numbers.len());
    }
}

#[test]
fn almost_a_trained_level_is_that_level() {
    let x = images(2, 3);
    for parameterization in ALL {
        let model = model(parameterization);
        for time in [1, 8, STEPS] {
            let level = model.process().level(time);
            let exact = denoise(&model, &x, level.into());
            for off in [-5e-10, 5e-10] {
                let almost = NoiseLevel::variance_preserving(level.log_snr() + off).unwrap();
                let found = denoise(&model, &x, almost.into());
                assert!(found.x0.equal(&exact.x0), "{parameterization:?}: x0 at time {time}{off:+e}");
                assert!(found.eps.equal(&exact.eps), "{parameterization:?}: ε at time {time}{off:+e}");
            }
        }
    }
}

#[test]
fn levels_noisier_than_the_last_are_refused() {
    let (x, model) = (images(2, 3), model(Parameterization::X0));
    let last = model.process().level(STEPS).log_snr();
    for noisier in [NoiseLevel::variance_preserving(last - 0.1), NoiseLevel::new(0.0, 1.0)] {
        let sentence = refusal(model.denoise(&x, noisier.unwrap().into()));
        assert!(sentence.contains("noisiest level") && sentence.contains(&last.to_string()), "{sentence}");
    }
}

#[test]
fn a_learned_time_table_knows_its_levels_alone() {
    let config = UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(STEPS as i64),
        ..tiny()
    };
    let (x, model) = (images(2, 3), random(&config, description(Parameterization::X0), 1));
    for time in 1..=STEPS {
        let level = model.process().level(time);
        let exact = denoise(&model, &x, level.into());
        let almost = NoiseLevel::variance_preserving(level.log_snr() + 5e-10).unwrap();
        assert!(denoise(&model, &x, almost.into()).x0.equal(&exact.x0));
        near(&denoise(&model, &(&x / level.signal_rate()), exploding(level).into()).x0, &exact.x0, 1e-5);
    }
    for between in [6.5, 6.0 + 1e-6] {
        let sentence = refusal(model.denoise(&x, model.process().at_time(between).unwrap().into()));
        assert!(sentence.contains("time table") && sentence.contains(&format!("{between:.3}")), "{sentence}");
    }
}
