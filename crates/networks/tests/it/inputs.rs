//! Inputs that a network cannot take are refused by a sentence; those that it can are taken in any kind of number.

use crate::config::small;
use crate::formula;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Error, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

const PASS: fn() -> Pass = || Pass::inference(Precision::F32);

fn build(config: &UNetConfig) -> UNet {
    let network = UNet::new(config, Device::Cpu, 0).unwrap();
    formula::fill(&network);
    network
}

fn x(shape: &[i64]) -> Tensor {
    formula::tensor(shape, formula::X, 1.0)
}

fn time() -> Tensor {
    Tensor::from_slice(&[3f32, 19.0])
}

/// The sentence with which an input is refused.
fn refusal(network: &UNet, x: &Tensor, time: &Tensor, condition: &Condition) -> String {
    match network.forward(&Input::new(x, time, condition), &PASS()) {
        Err(Error::Input(sentence)) => sentence,
        other => panic!("it should be refused as an input, and was {other:?}"),
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let network = build(&small());
    let cases: [(&[i64], &[f32], &str); 8] = [
        (&[2, 3, 8, 8], &[1.0, 2.0], "3 channels; this network takes 2"),
        (&[2, 8, 8], &[1.0, 2.0], "[2, 8, 8]; it must be (N, C, H, W)"),
        (&[2, 2, 8, 8, 1], &[1.0, 2.0], "it must be (N, C, H, W)"),
        (&[2, 2, 8, 8], &[1.0], "one number per image, (2)"),
        (&[2, 2, 8, 8], &[1.0, 2.0, 3.0], "one number per image, (2)"),
        (&[2, 2, 7, 8], &[1.0, 2.0], "height 6 or 8, width 8"),
        (&[2, 2, 8, 11], &[1.0, 2.0], "height 8, width 10 or 12"),
        (&[2, 2, 8, 0], &[1.0, 2.0], "multiples of 2"),
    ];
    for (shape, time, part) in cases {
        let sentence = refusal(&network, &x(shape), &Tensor::from_slice(time), &Condition::default());
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
    let sentence = refusal(&network, &x(&[2, 2, 8, 8]), &time().unsqueeze(1), &Condition::default());
    assert!(sentence.contains("time has shape [2, 1]"), "{sentence}");
}

#[test]
fn conditions_must_be_those_of_the_network() {
    let labels = |numbers: &[i64]| Condition::class(Tensor::from_slice(numbers));
    let plain = build(&small());
    let table = build(&UNetConfig { num_class_embeds: Some(5), ..small() });
    let timestep = build(&UNetConfig { class_embed_type: Some("timestep".into()), ..small() });
    let identity = build(&UNetConfig { class_embed_type: Some("identity".into()), ..small() });
    let vector = |width| Condition::vector(x(&[2, width]));
    let none = Condition::default;
    let both = || Condition { vector: vector(32).vector, ..labels(&[0, 1]) };
    let cases = [
        (&plain, labels(&[0, 1]), "the condition is a class; this network is conditioned on time alone"),
        (&plain, both(), "the condition is a class and a vector; this network is conditioned on time alone"),
        (&table, none(), "the condition is missing; this network needs class numbers 0 … 4"),
        (&table, vector(32), "the condition is a vector; this network needs class numbers 0 … 4"),
        (&table, both(), "the condition is a class and a vector; this network needs class numbers 0 … 4"),
        (&table, labels(&[0]), "the condition has shape [1]; it must be [2]"),
        (&table, labels(&[0, 1, 2]), "the condition has shape [3]; it must be [2]"),
        (&table, labels(&[0, 5]), "rows 0 … 4"),
        (&table, labels(&[-1, 2]), "rows 0 … 4"),
        (&timestep, none(), "the condition is missing; this network needs a number per example"),
        (&timestep, labels(&[0, 1]), "the condition is a class; this network needs a number per example"),
        (&timestep, Condition::number(Tensor::from_slice(&[1f32])), "it must be [2]"),
        (&identity, none(), "the condition is missing; this network needs a vector per example"),
        (&identity, vector(31), "it must be [2, 32]"),
    ];
    for (network, condition, part) in cases {
        let sentence = refusal(network, &x(&[2, 2, 8, 8]), &time(), &condition);
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
    assert!(identity.forward(&Input::new(&x(&[2, 2, 8, 8]), &time(), &vector(32)), &PASS()).is_ok());
}

#[test]
fn a_learned_table_knows_its_rows_alone() {
    let config = UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(20),
        num_class_embeds: None,
        ..small()
    };
    let network = build(&config);
    assert!(network.accepts().has_time_table && !build(&small()).accepts().has_time_table);
    for (times, part) in [
        ([3f32, 20.0], "a time number is outside the network's table, which has rows 0 … 19"),
        ([-1.0, 3.0], "rows 0 … 19"),
        ([f32::NAN, 3.0], "rows 0 … 19"),
        ([f32::INFINITY, 3.0], "rows 0 … 19"),
        ([3.5, 3.0], "undefined between its rows"),
        ([3.0, 7.01], "undefined between its rows"),
    ] {
        let sentence =
            refusal(&network, &x(&[2, 2, 8, 8]), &Tensor::from_slice(&times), &Condition::default());
        assert!(sentence.contains(part), "{times:?}: {part} is not in: {sentence}");
    }
}

#[test]
fn times_and_images_are_taken_in_any_kind_of_number() {
    let learned =
        UNetConfig { time_embedding_type: "learned".into(), num_train_timesteps: Some(20), ..small() };
    for config in [small(), learned] {
        let network = build(&config);
        let images = x(&[2, 2, 8, 8]);
        let run = |x: &Tensor, time: &Tensor| {
            network.forward(&Input::new(x, time, &Condition::default()), &PASS()).unwrap()
        };
        let expected = run(&images, &time());
        for kind in [Kind::Double, Kind::Int64, Kind::Int] {
            assert!(run(&images, &time().to_kind(kind)).equal(&expected), "time in {kind:?}");
        }
        let y = run(&images.to_kind(Kind::Double), &time());
        assert!(y.kind() == Kind::Float && y.equal(&expected), "x in f64");
    }
}
