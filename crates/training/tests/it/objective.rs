//! The loss against what it must be.

use crate::common::{model, weights};
use tch::{Device, Kind, Tensor};
use tweedie_math::{DiscreteVp, Parameterization};
use tweedie_models::Condition;
use tweedie_networks::Pass;
use tweedie_torch::Precision;
use tweedie_training::{DrawnLevel, LevelSampling, Objective, TrainingBatch, draw_levels, loss};

fn batch(times: Vec<usize>) -> TrainingBatch {
    let process = DiscreteVp::cosine(100).unwrap();
    let n = times.len() as i64;
    let wave = |phase: f64| (Tensor::arange(n * 3 * 64, (Kind::Float, Device::Cpu)) * 0.37 + phase).sin();
    TrainingBatch {
        x0: wave(0.0).reshape([n, 3, 8, 8]) * 0.5,
        eps: wave(1.0).reshape([n, 3, 8, 8]),
        levels: times.into_iter().map(|time| DrawnLevel::trained(&process, time)).collect(),
        condition: Condition::none(),
    }
}

fn measured(predicted: Parameterization, measured: Option<Parameterization>, batch: &TrainingBatch) -> f64 {
    let objective = Objective { measured, max_weight: 1e9, ..Objective::default() };
    let model = model(predicted);
    let _no_gradient = tch::no_grad_guard();
    loss(&model, batch, &objective, &Pass::inference(Precision::F32)).unwrap().double_value(&[])
}

/// A fresh network predicts exactly 0, so the loss is the mean square of the target.
#[test]
fn a_fresh_network_pays_the_target() {
    let batch = batch(vec![30, 70]);
    let mean_square = |x: &Tensor| x.square().mean(Kind::Double).double_value(&[]);
    assert!((measured(Parameterization::Epsilon, None, &batch) - mean_square(&batch.eps)).abs() < 1e-6);
    assert!((measured(Parameterization::X0, None, &batch) - mean_square(&batch.x0)).abs() < 1e-6);
    let velocity = mean_square(&(&batch.eps - &batch.x0));
    assert!((measured(Parameterization::Velocity, None, &batch) - velocity).abs() < 1e-6);
}

/// Measuring another quantity multiplies the loss by a factor that depends only on the level: ((s + n)/n)² for a predicted x_0 and a
/// measured velocity.
#[test]
fn measuring_elsewhere_is_a_weight() {
    for time in [5, 50, 99] {
        let batch = batch(vec![time]);
        let level = DiscreteVp::cosine(100).unwrap().level(time);
        let weight = ((level.signal_rate() + level.noise_rate()) / level.noise_rate()).powi(2);
        let plain = measured(Parameterization::X0, None, &batch);
        let weighted = measured(Parameterization::X0, Some(Parameterization::Velocity), &batch);
        assert!((weighted / plain / weight - 1.0).abs() < 1e-5, "time {time}");
    }
}

#[test]
fn the_weight_is_capped() {
    let objective =
        Objective { measured: Some(Parameterization::Epsilon), max_weight: 2.0, ..Objective::default() };
    let (batch, model) = (batch(vec![1]), model(Parameterization::X0));
    let _no_gradient = tch::no_grad_guard();
    let capped =
        loss(&model, &batch, &objective, &Pass::inference(Precision::F32)).unwrap().double_value(&[]);
    let plain = measured(Parameterization::X0, None, &batch);
    assert!((capped / plain - 2.0).abs() < 1e-5);
}

/// The gradient of the loss with respect to one weight, against a finite difference.
#[test]
fn the_gradient_is_the_losss_slope() {
    let model = model(Parameterization::X0);
    let objective = Objective { measured: Some(Parameterization::Velocity), ..Objective::default() };
    let (batch, pass) = (batch(vec![20, 60]), Pass::inference(Precision::F32));
    let bias = model.network().parameters().get("conv_out.bias").unwrap().shallow_clone();
    loss(&model, &batch, &objective, &pass).unwrap().backward();
    let slope = bias.grad().double_value(&[1]);
    let at = |shift: f64| {
        tch::no_grad(|| {
            let _ = bias.get(1).g_add_scalar_(shift);
            let value = loss(&model, &batch, &objective, &pass).unwrap().double_value(&[]);
            let _ = bias.get(1).g_add_scalar_(-shift);
            value
        })
    };
    let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
    // The loss is quadratic in this bias, so the central difference is exact up to f32's rounding of the loss, 1e-7/1e-2.
    assert!((slope - difference).abs() < 1e-3 * slope.abs().max(1.0), "{slope} against {difference}");
    assert!(!weights(&model).is_empty());
}

fn times(process: &DiscreteVp, how: LevelSampling, seed: u64, first: u64, n: usize) -> Vec<usize> {
    draw_levels(process, how, None, seed, first, n).into_iter().map(|drawn| drawn.time.unwrap()).collect()
}

#[test]
fn levels_are_keyed_by_the_image_and_drawn_as_asked() {
    let process = DiscreteVp::cosine(1000).unwrap();
    let how = LevelSampling::NormalLogSnr { mean: -1.6, std: 1.6 };
    let all = times(&process, how, 3, 0, 20_000);
    assert_eq!(all[500..600], times(&process, how, 3, 500, 100));
    assert_ne!(all[..100], times(&process, how, 4, 0, 100));
    let log_snrs: Vec<f64> = all.iter().map(|&time| process.level(time).log_snr()).collect();
    let mean = log_snrs.iter().sum::<f64>() / log_snrs.len() as f64;
    let std = (log_snrs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / log_snrs.len() as f64).sqrt();
    // Five standard errors, 5·1.6/√20000 = .057, and a little for the rounding to trained levels.
    assert!((mean + 1.6).abs() < 0.06, "mean {mean}");
    assert!((std - 1.6).abs() < 0.05, "std {std}");

    let uniform = times(&process, LevelSampling::Uniform {}, 3, 0, 20_000);
    let mean = uniform.iter().sum::<usize>() as f64 / 20_000.0;
    // Five standard errors: 5·1000/√12/√20000 = 10.2.
    assert!((mean - 500.5).abs() < 10.2, "mean {mean}");
    assert!(uniform.iter().all(|time| (1..=1000).contains(time)));
}
