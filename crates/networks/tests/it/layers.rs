//! Layers against their formulas and laws.

use crate::formula::{self, greatest};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use tweedie_networks::layers::{
    FourierFeatures, LayerNorm, Linear, MultiHeadAttention, RmsNorm, Start, from_tokens, to_tokens,
};
use tweedie_networks::{Derivatives, Error, Parameters, Pass};
use tweedie_torch::Precision;

const PASS: fn() -> Pass = || Pass::inference(Precision::F32);

fn parameters() -> Parameters {
    Parameters::new(Device::Cpu, 2)
}

/// Tokens whose mean is not 0.
fn tokens() -> Tensor {
    formula::tensor(&[2, 5, 8], formula::X, 2.0) + 0.7
}

#[test]
fn layer_norm_is_its_formula() {
    let mut parameters = parameters();
    let norm = LayerNorm::new(parameters.root().sub("norm"), 8, 1e-3).unwrap();
    let x = tokens();
    let wide = x.to_kind(Kind::Double);
    let centred = &wide - wide.mean_dim(&[-1i64][..], true, Kind::Double);
    let variance = centred.square().mean_dim(&[-1i64][..], true, Kind::Double);
    let plain = centred / (variance + 1e-3).sqrt();
    assert!(greatest(&(norm.forward(&x) - &plain)) < 1e-5, "scale 1 and shift 0 at first");
    formula::fill_all(&parameters);
    let [weight, bias] = ["norm.weight", "norm.bias"].map(|name| parameters.get(name).unwrap());
    assert!(greatest(&(norm.forward(&x) - (plain * weight + bias))) < 1e-5);
    let half = x.to_kind(Kind::BFloat16);
    assert_eq!(norm.forward(&half).kind(), Kind::BFloat16);
    let off = norm.forward(&half).to_kind(Kind::Float) - norm.forward(&half.to_kind(Kind::Float));
    assert!(greatest(&off) < 2e-2, "one rounding to bf16");
}

#[test]
fn rms_norm_is_its_formula() {
    let mut parameters = parameters();
    let norm = RmsNorm::new(parameters.root().sub("norm"), 8, 1e-3).unwrap();
    formula::fill_all(&parameters);
    let x = tokens();
    let wide = x.to_kind(Kind::Double);
    let mean_square = wide.square().mean_dim(&[-1i64][..], true, Kind::Double);
    let expected = wide / (mean_square + 1e-3).sqrt() * parameters.get("norm.weight").unwrap();
    assert!(greatest(&(norm.forward(&x) - expected)) < 1e-5);
    assert_eq!(parameters.iter().count(), 1);
    let half = x.to_kind(Kind::BFloat16);
    assert_eq!(norm.forward(&half).kind(), Kind::BFloat16);
    // Without ε's share, length does not matter.
    let mut parameters = self::parameters();
    let sharp = RmsNorm::new(parameters.root(), 8, 1e-12).unwrap();
    assert!(greatest(&(sharp.forward(&(&x * 16.0)) - sharp.forward(&x))) < 1e-5);
}

#[test]
fn attention_follows_a_permutation_of_its_tokens() {
    let mut parameters = parameters();
    let attention = MultiHeadAttention::new(parameters.root().sub("attention"), 8, 4).unwrap();
    assert!(greatest(&attention.forward(&tokens(), &PASS())) == 0.0, "a branch begins as nothing");
    formula::fill_all(&parameters);
    let order = Tensor::from_slice(&[3i64, 0, 4, 1, 2]);
    for derivatives in [Derivatives::None, Derivatives::First, Derivatives::Second] {
        let forward = |x: &Tensor| attention.forward(x, &Pass { derivatives, ..PASS() });
        let y = forward(&tokens());
        assert!(greatest(&(&y - y.index_select(1, &order))) > 1e-2, "all tokens are alike");
        let off = forward(&tokens().index_select(1, &order)) - y.index_select(1, &order);
        assert!(greatest(&off) < 1e-5, "{derivatives:?}");
        // Every token is seen by every other.
        let other = tokens();
        let _ = other.narrow(1, 4, 1).fill_(3.0);
        let moved = (forward(&other) - y).abs().amax(&[0i64, 2][..], false);
        assert!(moved.min().double_value(&[]) > 1e-4, "{derivatives:?}");
    }
    // A single token attends to itself.
    let linear = |name: &str, x: &Tensor| {
        let [weight, bias] =
            ["weight", "bias"].map(|kind| parameters.get(&format!("attention.{name}.{kind}")).unwrap());
        x.linear(weight, Some(bias))
    };
    let one = tokens().narrow(1, 0, 1);
    let expected = linear("to_out.0", &linear("to_v", &one));
    assert!(greatest(&(attention.forward(&one, &PASS()) - expected)) < 1e-5);
    let shared = attention.share();
    assert!(shared.forward(&tokens(), &PASS()).equal(&attention.forward(&tokens(), &PASS())));
}

#[test]
fn heads_must_make_up_the_channels() {
    for head_dim in [0, -1, 3, 16] {
        let error = MultiHeadAttention::new(parameters().root(), 8, head_dim).unwrap_err();
        assert!(matches!(error, Error::Config { key: "attention_head_dim", .. }), "{error}");
        assert!(error.to_string().contains("(1, 2, 4, 8)"), "{error}");
    }
}

#[test]
fn a_name_is_taken_once() {
    let mut parameters = parameters();
    let mut root = parameters.root();
    Linear::new(root.sub("map"), 2, 2, Start::Default).unwrap();
    let error = LayerNorm::new(root.sub("map"), 2, 1e-5).unwrap_err();
    assert_eq!(error, Error::DuplicateName("map.weight".into()));
}

#[test]
fn fourier_features_are_pairs_of_unit_length_and_periodic() {
    let mut parameters = parameters();
    let features = FourierFeatures::new(parameters.root().sub("features"), 2, 6, 3.0).unwrap();
    assert!(parameters.iter().all(|parameter| !parameter.trained && !parameter.tensor.requires_grad()));
    let x = formula::tensor(&[7, 2], formula::X, 2.0);
    let y = features.forward(&x);
    assert_eq!((y.size(), y.kind()), (vec![7, 12], Kind::Float));
    let halves = y.chunk(2, 1);
    assert!(greatest(&(halves[0].square() + halves[1].square() - 1.0)) < 1e-5);
    let frequencies = parameters.get("features.frequencies").unwrap();
    let angle = x.to_kind(Kind::Double).matmul(&frequencies.to_kind(Kind::Double)) * std::f64::consts::TAU;
    assert!(greatest(&(&halves[0] - angle.sin())) < 1e-4 && greatest(&(&halves[1] - angle.cos())) < 1e-4);
    // Whole frequencies have the period 1 in each coordinate.
    let whole =
        Tensor::from_slice(&[1f32, 2.0, -3.0, 0.0, 5.0, 1.0, 2.0, -1.0, 1.0, 4.0, 0.0, 3.0]).reshape([2, 6]);
    tch::no_grad(|| frequencies.shallow_clone().copy_(&whole));
    for step in [[1f32, 0.0], [0.0, 1.0], [2.0, -1.0]] {
        let moved = features.forward(&(&x + Tensor::from_slice(&step)));
        assert!(greatest(&(moved - features.forward(&x))) < 1e-4, "{step:?}");
    }
    assert!(greatest(&(features.forward(&(&x + 0.3)) - features.forward(&x))) > 0.1);
}

/// Of an image whose value is its patch's number, in rows, the i-th token holds i alone.
#[test]
fn tokens_are_patches_in_rows() {
    let numbers = Tensor::arange(6, (Kind::Float, Device::Cpu)).reshape([1, 1, 2, 3]);
    let image = numbers.upsample_nearest2d([4, 6], None, None);
    let tokens = to_tokens(&image, 2);
    assert_eq!(tokens.size(), [1, 6, 4]);
    assert!(tokens.equal(&numbers.reshape([1, 6, 1]).expand([1, 6, 4], false)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_and_images_are_inverse(n in 1..=3i64, c in 1..=4i64, h in 1..=4i64, w in 1..=4i64, p in 1..=4i64) {
        let image = formula::tensor(&[n, c, h * p, w * p], formula::X, 1.0);
        let tokens = to_tokens(&image, p);
        prop_assert_eq!(tokens.size(), [n, h * w, c * p * p]);
        prop_assert!(from_tokens(&tokens, p, [h * p, w * p]).equal(&image));
        let tokens = formula::tensor(&[n, h * w, c * p * p], formula::CLASS, 1.0);
        prop_assert!(to_tokens(&from_tokens(&tokens, p, [h * p, w * p]), p).equal(&tokens));
    }
}
