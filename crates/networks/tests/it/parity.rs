//! The same function as `diffusers`' `UNet2DModel`: outputs and gradients against recordings of random-weight networks.

use crate::files;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

fn load(folder: &Path) -> UNet {
    let text = std::fs::read_to_string(folder.join("unet/config.json")).unwrap();
    let mut json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    json.retain(|key, _| UNetConfig::KEYS.contains(&key.as_str()));
    let config: UNetConfig = serde_json::from_value(json.into()).unwrap();
    let network = UNet::new(&config, Device::Cpu, 0).unwrap();
    fill(&network, &folder.join("unet/diffusion_pytorch_model.safetensors"));
    network
}

/// Copies a file's tensors into a network whose names and shapes must be exactly the file's.
fn fill(network: &UNet, file: &Path) {
    let (mut tensors, _) = files::read(file);
    for parameter in network.parameters().iter() {
        let value =
            tensors.remove(&parameter.name).unwrap_or_else(|| panic!("{} is missing", parameter.name));
        assert_eq!(value.size(), parameter.tensor.size(), "{}", parameter.name);
        tch::no_grad(|| parameter.tensor.shallow_clone().copy_(&value));
    }
    assert!(tensors.is_empty(), "left over: {:?}", tensors.keys());
}

fn greatest(difference: &Tensor) -> f64 {
    difference.abs().max().double_value(&[])
}

/// f32 against f64 differs by at most 1.6e-6 in the recordings, so 1e-5 distinguishes another function from rounding.
const OUTPUT: f64 = 1e-5;

fn check(name: &str) {
    let Some(folder) = tweedie_testing::shared(&format!("reference/unet/{name}")) else { return };
    let network = load(&folder);
    let (io, metadata) = files::read(&folder.parent().unwrap().join(format!("{name}_io.safetensors")));
    for derivatives in [Derivatives::First, Derivatives::Second] {
        let pass = Pass { derivatives, ..Pass::training(Precision::F32) };
        let x = io["x"].to_kind(Kind::Float).detach().set_requires_grad(true);
        let (time, condition) = (io["t"].to_kind(Kind::Float), Condition::default());
        let y = network.forward(&Input::new(&x, &time, &condition), &pass).unwrap();
        let off = greatest(&(&y.to_kind(Kind::Double) - &io["y64"]));
        assert!(off < OUTPUT, "{name} {derivatives:?}: output differs by {off:e}");

        (y * &io["w"]).sum(Kind::Float).backward();
        let names: Vec<String> = serde_json::from_str(&metadata["grad_names"]).unwrap();
        let norms = &io["grad_norms"];
        let largest = norms.max().double_value(&[]);
        let mut n_checked = 0;
        for parameter in network.parameters().iter().filter(|parameter| parameter.trained) {
            let mut gradient = parameter.tensor.grad();
            let found = gradient.to_kind(Kind::Double).norm().double_value(&[]);
            let row = names.iter().position(|name| *name == parameter.name).unwrap();
            let expected = norms.double_value(&[row as i64]);
            let bound = 1e-4 * expected + 1e-5 * largest;
            assert!(
                (found - expected).abs() <= bound,
                "{}: gradient norm {found}, recorded {expected}",
                parameter.name
            );
            let _ = gradient.zero_();
            n_checked += 1;
        }
        assert_eq!(n_checked, names.len());
        let off = greatest(&(x.grad().to_kind(Kind::Double) - io["gx"].to_kind(Kind::Double)));
        assert!(off < 1e-4 * greatest(&io["gx"]), "{name}: gradient of x differs by {off:e}");
    }
}

#[test]
fn a_tiny_network_is_diffusers() {
    check("unet_tiny");
}

#[test]
fn the_ddpm_family_is_diffusers() {
    check("unet_ddpmcifar_small");
}
