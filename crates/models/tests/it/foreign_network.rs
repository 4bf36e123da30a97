//! A network of one's own is a model like any other: that of the example `foreign_network`.

#[path = "../../examples/foreign_network/network.rs"]
mod network;
#[path = "../../examples/foreign_network/recorded.rs"]
mod recorded;

use crate::refusal;
use network::TinyDdpm;
use tch::{Device, Kind, Tensor};
use tweedie_models::{Condition, Model};
use tweedie_networks::{Input, Registry};
use tweedie_samplers::StreamNoise;
use tweedie_weights::Weights;

/// Convolutions of f32 differ between versions and processors in their last bits, and 50 steps carry that on.
const BOUND: f64 = 1e-4;

#[test]
fn it_samples_what_its_own_code_sampled() {
    let Some(folder) = tweedie_testing::shared("data/ddpm-tiny") else { return };
    let model = recorded::model(&folder).unwrap();
    // The predictions by themselves, at five trained times.
    let mut golden = Weights::open(&folder.join("golden_mnist.safetensors")).unwrap();
    let shape = [4, 1, 28, 28];
    let x = recorded::read(&mut golden, "x_T", &shape).unwrap();
    for time in [0, 10, 250, 500, 999] {
        let expected = recorded::read(&mut golden, &format!("eps_t{time}"), &shape).unwrap();
        let times = Tensor::full([4], f64::from(time), (Kind::Float, Device::Cpu));
        let (nothing, pass) = (Default::default(), model.pass());
        let input = Input::new(&x, &times, &nothing);
        let found = tch::no_grad(|| model.network().forward(&input, &pass)).unwrap();
        crate::near(&found, &expected, 1e-5);
    }
    let off = recorded::difference(&model, &folder).unwrap();
    assert!(off < BOUND, "the samples are off by {off:e}");
}

#[test]
fn it_is_saved_and_loaded_by_its_class_name() {
    let Some(folder) = tweedie_testing::shared("data/ddpm-tiny") else { return };
    let model = recorded::model(&folder).unwrap();
    let place = tempfile::tempdir().unwrap();
    model.save(place.path(), |_| Ok(())).unwrap();
    let sentence = refusal(Model::load(place.path(), Device::Cpu));
    assert!(sentence.contains("TinyDdpm") && sentence.contains("UNet2DModel"), "{sentence}");
    let registry = Registry::default().with(TinyDdpm::CLASS, TinyDdpm::build);
    let back = Model::load_with(&registry, place.path(), Device::Cpu).unwrap();
    assert_eq!(back.description(), model.description());
    let draw = |model: &Model| {
        let noise = StreamNoise::new(1, 0);
        let sampling = model.sampling().clone();
        model.sample(&[1, 1, 28, 28], &sampling, Condition::none(), &noise, &mut ()).unwrap()
    };
    assert!(draw(&back).equal(&draw(&model)));
}

#[test]
fn a_missing_checkpoint_is_a_sentence() {
    let empty = tempfile::tempdir().unwrap();
    let error = recorded::model(empty.path()).unwrap_err().to_string();
    assert!(error.contains("ddpm_mnist.safetensors does not exist"), "{error}");
}
