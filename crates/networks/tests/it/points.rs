//! The network of points: what it returns, what it depends on, what it refuses.

use crate::formula::{self, greatest};
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Error, Input, Network, Pass, PointMlp, PointMlpConfig};
use tweedie_torch::{Precision, with_seed};

const PASS: fn() -> Pass = || Pass::inference(Precision::F32);

/// A small network of points in three dimensions.
pub fn config() -> PointMlpConfig {
    PointMlpConfig { dimensions: 3, outputs: 4, width: 16, blocks: 2, ..PointMlpConfig::default() }
}

fn filled(config: &PointMlpConfig) -> PointMlp {
    let network = PointMlp::new(config, Device::Cpu, 0).unwrap();
    formula::fill_all(network.parameters());
    network
}

fn x(n: i64) -> Tensor {
    formula::tensor(&[n, 3], formula::X, 1.5)
}

fn times(n: i64) -> Tensor {
    Tensor::arange(n, (Kind::Float, Device::Cpu)) * 0.3 + 0.1
}

fn labels(numbers: &[i64]) -> Condition {
    Condition::class(Tensor::from_slice(numbers))
}

fn forward(network: &PointMlp, x: &Tensor, condition: &Condition, pass: &Pass) -> Tensor {
    network.forward(&Input::new(x, &times(x.size()[0]), condition), pass).unwrap()
}

#[test]
fn one_output_per_point_however_it_is_computed() {
    for (point_frequencies, time_embedding_type, classes) in
        [(32, "fourier", None), (0, "fourier", Some(3)), (5, "positional", None), (0, "positional", Some(3))]
    {
        let config = PointMlpConfig {
            point_frequencies,
            time_embedding_type: time_embedding_type.into(),
            num_class_embeds: classes,
            ..config()
        };
        let network = filled(&config);
        let condition = classes.map_or_else(Condition::default, |_| labels(&[2, 0, 1, 1, 0]));
        let y = forward(&network, &x(5), &condition, &PASS());
        assert_eq!((y.size(), y.kind()), (vec![5, 4], Kind::Float), "{config:?}");
        assert!(greatest(&y) > 1e-2);
        for derivatives in [Derivatives::First, Derivatives::Second] {
            let pass = Pass { derivatives, channels_last: true, gradient_checkpointing: true, ..PASS() };
            assert!(forward(&network, &x(5), &condition, &pass).equal(&y), "{pass:?}");
        }
        let half = forward(&network, &x(5), &condition, &Pass { precision: Precision::Bf16, ..PASS() });
        let off = greatest(&(&half - &y)) / greatest(&y);
        assert!(half.kind() == Kind::Float && (1e-4..5e-2).contains(&off), "{off:e} off in bf16");
        let wide = forward(&network, &x(5).to_kind(Kind::Double), &condition, &PASS());
        assert!(wide.kind() == Kind::Float && wide.equal(&y), "x in f64");
        let accepts = network.accepts();
        assert_eq!((accepts.channels, accepts.outputs, accepts.class_rows), (3, 4, classes));
        assert!(
            accepts.size == Some(vec![]) && !accepts.has_time_table && network.check_sides(&[8, 8]).is_err()
        );
    }
}

#[test]
fn a_fresh_network_returns_exactly_zero() {
    for act_fn in ["silu", "swish", "mish", "gelu", "relu"] {
        let network =
            PointMlp::new(&PointMlpConfig { act_fn: act_fn.into(), ..config() }, Device::Cpu, 3).unwrap();
        let y = forward(&network, &x(5), &Condition::default(), &Pass::training(Precision::F32));
        assert!(y.equal(&y.zeros_like()), "{act_fn}");
        let features = network.parameters().iter().filter(|parameter| !parameter.trained);
        let names: Vec<_> = features.map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["point_features.frequencies", "time_features.frequencies"]);
    }
}

#[test]
fn points_are_computed_one_by_one() {
    let network = filled(&config());
    let y = forward(&network, &x(6), &Condition::default(), &PASS());
    let order = Tensor::from_slice(&[4i64, 1, 5, 0, 3, 2]);
    let of = |tensor: &Tensor| tensor.index_select(0, &order);
    let (points, time, condition) = (of(&x(6)), of(&times(6)), Condition::default());
    let found = network.forward(&Input::new(&points, &time, &condition), &PASS()).unwrap();
    assert!(greatest(&(found - of(&y))) < 1e-5);
}

#[test]
fn every_parameter_the_point_the_time_and_the_class_matter() {
    for kind in ["fourier", "positional"] {
        let time_embedding_type = kind.to_string();
        let network = filled(&PointMlpConfig { time_embedding_type, num_class_embeds: Some(3), ..config() });
        let (x, time) = (x(6).set_requires_grad(true), times(6).set_requires_grad(true));
        let condition = labels(&[0, 1, 2, 0, 1, 2]);
        let y = network.forward(&Input::new(&x, &time, &condition), &PASS()).unwrap();
        let trained = || network.parameters().iter().filter(|parameter| parameter.trained);
        let mut inputs = vec![x, time];
        inputs.extend(trained().map(|parameter| parameter.tensor.shallow_clone()));
        let gradients = Tensor::run_backward(&[formula::weighed(&y)], &inputs, false, false);
        let names = ["x", "time"].into_iter().chain(trained().map(|parameter| parameter.name.as_str()));
        for (name, gradient) in names.zip(&gradients) {
            assert!(greatest(gradient) > 1e-5, "nothing depends on {name} with {kind} times");
        }
        for gradient in &gradients[..2] {
            assert!(gradient.abs().min().double_value(&[]) > 0.0, "a coordinate or a time does not matter");
        }
    }
}

#[test]
fn dropout_follows_the_seed_and_acts_in_training_alone() {
    let (usual, dropping) = (filled(&config()), filled(&PointMlpConfig { dropout: 0.5, ..config() }));
    assert_eq!((usual.dropout(), dropping.dropout()), (0.0, 0.5));
    let train = Pass::training(Precision::F32);
    let run = |network: &PointMlp, pass: &Pass| forward(network, &x(5), &Condition::default(), pass).detach();
    let drawn = |seed| with_seed(seed, || run(&dropping, &train));
    let (first, same, other) = (drawn(1), drawn(1), drawn(2));
    assert!(first.equal(&same) && greatest(&(&first - &other)) > 1e-2);
    let kept = run(&usual, &PASS());
    assert!(run(&dropping, &PASS()).equal(&kept), "dropout acts outside training");
    assert!(run(&usual, &train).equal(&kept), "training without dropout is another function");
    assert!(greatest(&(&first - &kept)) > 1e-2, "dropout does not act in training");
}

#[test]
fn every_wrong_key_is_named() {
    type Change = fn(&mut PointMlpConfig);
    let cases: [(&str, &str, Change); 19] = [
        ("dimensions", "0", |c| c.dimensions = 0),
        ("dimensions", "65537", |c| c.dimensions = 65_537),
        ("outputs", "-1", |c| c.outputs = -1),
        ("width", "0", |c| c.width = 0),
        ("width", "9223372036854775807", |c| c.width = i64::MAX),
        ("blocks", "0", |c| c.blocks = 0),
        ("point_frequencies", "-1", |c| c.point_frequencies = -1),
        ("point_frequencies", "65537", |c| c.point_frequencies = 65_537),
        ("time_frequencies", "0", |c| c.time_frequencies = 0),
        ("num_class_embeds", "0", |c| c.num_class_embeds = Some(0)),
        ("point_scale", "0", |c| c.point_scale = 0.0),
        ("point_scale", "NaN", |c| c.point_scale = f64::NAN),
        ("time_scale", "-2", |c| c.time_scale = -2.0),
        ("time_scale", "inf", |c| c.time_scale = f64::INFINITY),
        ("time_embedding_type", "learned", |c| c.time_embedding_type = "learned".into()),
        ("dropout", "1", |c| c.dropout = 1.0),
        ("dropout", "-0.1", |c| c.dropout = -0.1),
        ("dropout", "NaN", |c| c.dropout = f64::NAN),
        ("act_fn", "tanh", |c| c.act_fn = "tanh".into()),
    ];
    for (key, value, change) in cases {
        let mut config = config();
        change(&mut config);
        let error = PointMlp::new(&config, Device::Cpu, 0).unwrap_err();
        let Error::Config { key: named, found, .. } = &error else { panic!("{error:?}") };
        assert!(*named == key && found.contains(value), "{key} = {value}: {error}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let (plain, table) =
        (filled(&config()), filled(&PointMlpConfig { num_class_embeds: Some(3), ..config() }));
    let none = Condition::default;
    let vector = || Condition::vector(x(2));
    let both = || Condition { vector: vector().vector, ..labels(&[0, 1]) };
    let cases: [(&PointMlp, &[i64], i64, Condition, &str); 17] = [
        (&plain, &[2, 4], 2, none(), "[2, 4]; it must be (N, 3)"),
        (&plain, &[3], 3, none(), "[3]; it must be (N, 3)"),
        (&plain, &[2, 3, 1], 2, none(), "it must be (N, 3)"),
        (&plain, &[0, 3], 0, none(), "at least one point"),
        (&plain, &[], 1, none(), "it must be (N, 3)"),
        (&plain, &[2, 3], 3, none(), "time has shape [3]; it must be one number per point, (2)"),
        (&plain, &[2, 3], 2, labels(&[0, 1]), "is a class; this network is conditioned on time alone"),
        (&plain, &[2, 3], 2, vector(), "is a vector; this network is conditioned on time alone"),
        (
            &plain,
            &[2, 3],
            2,
            Condition::image(x(2)),
            "is an image; this network is conditioned on time alone",
        ),
        (&table, &[2, 3], 2, none(), "is missing; this network needs class numbers 0 … 2"),
        (&table, &[2, 3], 2, vector(), "is a vector; this network needs class numbers 0 … 2"),
        (&table, &[2, 3], 2, both(), "is a class and a vector; this network needs class numbers 0 … 2"),
        (&table, &[2, 3], 2, Condition::number(times(2)), "is a number; this network needs class numbers"),
        (&table, &[2, 3], 2, labels(&[0]), "shape [1]; it must be one class number per point, (2)"),
        (&table, &[2, 3], 2, labels(&[0, 3]), "rows 0 … 2"),
        (&table, &[2, 3], 2, labels(&[-1, 0]), "rows 0 … 2"),
        (&table, &[2, 3], 2, Condition::class(times(2)), "undefined between its rows"),
    ];
    for (network, shape, n, condition, part) in cases {
        let (x, time) = (formula::tensor(shape, formula::X, 1.0), times(n));
        match network.forward(&Input::new(&x, &time, &condition), &PASS()) {
            Err(Error::Input(sentence)) => assert!(sentence.contains(part), "{part} is not in: {sentence}"),
            other => panic!("{part}: {other:?}"),
        }
    }
}
