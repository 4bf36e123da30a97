//! Replicas of a network compute what the network computes.

use crate::own_network::scaled_by;
use crate::{STEPS, description, images, model, random, tiny};
use tch::{Device, Kind, Tensor};
use tweedie_math::Parameterization;
use tweedie_models::{Call, Condition, Error, Model, Replicas};
use tweedie_networks::{Derivatives, Pass, Registry, UNetConfig};
use tweedie_samplers::Levels;
use tweedie_torch::Precision;

fn replicate(model: &mut Model, n: usize) {
    let replicas = Replicas::new(&Registry::default(), model.network(), n).unwrap();
    model.set_replicas(replicas);
}

/// A model with three classes, or one without classes.
fn subject(with_classes: bool) -> Model {
    if with_classes {
        let network = UNetConfig { num_class_embeds: Some(3), ..tiny() };
        random(&network, description(Parameterization::Epsilon), 3)
    } else {
        model(Parameterization::Epsilon)
    }
}

fn output(model: &Model, x: &Tensor, classes: Option<&[i64]>, pass: Pass) -> Result<Tensor, Error> {
    let condition = classes.map_or_else(Condition::none, |rows| Condition::classes(rows.to_vec()));
    let levels: Vec<_> = (0..x.size()[0] as usize).map(|i| model.process().level(1 + i % STEPS)).collect();
    let call = Call { condition: &condition, first: 0, pass, network_levels: None };
    Ok(model.output(x, Levels::Each(&levels), &call)?.out)
}

#[test]
fn a_batch_is_the_concatenation_of_its_parts() {
    let classes = [0, 2, 1, 1, 0];
    for with_classes in [false, true] {
        let mut model = subject(with_classes);
        let x = images(5, 5);
        let rows = |from: usize, to: usize| with_classes.then_some(&classes[from..to]);
        for precision in [Precision::F32, Precision::Bf16] {
            let pass = Pass::inference(precision);
            replicate(&mut model, 1);
            let parts = tch::no_grad(|| {
                let level = |i: usize| model.process().level(1 + i);
                let part = |from: usize, to: usize| {
                    let condition =
                        rows(from, to).map_or_else(Condition::none, |rows| Condition::classes(rows.to_vec()));
                    let levels: Vec<_> = (from..to).map(level).collect();
                    let call = Call { condition: &condition, first: 0, pass, network_levels: None };
                    let x = x.narrow(0, from as i64, (to - from) as i64);
                    model.output(&x, Levels::Each(&levels), &call).unwrap().out
                };
                Tensor::cat(&[part(0, 2), part(2, 5)], 0)
            });
            replicate(&mut model, 2);
            assert_eq!(model.replicas(), 2);
            for _ in 0..3 {
                let whole = tch::no_grad(|| output(&model, &x, rows(0, 5), pass)).unwrap();
                assert!(whole.equal(&parts), "{precision:?}, classes: {with_classes}");
            }
        }
    }
}

/// With a micro-batch, the number of replicas changes no bit.
#[test]
fn micro_batches_are_distributed() {
    let mut model = subject(false);
    model.set_micro_batch(Some(2));
    let (x, pass) = (images(7, 5), Pass::inference(Precision::F32));
    let alone = tch::no_grad(|| output(&model, &x, None, pass)).unwrap();
    for n in [2, 3, 9] {
        replicate(&mut model, n);
        assert!(tch::no_grad(|| output(&model, &x, None, pass)).unwrap().equal(&alone), "{n} replicas");
    }
}

/// Changed weights are used by replicas, which hold no copies of the weights.
#[test]
fn replicas_share_the_weights() {
    let (mut model, fresh) = (subject(false), subject(false));
    model.set_micro_batch(Some(2));
    let (x, pass) = (images(4, 5), Pass::inference(Precision::F32));
    replicate(&mut model, 2);
    let before = tch::no_grad(|| output(&model, &x, None, pass)).unwrap();
    for model in [&model, &fresh] {
        tch::no_grad(|| {
            for parameter in model.parameters() {
                let mut tensor = parameter.tensor.shallow_clone();
                tensor *= 1.01;
            }
        });
    }
    let after = tch::no_grad(|| output(&model, &x, None, pass)).unwrap();
    assert!(!after.equal(&before));
    let mut fresh = fresh;
    fresh.set_micro_batch(Some(2));
    assert!(after.equal(&tch::no_grad(|| output(&fresh, &x, None, pass)).unwrap()));
}

/// Passes with derivatives are computed by the network itself.
#[test]
fn gradients_do_not_pass_through_replicas() {
    let mut model = subject(false);
    replicate(&mut model, 2);
    let x = images(2, 5).set_requires_grad(true);
    let pass = Pass::inference(Precision::F32).with_derivatives(Derivatives::First);
    output(&model, &x, None, pass).unwrap().sum(Kind::Float).backward();
    assert!(f64::try_from(x.grad().abs().sum(Kind::Float)).unwrap() > 0.0);
}

#[test]
fn errors_are_those_of_the_network() {
    let mut model = subject(false);
    let pass = Pass::inference(Precision::F32);
    let x = Tensor::zeros([4, 2, 7, 8], (Kind::Float, Device::Cpu));
    let found = |model: &Model| tch::no_grad(|| output(model, &x, None, pass)).unwrap_err().to_string();
    let alone = found(&model);
    replicate(&mut model, 2);
    assert_eq!(found(&model), alone);
    // The replicas go on after an error.
    assert!(tch::no_grad(|| output(&model, &images(4, 5), None, pass)).is_ok());
    let foreign = scaled_by([2.0, 3.0]).1;
    let error = Replicas::new(&Registry::default(), foreign.network(), 2).unwrap_err().to_string();
    assert!(error.contains("unknown network class"), "{error}");
}

/// A network whose constructor writes to its parameters does not overwrite the shared ones.
#[test]
fn constructors_do_not_change_shared_weights() {
    let (registry, mut model) = scaled_by([2.0, 3.0]);
    let x = Tensor::ones([4, 2], (Kind::Float, Device::Cpu));
    let replicas = Replicas::new(&registry, model.network(), 2).unwrap();
    model.set_replicas(replicas);
    let out = tch::no_grad(|| output(&model, &x, None, Pass::inference(Precision::F32))).unwrap();
    assert!(out.equal(&(x * Tensor::from_slice(&[2.0f32, 3.0]))));
}
