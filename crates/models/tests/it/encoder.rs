//! Several conditions at once, by an encoder whose vector the network takes.

use crate::{description, images, random, random_weights, refusal, tiny};
use tch::{Device, Tensor};
use tweedie_math::Parameterization;
use tweedie_models::{Condition, Model};
use tweedie_networks::{Condition as Tensors, ConditionEncoder, ConditionEncoderConfig, Input, UNetConfig};
use tweedie_samplers::Denoiser;

/// The width of the tiny network's time embedding.
const WIDTH: i64 = 32;

fn network() -> UNetConfig {
    UNetConfig { class_embed_type: Some("identity".into()), ..tiny() }
}

fn encoder(width: i64) -> ConditionEncoder {
    let config =
        ConditionEncoderConfig { width, class_rows: Some(3), number_features: Some(8), vector: None };
    let encoder = ConditionEncoder::new(&config, Device::Cpu, 5).unwrap();
    random_weights(encoder.parameters(), 6);
    encoder
}

fn model() -> Model {
    let model = random(&network(), description(Parameterization::Epsilon), 4);
    model.with_encoder(encoder(WIDTH)).unwrap()
}

fn condition(model: &Model, classes: [i64; 2]) -> Condition {
    let image_levels = Some([3, 9].map(|time| model.process().level(time)).to_vec());
    Condition { classes: Some(classes.to_vec()), image: None, image_levels }
}

fn eps(model: &Model, classes: [i64; 2]) -> Tensor {
    let (x, level) = (images(2, 1), model.process().level(7));
    tch::no_grad(|| model.given(condition(model, classes)).denoise(&x, level.into())).unwrap().eps
}

#[test]
fn the_networks_vector_is_the_encoders() {
    let model = model();
    assert_eq!((model.class_rows(), model.n_classes()), (Some(3), Some(3)));
    let (encoder, pass) = (encoder(WIDTH), model.pass());
    let tensors = Tensors {
        class: Some(Tensor::from_slice(&[2i64, 0])),
        number: Some(Tensor::from_slice(&[2f32, 8.0])),
        ..Tensors::default()
    };
    let encoded = tch::no_grad(|| encoder.encode(&tensors, &pass)).unwrap();
    let (x, time) = (images(2, 1), Tensor::from_slice(&[6f32, 6.0]));
    let input = Input::new(&x, &time, &encoded);
    let by_hand = tch::no_grad(|| model.network().forward(&input, &pass)).unwrap();
    assert!(eps(&model, [2, 0]).equal(&by_hand));
    assert!(!eps(&model, [1, 0]).equal(&by_hand));
}

#[test]
fn an_encoder_is_saved_with_its_model() {
    let (model, place) = (model(), tempfile::tempdir().unwrap());
    model.save(place.path(), |_| Ok(())).unwrap();
    let back = Model::load(place.path(), Device::Cpu).unwrap();
    assert_eq!(back.encoder().unwrap().config(), model.encoder().unwrap().config());
    assert!(eps(&back, [2, 0]).equal(&eps(&model, [2, 0])));
    assert!(back.parameters().map(|it| &it.name).eq(model.parameters().map(|it| &it.name)));
    std::fs::remove_file(place.path().join("condition_encoder/diffusion_pytorch_model.safetensors")).unwrap();
    let sentence = refusal(Model::load(place.path(), Device::Cpu));
    assert!(sentence.contains("condition_encoder/diffusion_pytorch_model.safetensors"), "{sentence}");
}

#[test]
fn an_encoder_that_does_not_fit_is_a_sentence() {
    let model = random(&network(), description(Parameterization::Epsilon), 4);
    let sentence = refusal(model.with_encoder(encoder(16)));
    assert!(
        sentence.contains("vectors of 16 numbers") && sentence.contains("takes vectors of 32"),
        "{sentence}"
    );
    let plain = crate::model(Parameterization::Epsilon);
    assert!(refusal(plain.with_encoder(encoder(WIDTH))).contains("takes no vector"));
}

#[test]
fn a_part_that_is_missing_is_a_sentence() {
    let (model, x) = (model(), images(2, 1));
    let level = model.process().level(7);
    let sentence = refusal(model.given(Condition::classes(vec![0, 1])).denoise(&x, level.into()));
    assert!(sentence.contains("a number is missing"), "{sentence}");
    let one = Condition { image_levels: Some(vec![level]), ..Condition::classes(vec![0, 1]) };
    let sentence = refusal(model.given(one).denoise(&x, level.into()));
    assert!(sentence.contains("found 1, expected 2"), "{sentence}");
}
