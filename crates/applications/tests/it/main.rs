//! The library behind the command line.

mod auto;
mod comparison;
mod drawing;
mod recipes;

use tch::{Device, Kind};
use tweedie_applications::recipes::{RunConfig, Source};
use tweedie_models::Model;
use tweedie_networks::Registry;

/// A configuration of a built-in point set, small and fast.
fn points(more: &[&str]) -> RunConfig {
    let small = [
        "network.width=16",
        "network.blocks=1",
        "training.images=4096",
        "training.batch=256",
        "training.report.tick=1024",
        "training.report.sheet=2048",
        "training.report.sheet_images=64",
        "training.report.checkpoint=2048",
        "training.report.held_out=2048",
        "training.report.held_out_images=64",
        "training.optimizer.warmup=0",
        "sampling.levels=karras:4",
    ];
    let set = small.iter().chain(more).map(|line| (*line).to_string()).collect();
    RunConfig::resolve(&Source { preset: Some("points".into()), set, ..Source::default() }).unwrap()
}

/// A model of points with random weights, so that every sample and every class has an estimate of its own.
fn model(more: &[&str]) -> Model {
    let mut config = points(more);
    let data = config.open_data().unwrap();
    config.fit_to(data.shown.as_ref()).unwrap();
    let network = Registry::default().build(
        config.network.class(),
        &config.network.config(),
        Device::Cpu,
        config.training.seed,
    );
    let model = Model::of_network(network.unwrap(), config.description(data.shown.as_ref())).unwrap();
    tch::no_grad(|| {
        for (i, parameter) in model.parameters().enumerate() {
            let n = parameter.tensor.numel() as i64;
            let wave = tch::Tensor::arange(n, (Kind::Float, Device::Cpu)) * (1.0 + 0.1 * i as f64);
            let mut tensor = parameter.tensor.shallow_clone();
            tensor += (wave.sin() * 0.2).view_as(&tensor);
        }
    });
    model
}
