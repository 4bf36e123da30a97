//! Conditions beside time: images, and several conditions summed by an encoder.

use crate::config::small;
use crate::formula::{self, greatest};
use crate::points;
use tch::{Device, Kind, Tensor};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{
    Condition, ConditionEncoder, ConditionEncoderConfig, Error, Input, Network, NoisyClassifier,
    NoisyClassifierConfig, Pass, PointMlp, UNet, UNetConfig,
};
use tweedie_torch::Precision;

const PASS: fn() -> Pass = || Pass::inference(Precision::F32);

fn unet(config: &UNetConfig) -> UNet {
    let network = UNet::new(config, Device::Cpu, 0).unwrap();
    formula::fill(&network);
    network
}

fn time() -> Tensor {
    Tensor::from_slice(&[3f32, 19.0])
}

fn forward(network: &dyn Network, x: &Tensor, condition: &Condition, pass: &Pass) -> Result<Tensor, Error> {
    network.forward(&Input::new(x, &time(), condition), pass)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Input(sentence)) => sentence,
        other => panic!("it should be refused as an input, and was {other:?}"),
    }
}

#[test]
fn an_image_condition_is_more_channels_of_x() {
    let x = formula::tensor(&[2, 3, 8, 8], formula::X, 1.0);
    let image = formula::tensor(&[2, 2, 8, 8], formula::CLASS, 1.0);
    let joined = Tensor::cat(&[&x, &image], 1);
    for (center_input_sample, classes) in [(false, None), (true, Some(4))] {
        let network =
            unet(&UNetConfig { in_channels: 5, center_input_sample, num_class_embeds: classes, ..small() });
        assert_eq!(network.accepts().channels, 5);
        let class = || classes.map(|_| Tensor::from_slice(&[3i64, 0]));
        for precision in [Precision::F32, Precision::Bf16] {
            for channels_last in [false, true] {
                let pass = Pass { channels_last, ..Pass::inference(precision) };
                let beside = Condition { class: class(), ..Condition::image(image.shallow_clone()) };
                let alone = Condition { class: class(), ..Condition::default() };
                let expected = forward(&network, &joined, &alone, &pass).unwrap();
                assert!(forward(&network, &x, &beside, &pass).unwrap().equal(&expected), "{pass:?}");
                let beside = Condition { image: Some(&image + 0.5), ..beside };
                assert!(greatest(&(forward(&network, &x, &beside, &pass).unwrap() - expected)) > 1e-3);
            }
        }
    }
}

#[test]
fn images_that_do_not_fit_are_refused_with_both_shapes() {
    let (network, plain) =
        (unet(&UNetConfig { in_channels: 5, ..small() }), unet(&UNetConfig { in_channels: 3, ..small() }));
    let x = formula::tensor(&[2, 3, 8, 8], formula::X, 1.0);
    let image = |shape: &[i64]| Condition::image(formula::tensor(shape, formula::CLASS, 1.0));
    for shape in [&[2, 2, 4, 4][..], &[1, 2, 8, 8], &[2, 2, 8, 6], &[2, 8, 8], &[2, 2, 8, 8, 1], &[]] {
        let sentence = refusal(forward(&network, &x, &image(shape), &PASS()));
        assert!(sentence.contains(&format!("{shape:?}")) && sentence.contains("[2, 3, 8, 8]"), "{sentence}");
    }
    for (network, condition, part) in [
        (&network, Condition::default(), "x has 3 channels; this network takes 5"),
        (&network, image(&[2, 1, 8, 8]), "x has 3 channels and the image condition 1; this network takes 5"),
        (&network, image(&[2, 3, 8, 8]), "x has 3 channels and the image condition 3; this network takes 5"),
        (&plain, image(&[2, 2, 8, 8]), "x has 3 channels and the image condition 2; this network takes 3"),
        (&plain, image(&[2, 0, 8, 8]), "the image condition has shape [2, 0, 8, 8]"),
    ] {
        let sentence = refusal(forward(network, &x, &condition, &PASS()));
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
}

#[test]
fn a_classifier_is_conditioned_on_time_alone() {
    let encoder = UNetConfig { sample_size: Some(SampleSize::Square(8)), in_channels: 3, ..small() };
    let network =
        NoisyClassifier::new(&NoisyClassifierConfig { n_classes: 3, encoder }, Device::Cpu, 0).unwrap();
    let x = |channels: i64| formula::tensor(&[2, channels, 8, 8], formula::X, 1.0);
    let class = Condition::class(Tensor::from_slice(&[0i64, 1]));
    let sentence = refusal(forward(&network, &x(3), &class, &PASS()));
    assert!(sentence.contains("is a class; this network is conditioned on time alone"), "{sentence}");
    let sentence = refusal(forward(&network, &x(3), &Condition::image(x(2)), &PASS()));
    assert!(sentence.contains("image condition 2; this network takes 3"), "{sentence}");
    let points = PointMlp::new(&points::config(), Device::Cpu, 0).unwrap();
    assert!(points.accepts().class_rows.is_none() && network.accepts().class_rows.is_none());
}

/// An encoder of some of three parts: 4 classes, a number, a vector of 6.
fn encoder(class: bool, number: bool, vector: bool) -> ConditionEncoder {
    let config = ConditionEncoderConfig {
        width: 32,
        class_rows: class.then_some(4),
        number_features: number.then_some(10),
        vector: vector.then_some(6),
    };
    ConditionEncoder::new(&config, Device::Cpu, 1).unwrap()
}

/// The same choice of parts of one condition.
fn parts(class: bool, number: bool, vector: bool) -> Condition {
    Condition {
        class: class.then(|| Tensor::from_slice(&[3i64, 0])),
        number: number.then(|| Tensor::from_slice(&[0.5f32, 40.0])),
        vector: vector.then(|| formula::tensor(&[2, 6], formula::CLASS, 1.0)),
        image: None,
    }
}

const CHOICES: [[bool; 3]; 7] = [
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
    [true, true, true],
];

#[test]
fn an_encoder_sums_its_parts() {
    let whole = encoder(true, true, true);
    formula::fill_all(whole.parameters());
    let encoded: Vec<Tensor> = CHOICES
        .iter()
        .map(|&[class, number, vector]| {
            let part = encoder(class, number, vector);
            for parameter in part.parameters().iter() {
                let value = whole.parameters().get(&parameter.name).unwrap();
                tch::no_grad(|| parameter.tensor.shallow_clone().copy_(value));
            }
            let encoded = part.encode(&parts(class, number, vector), &PASS()).unwrap();
            assert!(encoded.class.is_none() && encoded.number.is_none() && encoded.image.is_none());
            let vector = encoded.vector.unwrap();
            assert_eq!((vector.size(), vector.kind()), (vec![2, 32], Kind::Float));
            vector
        })
        .collect();
    let [class, number, vector, ..] = encoded.as_slice() else { panic!() };
    for part in [class, number, vector] {
        assert!(greatest(part) > 1e-2 && greatest(&(part.get(0) - part.get(1))) > 1e-2);
    }
    let sums = [class + number, class + vector, number + vector, class + number + vector];
    for (sum, found) in sums.iter().zip(&encoded[3..]) {
        assert!(greatest(&(sum - found)) < 1e-6);
    }
    // The class' own row; the vector's own map.
    let table = whole.parameters().get("class_embedding.weight").unwrap();
    assert!(class.equal(&table.index_select(0, &Tensor::from_slice(&[3i64, 0]))));
    let [weight, bias] =
        ["weight", "bias"].map(|it| whole.parameters().get(&format!("vector_projection.{it}")).unwrap());
    let given = parts(false, false, true).vector.unwrap();
    assert!(greatest(&(given.matmul(&weight.tr()) + bias - vector)) < 1e-6);
}

#[test]
fn an_image_passes_through_an_encoder() {
    let image = formula::tensor(&[2, 1, 4, 4], formula::X, 1.0);
    let condition = Condition { image: Some(image.shallow_clone()), ..parts(true, false, false) };
    let encoded = encoder(true, false, false).encode(&condition, &PASS()).unwrap();
    assert!(encoded.image.unwrap().equal(&image) && encoded.vector.is_some());
}

#[test]
fn an_encoders_wrong_keys_are_named() {
    type Change = fn(&mut ConditionEncoderConfig);
    let cases: [(&str, Change); 7] = [
        ("width", |c| c.width = 0),
        ("width", |c| c.width = i64::MAX),
        ("class_rows", |c| c.class_rows = Some(0)),
        ("number_features", |c| c.number_features = Some(-2)),
        // One feature would be none and a padding.
        ("number_features", |c| c.number_features = Some(1)),
        ("vector", |c| c.vector = Some(0)),
        ("class_rows", |c| c.class_rows = None),
    ];
    for (key, change) in cases {
        let mut config = ConditionEncoderConfig { class_rows: Some(3), ..ConditionEncoderConfig::default() };
        change(&mut config);
        match ConditionEncoder::new(&config, Device::Cpu, 0) {
            Err(Error::Config { key: named, .. }) => assert_eq!(named, key),
            other => panic!("{key}: {other:?}"),
        }
    }
    let json = serde_json::to_value(encoder(true, true, false).config()).unwrap();
    let again: ConditionEncoderConfig = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&again, encoder(true, true, false).config());
    let mut more = json;
    more["clas_rows"] = 3.into();
    let sentence = serde_json::from_value::<ConditionEncoderConfig>(more).unwrap_err().to_string();
    assert!(sentence.contains("clas_rows"), "{sentence}");
}

#[test]
fn conditions_that_an_encoder_does_not_take_are_refused() {
    for [class, number, vector] in CHOICES {
        let encoder = encoder(class, number, vector);
        for given in CHOICES.into_iter().chain([[false; 3]]) {
            let result = encoder.encode(&parts(given[0], given[1], given[2]), &PASS());
            let names = ["a class", "a number", "a vector"];
            let wrong = (0..3).find(|&i| given[i] != [class, number, vector][i]);
            match wrong {
                None => assert!(result.is_ok()),
                Some(i) => {
                    let sentence = refusal(result);
                    let found = if given[i] { "given" } else { "missing" };
                    assert!(sentence.contains(names[i]) && sentence.contains(found), "{sentence}");
                }
            }
        }
    }
    let encoder = encoder(true, true, true);
    let whole = || parts(true, true, true);
    let numbers = |n: i64| Some(Tensor::ones([n], (Kind::Float, Device::Cpu)));
    let cases = [
        (Condition { class: Some(Tensor::from_slice(&[0i64, 4])), ..whole() }, "rows 0 … 3"),
        (Condition { class: Some(Tensor::from_slice(&[0i64])), ..whole() }, "number has shape [2]"),
        (
            Condition { class: Some(Tensor::from_slice(&[[0i64], [1]].concat()).reshape([2, 1])), ..whole() },
            "class has shape [2, 1]",
        ),
        (Condition { number: numbers(1), ..whole() }, "number has shape [1]"),
        (Condition { number: numbers(3), ..whole() }, "number has shape [3]"),
        (
            Condition { vector: Some(formula::tensor(&[2, 5], formula::X, 1.0)), ..whole() },
            "vector has shape [2, 5]",
        ),
        (
            Condition { vector: Some(formula::tensor(&[1, 6], formula::X, 1.0)), ..whole() },
            "vector has shape [1, 6]",
        ),
    ];
    for (condition, part) in cases {
        let sentence = refusal(encoder.encode(&condition, &PASS()));
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
}

/// A class table inside a U-Net, the same table's rows as its vector, and an encoder with that table are one function.
#[test]
fn a_unet_takes_an_encoders_vector() {
    let table = unet(&UNetConfig { num_class_embeds: Some(4), ..small() });
    let identity = unet(&UNetConfig { class_embed_type: Some("identity".into()), ..small() });
    let encoder = encoder(true, false, false);
    assert_eq!(identity.accepts().vector, Some(encoder.config().width));
    for parameters in [identity.parameters(), encoder.parameters()] {
        for parameter in parameters.iter() {
            let value = table.parameters().get(&parameter.name).unwrap();
            tch::no_grad(|| parameter.tensor.shallow_clone().copy_(value));
        }
    }
    let x = formula::tensor(&[2, 2, 8, 8], formula::X, 1.0);
    for precision in [Precision::F32, Precision::Bf16] {
        let pass = Pass::inference(precision);
        let class = parts(true, false, false);
        let expected = forward(&table, &x, &class, &pass).unwrap();
        let encoded = encoder.encode(&class, &pass).unwrap();
        assert!(forward(&identity, &x, &encoded, &pass).unwrap().equal(&expected), "{precision:?}");
        let nothing = Condition::vector(Tensor::zeros([2, 32], (Kind::Float, Device::Cpu)));
        assert!(greatest(&(forward(&identity, &x, &nothing, &pass).unwrap() - expected)) > 1e-3);
    }
    let all = self::encoder(true, true, true).encode(&parts(true, true, true), &PASS()).unwrap();
    assert!(forward(&identity, &x, &all, &PASS()).is_ok());
}
