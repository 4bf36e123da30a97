//! Derivatives of derivatives. They need matrix products in attention, and layers that are not computed again.

use crate::config::small;
use crate::formula;
use crate::points;
use tch::{Device, Kind, Tensor};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{
    Condition, Derivatives, Input, Network, NoisyClassifier, NoisyClassifierConfig, Pass, PointMlp,
    PointMlpConfig, UNet, UNetConfig,
};
use tweedie_torch::Precision;

const PASS: fn() -> Pass = || Pass::inference(Precision::F32).with_derivatives(Derivatives::Second);

/// Each class of network with an x that it takes.
fn networks() -> Vec<(Box<dyn Network>, Tensor)> {
    let images = || formula::tensor(&[2, 2, 8, 8], formula::X, 1.5);
    let encoder = UNetConfig { sample_size: Some(SampleSize::Square(8)), ..small() };
    let unet = UNet::new(&encoder, Device::Cpu, 0).unwrap();
    let classifier = NoisyClassifierConfig { n_classes: 3, encoder };
    let classifier = NoisyClassifier::new(&classifier, Device::Cpu, 0).unwrap();
    let points = PointMlpConfig { point_scale: 0.1, ..points::config() };
    let points = PointMlp::new(&points, Device::Cpu, 0).unwrap();
    let networks: Vec<(Box<dyn Network>, Tensor)> = vec![
        (Box::new(unet), images()),
        (Box::new(classifier), images()),
        (Box::new(points), formula::tensor(&[2, 3], formula::X, 1.5)),
    ];
    networks.iter().for_each(|(network, _)| formula::fill_all(network.parameters()));
    networks
}

/// The gradient of a weighed sum of outputs, with its graph.
fn gradient(network: &dyn Network, x: &Tensor, pass: &Pass) -> Tensor {
    let (time, condition) = (Tensor::from_slice(&[7f32, 0.25]), Condition::default());
    let y = network.forward(&Input::new(x, &time, &condition), pass).unwrap();
    Tensor::run_backward(&[formula::weighed(&y)], &[x], true, true).remove(0)
}

/// The Hessian of the weighed sum times a direction.
fn hessian_times(network: &dyn Network, x: &Tensor, direction: &Tensor, pass: &Pass) -> Tensor {
    let x = x.detach().set_requires_grad(true);
    let along = (gradient(network, &x, pass) * direction).sum(Kind::Float);
    Tensor::run_backward(&[along], &[&x], false, false).remove(0)
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    (a.to_kind(Kind::Double) * b.to_kind(Kind::Double)).sum(Kind::Double).double_value(&[])
}

fn length(a: &Tensor) -> f64 {
    dot(a, a).sqrt()
}

#[test]
fn the_hessian_is_symmetric() {
    for (network, x) in networks() {
        let [u, v] = [0, 1].map(|k| formula::tensor(&x.size(), formula::DIRECTION + k, 1.0));
        let [of_u, of_v] = [&u, &v].map(|direction| hessian_times(network.as_ref(), &x, direction, &PASS()));
        assert!(length(&of_u) > 1e-3 * length(&u), "{}: {}", network.class_name(), length(&of_u));
        let off = (dot(&of_u, &v) - dot(&of_v, &u)).abs();
        assert!(off < 1e-5 * length(&of_u) * length(&v), "{}: {off:e}", network.class_name());
    }
}

#[test]
fn the_hessian_is_the_gradients_difference() {
    for (network, x) in networks() {
        let u = formula::tensor(&x.size(), formula::DIRECTION, 1.0);
        let step = 5e-3;
        let at = |sign: f64| {
            let x = (&x + &u * (sign * step)).set_requires_grad(true);
            gradient(network.as_ref(), &x, &PASS()).detach()
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
        let derived = hessian_times(network.as_ref(), &x, &u, &PASS());
        let off = length(&(difference - &derived)) / length(&derived);
        assert!(off < 1e-2, "{}: {off:e} of its length off", network.class_name());
    }
}

/// Parameters have mixed derivatives with x: the gradient of a loss of gradients, as score matching needs.
#[test]
fn a_loss_of_gradients_has_parameter_gradients() {
    for (network, x) in networks() {
        let x = x.set_requires_grad(true);
        let loss = gradient(network.as_ref(), &x, &PASS()).square().sum(Kind::Float);
        let trained = || network.parameters().iter().filter(|parameter| parameter.trained);
        // The last bias adds the same number for every x.
        let tensors: Vec<_> =
            trained().filter(|p| p.name.ends_with(".weight")).map(|p| p.tensor.shallow_clone()).collect();
        for (gradient, tensor) in Tensor::run_backward(&[loss], &tensors, false, false).iter().zip(&tensors) {
            assert_eq!(gradient.size(), tensor.size());
            assert!(length(gradient).is_finite() && length(gradient) > 0.0, "{}", network.class_name());
        }
    }
}

/// A layer that is computed again has no second derivative, so that such a pass computes none again.
#[test]
fn checkpointing_leaves_second_derivatives_as_they_are() {
    for (network, x) in networks() {
        let u = formula::tensor(&x.size(), formula::DIRECTION, 1.0);
        let of = |gradient_checkpointing| {
            hessian_times(network.as_ref(), &x, &u, &Pass { gradient_checkpointing, ..PASS() })
        };
        assert!(of(true).equal(&of(false)), "{}", network.class_name());
    }
}
