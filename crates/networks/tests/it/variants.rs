//! The same function as `diffusers`' `UNet2DModel` under every configuration key, against `fixtures/unet_variants.json`.

use crate::formula;
use serde_json::Value;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::{Precision, with_seed};

/// `diffusers` itself in f32 is up to 2.5e-6 from its own outputs in f64 (each case's `f32_differs_by`), so 1e-5 leaves
/// room for another order of sums; every key moves its case's output by a hundred times as much or more.
const OUTPUT: f64 = 1e-5;
/// Gradients may differ by this share of their length, for the same reason.
const GRADIENT: f64 = 1e-5;

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/unet_variants.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn f64s(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn i64s(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

/// FNV-1a over `name:shape;` in the alphabetical order of names.
fn signature(network: &UNet) -> String {
    let mut code = 0xCBF2_9CE4_8422_2325_u64;
    for (name, tensor) in formula::sorted(network) {
        let shape: Vec<_> = tensor.size().iter().map(ToString::to_string).collect();
        for byte in format!("{name}:{};", shape.join(",")).bytes() {
            code = (code ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    format!("{code:016x}")
}

fn condition(case: &Value) -> Condition {
    let class = case["class"].as_object().unwrap();
    let Some((kind, value)) = class.iter().next() else { return Condition::default() };
    let n = case["shape"][0].as_i64().unwrap();
    match kind.as_str() {
        "labels" => Condition::class(Tensor::from_slice(&i64s(value))),
        "timestep" => Condition::number(Tensor::from_slice(&f64s(value)).to_kind(Kind::Float)),
        "vector_width" => {
            Condition::vector(formula::tensor(&[n, value.as_i64().unwrap()], formula::CLASS, 1.0))
        }
        other => panic!("{other} is no condition"),
    }
}

/// Fails unless gradients have the recorded length, and the recorded component along a fixed direction.
fn check_gradients(name: &str, gradients: &[Tensor], recorded: &Value) {
    let (mut squares, mut along) = (0.0, 0.0);
    for (k, gradient) in gradients.iter().enumerate() {
        let flat = gradient.to_kind(Kind::Double).flatten(0, -1);
        squares += flat.dot(&flat).double_value(&[]);
        let direction = Tensor::from_slice(&formula::numbers(flat.numel(), formula::DIRECTION + k as i64));
        along += flat.dot(&direction).double_value(&[]);
    }
    let bound = GRADIENT * recorded["norm"].as_f64().unwrap();
    for (what, found) in [("norm", squares.sqrt()), ("along", along)] {
        let expected = recorded[what].as_f64().unwrap();
        let off = (found - expected).abs();
        assert!(off <= bound, "{name}: {what} is {found}, recorded {expected}; {off:e} > {bound:e}");
    }
}

fn check(case: &Value, network: &UNet, derivatives: Derivatives) {
    let name = format!("{} with {derivatives:?}", case["name"].as_str().unwrap());
    let train_seed = case["train_seed"].as_u64();
    let pass = Pass { derivatives, train: train_seed.is_some(), ..Pass::inference(Precision::F32) };
    let x = formula::tensor(&i64s(&case["shape"]), formula::X, 3f64.sqrt()).set_requires_grad(true);
    let time = Tensor::from_slice(&f64s(&case["time"])).to_kind(Kind::Float);
    let condition = condition(case);
    let forward = || network.forward(&Input::new(&x, &time, &condition), &pass).unwrap();
    let y = train_seed.map_or_else(forward, |seed| with_seed(seed, forward));

    let expected = Tensor::from_slice(&f64s(&case["output"])).reshape(y.size());
    let off = (y.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
    assert!(off < OUTPUT, "{name}: the output differs by {off:e}");

    let trained: Vec<Tensor> =
        formula::sorted(network).into_iter().map(|(_, p)| p).filter(Tensor::requires_grad).collect();
    let mut inputs = vec![x.shallow_clone()];
    inputs.extend(trained.iter().map(Tensor::shallow_clone));
    let gradients = Tensor::run_backward(&[formula::weighed(&y)], &inputs, false, false);
    check_gradients(&format!("{name}: gradient of x"), &gradients[..1], &case["x_gradient"]);
    check_gradients(&format!("{name}: gradient"), &gradients[1..], &case["parameter_gradient"]);
}

#[test]
fn every_key_is_diffusers() {
    for case in cases() {
        let config: UNetConfig = serde_json::from_value(case["config"].clone()).unwrap();
        let network = UNet::new(&config, Device::Cpu, 0).unwrap();
        let name = case["name"].as_str().unwrap();
        let found = formula::sorted(&network);
        assert!(
            found.len() == case["n_parameters"].as_u64().unwrap() as usize
                && signature(&network) == case["signature"].as_str().unwrap(),
            "{name}: names or shapes are not those of `cargo xtask fixtures unet_variants --names {name}`: {:?}",
            found.iter().map(|(name, tensor)| (name, tensor.size())).collect::<Vec<_>>()
        );
        formula::fill(&network);
        check(&case, &network, Derivatives::First);
        check(&case, &network, Derivatives::Second);
    }
}

#[test]
fn the_recording_touches_every_key() {
    let cases = cases();
    for key in UNetConfig::KEYS {
        assert!(cases.iter().any(|case| case["config"].get(key).is_some()), "no case sets {key}");
    }
}
