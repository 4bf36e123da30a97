//! What holds for every fresh network: its first values, its names, and the shape of what it returns.

use crate::config::small;
use crate::formula;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Input, Network, Parameter, Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

fn fresh(config: &UNetConfig, seed: u64) -> UNet {
    UNet::new(config, Device::Cpu, seed).unwrap()
}

fn greatest(tensor: &Tensor) -> f64 {
    tensor.abs().max().double_value(&[])
}

/// `small` with every kind of parameter: tables of time and class, and a shortcut.
fn with_tables() -> UNetConfig {
    UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(300),
        num_class_embeds: Some(200),
        ..small()
    }
}

#[test]
fn a_fresh_network_returns_exactly_zero() {
    let network = fresh(&small(), 3);
    let x = formula::tensor(&[2, 2, 8, 8], formula::X, 2.0);
    let time = Tensor::from_slice(&[3f32, 900.0]);
    for derivatives in [Derivatives::First, Derivatives::Second] {
        for precision in [Precision::F32, Precision::Bf16] {
            let pass = Pass { derivatives, ..Pass::training(precision) };
            let y = network.forward(&Input::new(&x, &time, &Condition::default()), &pass).unwrap();
            assert_eq!((greatest(&y), y.kind()), (0.0, Kind::Float));
        }
    }
}

#[test]
fn first_values_are_a_function_of_the_seed() {
    let networks = [7, 7, 8].map(|seed| fresh(&with_tables(), seed));
    let mut n_drawn = 0;
    for parameter in networks[0].parameters().iter() {
        let [a, same, other] = [0, 1, 2].map(|i| networks[i].parameters().get(&parameter.name).unwrap());
        assert!(a.equal(same), "{} differs under one seed", parameter.name);
        let is_constant = a.min().equal(&a.max());
        assert_eq!(a.equal(other), is_constant, "{} under another seed", parameter.name);
        n_drawn += usize::from(!is_constant);
    }
    assert!(n_drawn > 10);
}

#[test]
fn no_two_parameters_draw_the_same_numbers() {
    let network = fresh(&small(), 7);
    // The ratio of the first two numbers, which no bound changes.
    let mut ratios: Vec<f64> = network
        .parameters()
        .iter()
        .map(|p| p.tensor.flatten(0, -1))
        .filter(|values| !values.min().equal(&values.max()))
        .map(|values| values.double_value(&[0]) / values.double_value(&[1]))
        .collect();
    ratios.sort_by(f64::total_cmp);
    assert!(ratios.len() > 10);
    for pair in ratios.windows(2) {
        assert!((pair[1] - pair[0]).abs() > 1e-6 * pair[0].abs(), "{ratios:?}");
    }
}

/// The value that a parameter's numbers must lie within, both ways; 0 for those that start as zero.
fn bound(parameter: &Parameter, weight: &Tensor) -> f64 {
    let name = &parameter.name;
    let ends_a_branch = ["conv2.", "to_out.0.", "conv_out."].iter().any(|part| name.contains(part));
    if ends_a_branch {
        return 0.0;
    }
    let inputs: i64 = weight.size()[1..].iter().product();
    1.0 / (inputs as f64).sqrt()
}

#[test]
fn first_values_keep_their_bounds() {
    let network = fresh(&with_tables(), 11);
    for parameter in network.parameters().iter() {
        let (name, tensor) = (parameter.name.as_str(), &parameter.tensor);
        assert_eq!(tensor.kind(), Kind::Float, "{name}");
        assert!(parameter.trained && tensor.requires_grad(), "{name}");
        let stem = &name[..name.rfind('.').unwrap()];
        if stem.contains("norm") {
            let expected = if name.ends_with("weight") { 1.0 } else { 0.0 };
            assert!(tensor.equal(&(tensor.zeros_like() + expected)), "{name} is not {expected}");
        } else if stem == "time_proj" || stem == "class_embedding" {
            let (mean, std) = (tensor.mean(Kind::Double), tensor.std(true));
            assert!(mean.double_value(&[]).abs() < 0.06, "{name} has mean {mean}");
            assert!((std.double_value(&[]) - 1.0).abs() < 0.05, "{name} has standard deviation {std}");
        } else {
            let weight = network.parameters().get(&format!("{stem}.weight")).unwrap();
            let (bound, found) = (bound(parameter, weight), greatest(tensor));
            assert!(found <= bound, "{name} holds {found}, beyond {bound}");
            // Of n uniform numbers the greatest is below 0.7 of the bound with probability 0.7ⁿ.
            assert!(tensor.numel() < 40 || found >= 0.7 * bound, "{name} holds {found}, far within {bound}");
        }
    }
}

#[test]
fn fourier_features_are_wide_and_not_trained() {
    let config = UNetConfig {
        time_embedding_type: "fourier".into(),
        block_out_channels: vec![512],
        down_block_types: vec!["DownBlock2D".into()],
        up_block_types: vec!["UpBlock2D".into()],
        mid_block_type: None,
        ..small()
    };
    let network = fresh(&config, 5);
    let features = network.parameters().iter().find(|p| p.name == "time_proj.weight").unwrap();
    assert!(!features.trained && !features.tensor.requires_grad());
    let std = features.tensor.std(true).double_value(&[]);
    assert!((std / 16.0 - 1.0).abs() < 0.1, "their standard deviation is {std}");
    let all: usize = network.parameters().iter().map(|p| p.tensor.numel()).sum();
    assert_eq!(network.parameters().n_trained(), all - 512);
}

#[test]
fn names_are_unique_and_in_the_order_of_construction() {
    let network = fresh(&with_tables(), 0);
    let names: Vec<&str> = network.parameters().iter().map(|p| p.name.as_str()).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len());

    let places = [
        "conv_in.weight",
        "conv_in.bias",
        "time_proj.weight",
        "time_embedding.linear_1.weight",
        "time_embedding.linear_2.weight",
        "class_embedding.weight",
        "down_blocks.0.resnets.0.norm1.weight",
        "down_blocks.0.downsamplers.0.conv.weight",
        "down_blocks.1.resnets.0.conv_shortcut.weight",
        "down_blocks.1.attentions.0.to_q.weight",
        "mid_block.resnets.0.norm1.weight",
        "mid_block.resnets.1.norm1.weight",
        "up_blocks.0.resnets.0.norm1.weight",
        "up_blocks.0.resnets.1.norm1.weight",
        "up_blocks.0.upsamplers.0.conv.weight",
        "up_blocks.1.resnets.1.conv2.bias",
        "conv_norm_out.weight",
        "conv_out.weight",
        "conv_out.bias",
    ];
    let places = places.map(|place| names.iter().position(|name| *name == place).expect(place));
    assert!(places.is_sorted(), "{names:?}");
    assert_eq!((places[0], places[18]), (0, names.len() - 1));
}

pub fn any_config() -> impl Strategy<Value = UNetConfig> {
    const DOWN: [&str; 3] = ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"];
    const UP: [&str; 3] = ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"];
    let blocks = prop::collection::vec((0..3usize, 0..3usize, 1..4i64), 1..=3);
    let choices = (any::<[bool; 5]>(), prop::option::of(Just(2i64)), 0..=1i64, 0..5usize);
    (blocks, 1..=4i64, 1..=4i64, 1..=2i64, choices).prop_map(|(blocks, inputs, outputs, layers, choices)| {
        let ([resnet, scale_shift, mid, attends, centre], head_dim, padding, act) = choices;
        let way = if resnet { "resnet" } else { "conv" };
        UNetConfig {
            in_channels: inputs,
            out_channels: outputs,
            down_block_types: blocks.iter().map(|block| DOWN[block.0].into()).collect(),
            up_block_types: blocks.iter().map(|block| UP[block.1].into()).collect(),
            block_out_channels: blocks.iter().map(|block| 4 * block.2).collect(),
            layers_per_block: layers,
            center_input_sample: centre,
            mid_block_type: mid.then(|| "UNetMidBlock2D".into()),
            add_attention: attends,
            downsample_padding: padding,
            downsample_type: way.into(),
            upsample_type: way.into(),
            act_fn: ["silu", "swish", "mish", "gelu", "relu"][act].into(),
            attention_head_dim: head_dim,
            norm_num_groups: Some(2),
            resnet_time_scale_shift: if scale_shift { "scale_shift" } else { "default" }.into(),
            ..UNetConfig::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_output_has_the_size_of_x(config in any_config(), n in 1..=3i64, rows in 1..=3i64, columns in 1..=3i64) {
        let multiple = 2i64.pow(config.n_halvings());
        let network = fresh(&config, 1);
        formula::fill(&network);
        let x = formula::tensor(&[n, config.in_channels, rows * multiple, columns * multiple], formula::X, 1.7);
        let time = formula::tensor(&[n], 0, 10.0).abs();
        let pass = Pass::inference(Precision::F32);
        let y = tch::no_grad(|| network.forward(&Input::new(&x, &time, &Condition::default()), &pass)).unwrap();
        prop_assert_eq!(y.size(), [n, config.out_channels, rows * multiple, columns * multiple]);
        prop_assert!(bool::try_from(y.isfinite().all()).unwrap());
    }
}
