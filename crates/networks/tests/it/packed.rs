//! Passes without derivatives use packed weights and fused layers: the same function, of the present weights.

use crate::config::small;
use crate::formula;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

/// A network whose attention has heads and tokens in multiples of 16.
fn wide() -> UNetConfig {
    UNetConfig {
        block_out_channels: vec![16, 32],
        attention_head_dim: Some(16),
        norm_num_groups: Some(8),
        ..small()
    }
}

fn network(config: &UNetConfig) -> UNet {
    let network = UNet::new(config, Device::Cpu, 0).unwrap();
    formula::fill(&network);
    network
}

fn x() -> Tensor {
    formula::tensor(&[3, 2, 8, 8], formula::X, 3f64.sqrt())
}

fn forward(network: &UNet, x: &Tensor, pass: &Pass) -> Tensor {
    let time = Tensor::from_slice(&[7f32, 731.25, 20.0]).narrow(0, 0, x.size()[0]);
    network.forward(&Input::new(x, &time, &Condition::default()), pass).unwrap()
}

/// The pass without packed weights.
fn plain(precision: Precision) -> Pass {
    Pass { derivatives: Derivatives::First, ..Pass::inference(precision) }
}

/// The greatest difference in units of the deviation of the expected values.
fn off(found: &Tensor, expected: &Tensor) -> f64 {
    (found - expected).abs().max().double_value(&[]) / expected.std(true).double_value(&[])
}

/// f32 sums in another order, 1e-6, grow by a dozen layers; bf16 rounds to 2⁻⁹ in each, and neither form is nearer to f32 by more than
/// chance.
#[test]
fn packed_layers_compute_the_same_function() {
    let _no_gradient = tch::no_grad_guard();
    let text = |text: &str| text.to_string();
    let configs = [
        small(),
        wide(),
        UNetConfig { attention_head_dim: None, ..wide() },
        UNetConfig { resnet_time_scale_shift: text("scale_shift"), ..wide() },
        UNetConfig { act_fn: text("mish"), downsample_padding: 0, ..wide() },
        UNetConfig { downsample_type: text("resnet"), upsample_type: text("resnet"), ..wide() },
        UNetConfig { mid_block_scale_factor: 1.5, time_embedding_type: text("fourier"), ..wide() },
        UNetConfig {
            norm_num_groups: Some(4),
            block_out_channels: vec![12, 20],
            attention_head_dim: Some(4),
            ..wide()
        },
    ];
    for config in &configs {
        let network = network(config);
        let expected = forward(&network, &x(), &plain(Precision::F32));
        let found = forward(&network, &x(), &Pass::inference(Precision::F32));
        assert!(off(&found, &expected) < 2e-5, "{config:?}: {:e}", off(&found, &expected));
        assert!(!found.equal(&expected), "the pass did not use the packed form: {config:?}");
        let found = forward(&network, &x(), &Pass::inference(Precision::Bf16));
        assert_eq!(found.kind(), Kind::Float);
        let usual = off(&forward(&network, &x(), &plain(Precision::Bf16)), &expected);
        let off = off(&found, &expected);
        assert!(
            off < 1.5 * usual + 0.01,
            "{config:?}: bf16 is {off:e} off, and {usual:e} without packed weights"
        );
    }
}

/// In both precisions the bits of an image do not depend on the others of its batch.
#[test]
fn an_image_does_not_depend_on_its_neighbours() {
    let _no_gradient = tch::no_grad_guard();
    let network = network(&wide());
    let other = formula::tensor(&[2, 2, 8, 8], formula::X + 1, 40.0);
    let mixed = Tensor::cat(&[x().narrow(0, 0, 1), other], 0);
    for precision in [Precision::F32, Precision::Bf16] {
        let first = |batch: &Tensor| forward(&network, batch, &Pass::inference(precision)).narrow(0, 0, 1);
        assert!(first(&x()).equal(&first(&mixed)), "{precision:?}");
    }
}

/// One number expanded to the batch is embedded once. An embedding computed in a larger batch differs by rounding.
#[test]
fn a_shared_time_is_that_of_each() {
    let _no_gradient = tch::no_grad_guard();
    let network = network(&wide());
    let shared = Tensor::from_slice(&[731.25f32]).expand([3], false);
    let condition = Condition::default();
    for pass in [Pass::inference(Precision::F32), plain(Precision::F32)] {
        let at = |time: &Tensor| network.forward(&Input::new(&x(), time, &condition), &pass).unwrap();
        assert!(off(&at(&shared), &at(&shared.contiguous())) < 1e-5, "{pass:?}");
    }
}

/// Every parameter counts, also one that was changed after it was packed.
#[test]
fn changed_weights_are_packed_again() {
    let _no_gradient = tch::no_grad_guard();
    let network = network(&wide());
    for precision in [Precision::F32, Precision::Bf16] {
        let pass = Pass::inference(precision);
        for parameter in network.parameters().iter() {
            let before = forward(&network, &x(), &pass);
            let mut tensor = parameter.tensor.shallow_clone();
            let own = tensor.copy();
            let _ = tensor.g_mul_scalar_(1.5).g_add_scalar_(0.25);
            let after = forward(&network, &x(), &pass);
            assert!(!after.equal(&before), "{} was changed without effect", parameter.name);
            let fresh = forward(&copy(&network), &x(), &pass);
            assert!(after.equal(&fresh), "{} was not packed as in a new network", parameter.name);
            tensor.copy_(&own);
            assert!(forward(&network, &x(), &pass).equal(&before), "{} was not restored", parameter.name);
        }
    }
}

/// Another network with the same weights.
fn copy(network: &UNet) -> UNet {
    let copy = UNet::new(network.config(), Device::Cpu, 1).unwrap();
    for (to, from) in copy.parameters().iter().zip(network.parameters().iter()) {
        to.tensor.shallow_clone().copy_(&from.tensor);
    }
    copy
}

/// With gradients enabled, the same pass has a gradient.
#[test]
fn a_gradient_is_not_lost() {
    let network = network(&wide());
    let x = x().set_requires_grad(true);
    let y = forward(&network, &x, &Pass::inference(Precision::F32));
    let gradient = Tensor::run_backward(&[formula::weighed(&y)], &[&x], false, false).remove(0);
    let expected = forward(&network, &x, &plain(Precision::F32));
    let expected = Tensor::run_backward(&[formula::weighed(&expected)], &[&x], false, false).remove(0);
    assert!(gradient.equal(&expected) && gradient.abs().max().double_value(&[]) > 0.0);
}
