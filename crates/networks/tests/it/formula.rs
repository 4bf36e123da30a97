//! Weights and inputs by the formula of `fixtures/unet_variants.py`, so that neither needs to be stored.

use tch::{Kind, Tensor};
use tweedie_networks::{Network, Parameters, UNet};

/// Tensor numbers of the input.
pub const X: i64 = 100_000;
/// Tensor number of the fixed weights that make a scalar of an output.
pub const UPSTREAM: i64 = 200_000;
/// Tensor number of a condition vector.
pub const CLASS: i64 = 300_000;
/// Tensor number of the direction that gradients are compared along; the k-th gradient takes the k-th from here.
pub const DIRECTION: i64 = 400_000;

/// `count` numbers in [−1, 1): a quadratic in the index, modulo a prime, so exact in whole numbers.
pub fn numbers(count: usize, tensor: i64) -> Vec<f64> {
    const MODULUS: i64 = 65_521;
    (0..count as i64)
        .map(|index| {
            let i = index % MODULUS;
            let rest = (7919 * i * i + 104_729 * i + 15_485_863 * (tensor + 1)) % MODULUS;
            2.0 * rest as f64 / MODULUS as f64 - 1.0
        })
        .collect()
}

/// The same times `scale` as an f32 tensor; √3 gives variance 1.
pub fn tensor(shape: &[i64], number: i64, scale: f64) -> Tensor {
    let values = numbers(shape.iter().product::<i64>() as usize, number);
    let values: Vec<f32> = values.into_iter().map(|value| (value * scale) as f32).collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Names and shapes of a network's parameters in the alphabetical order of the names.
pub fn sorted(network: &UNet) -> Vec<(String, Tensor)> {
    in_alphabet(network.parameters())
}

fn in_alphabet(parameters: &Parameters) -> Vec<(String, Tensor)> {
    let mut sorted: Vec<_> = parameters.iter().map(|p| (p.name.clone(), p.tensor.shallow_clone())).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted
}

/// Fills every parameter: weights of variance 1/(numbers per output), norms' scales near 1, all else near 0.
pub fn fill(network: &UNet) {
    fill_all(network.parameters());
}

/// The same for any network's parameters.
pub fn fill_all(parameters: &Parameters) {
    for (k, (name, parameter)) in in_alphabet(parameters).iter().enumerate() {
        let shape = parameter.size();
        let count: i64 = shape.iter().product();
        let is_norm_scale = name.contains("norm") && name.ends_with(".weight");
        let (scale, shift) = match (shape.len(), is_norm_scale) {
            (1, true) => (0.2, 1.0),
            (1, false) => (0.2, 0.0),
            _ => ((3.0 / (count / shape[0]) as f64).sqrt(), 0.0),
        };
        let values: Vec<f32> =
            numbers(count as usize, k as i64).into_iter().map(|u| (scale * u + shift) as f32).collect();
        tch::no_grad(|| parameter.shallow_clone().copy_(&Tensor::from_slice(&values).reshape(&shape)));
    }
}

/// Makes a scalar that depends on every number of an output.
pub fn weighed(y: &Tensor) -> Tensor {
    (y * tensor(&y.size(), UPSTREAM, 1.0)).sum(Kind::Float)
}

/// Copies every parameter by name into another network's, which has no other names.
pub fn copy(from: &Parameters, to: &Parameters) {
    assert_eq!(from.iter().count(), to.iter().count());
    for parameter in to.iter() {
        let value = from.get(&parameter.name).unwrap_or_else(|| panic!("{} is missing", parameter.name));
        tch::no_grad(|| parameter.tensor.shallow_clone().copy_(value));
    }
}

/// The greatest absolute value.
pub fn greatest(tensor: &Tensor) -> f64 {
    tensor.abs().max().double_value(&[])
}
