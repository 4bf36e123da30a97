//! Plans: the shapes and operations of a network that is not allocated.

use crate::config::small;
use crate::laws::any_config;
use proptest::prelude::*;
use serde_json::json;
use tch::Device;
use tweedie_networks::layers::{AttentionPool, Conv2d, Linear, MultiHeadAttention, SelfAttention, Start};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{
    Error, NoisyClassifier, NoisyClassifierConfig, Operation, OperationKind, Parameters, Plan, PointMlp,
    PointMlpConfig, Registry, Scope, UNet, UNetConfig,
};

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// The network of the preset `shapes`.
fn preset() -> UNetConfig {
    UNetConfig {
        sample_size: Some(SampleSize::Square(16)),
        block_out_channels: vec![32, 64, 96],
        down_block_types: names(&["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"]),
        up_block_types: names(&["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
        layers_per_block: 1,
        attention_head_dim: Some(32),
        norm_num_groups: Some(8),
        ..UNetConfig::default()
    }
}

/// The network of Ho et al. (2020) for CIFAR-10.
fn ddpm() -> UNetConfig {
    UNetConfig {
        sample_size: Some(SampleSize::Square(32)),
        block_out_channels: vec![128, 256, 256, 256],
        down_block_types: names(&["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"]),
        up_block_types: names(&["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
        attention_head_dim: None,
        downsample_padding: 0,
        ..UNetConfig::default()
    }
}

fn planned(config: &UNetConfig) -> Plan {
    Registry::default().plan(UNet::CLASS, &json!(config)).unwrap()
}

/// The operations of one layer on its own.
fn flops(layer: impl FnOnce(Scope<'_>)) -> f64 {
    let mut parameters = Parameters::planned();
    layer(parameters.root().sub("layer"));
    Plan::of(&parameters).flops()
}

#[test]
fn layers_cost_two_operations_per_product() {
    let linear = flops(|scope| drop(Linear::new(scope.on(10), 3, 5, Start::Default).unwrap()));
    assert_eq!(linear, 2.0 * 10.0 * 3.0 * 5.0);
    let conv = flops(|scope| drop(Conv2d::new(scope.on(64), 3, 5, 3, Start::Default).unwrap()));
    assert_eq!(conv, 2.0 * 64.0 * 3.0 * 5.0 * 9.0);
    // Four maps of every token, each query times each key, each weight times each value; heads do not matter.
    let attention = 2.0 * (4.0 * 10.0 * 8.0 * 8.0 + 2.0 * 10.0 * 10.0 * 8.0);
    for head_dim in [2, 8] {
        let found = flops(|scope| drop(MultiHeadAttention::new(scope.on(10), 8, head_dim).unwrap()));
        assert_eq!(found, attention);
        let found =
            flops(|scope| drop(SelfAttention::new(scope.on(10), 8, head_dim, Some((4, 1e-5)), 1.0).unwrap()));
        assert_eq!(found, attention);
    }
    // Seven tokens, one of which is the query.
    let pool = flops(|scope| drop(AttentionPool::new(scope, [2, 3], 8, 4, 5).unwrap()));
    assert_eq!(pool, 2.0 * (2.0 * 7.0 * 8.0 * 8.0 + 8.0 * 8.0 + 8.0 * 5.0 + 2.0 * 7.0 * 8.0));
}

#[test]
fn a_tiny_unet_costs_what_is_counted_by_hand() {
    let config = UNetConfig {
        sample_size: Some(SampleSize::Square(8)),
        out_channels: 3,
        block_out_channels: vec![4, 8],
        attention_head_dim: Some(4),
        ..small()
    };
    // Multiplications. 64 places at the finest resolution, 16 at the coarsest; time embeddings of 16 numbers.
    let conv = |places: i64, inputs: i64, outputs: i64| places * inputs * outputs * 9;
    let resnet = |places: i64, inputs: i64, outputs: i64| {
        let shortcut = if inputs == outputs { 0 } else { places * inputs * outputs };
        conv(places, inputs, outputs) + 16 * outputs + conv(places, outputs, outputs) + shortcut
    };
    let attention = 4 * 16 * 8 * 8 + 2 * 16 * 16 * 8;
    let time = 4 * 16 + 16 * 16;
    let down = resnet(64, 4, 4) + conv(16, 4, 4) + resnet(16, 4, 8) + attention;
    let mid = 2 * resnet(16, 8, 8) + attention;
    let up_coarse = resnet(16, 8 + 8, 8) + resnet(16, 8 + 4, 8) + 2 * attention + conv(64, 8, 8);
    let up_fine = resnet(64, 8 + 4, 4) + resnet(64, 4 + 4, 4);
    let all = conv(64, 2, 4) + time + down + mid + up_coarse + up_fine + conv(64, 4, 3);
    assert_eq!(planned(&config).flops(), 2.0 * all as f64);
}

#[test]
fn a_point_network_costs_what_is_counted_by_hand() {
    let config =
        PointMlpConfig { dimensions: 3, outputs: 5, width: 16, blocks: 2, ..PointMlpConfig::default() };
    let products = (3 + 64) * 16 + (64 * 16 + 16 * 16) + 2 * 3 * 16 * 16 + 16 * 5;
    let plan = Registry::default().plan(PointMlp::CLASS, &json!(config)).unwrap();
    assert_eq!(plan.flops(), 2.0 * products as f64);
}

/// Parameters and operations of both networks were counted independently of this crate. The known counts agree to three digits with
/// the convolutions and affine maps alone: they leave out the products among queries, keys and values, 2 to 3 % of the whole.
#[test]
fn two_known_networks_cost_what_is_known() {
    for (name, config, parameters, giga) in
        [("shapes", preset(), 1.86e6, 0.158), ("DDPM", ddpm(), 35.7e6, 12.1)]
    {
        let plan = planned(&config);
        let off = |found: f64, known: f64| (found / known - 1.0).abs();
        let n = plan.n_trained() as f64;
        assert!(off(n, parameters) < 5e-3, "{name} has {n} parameters, not {parameters}");
        let all = plan.flops() / 1e9;
        assert!(off(all, giga) < 3e-2, "{name} costs {all} GFLOP, not {giga}");
        let has_weight = |layer: &str| plan.parameters.iter().any(|p| p.name == format!("{layer}.weight"));
        let maps = plan.operations.iter().filter(|operation| has_weight(&operation.layer));
        let maps = maps.map(|operation| operation.flops).sum::<f64>() / 1e9;
        assert!(off(maps, giga) < 3e-3, "{name}'s maps cost {maps} GFLOP, not {giga}");
    }
}

/// Whether an operation costs something, or is pointwise.
fn costs(operation: &Operation) -> bool {
    operation.flops > 0.0 || matches!(operation.kind, OperationKind::Normalization { .. })
}

#[test]
fn the_plan_of_what_is_not_allocated_is_that_of_what_is() {
    let registry = Registry::default();
    let encoder = UNetConfig { sample_size: Some(SampleSize::Sides([8, 12])), ..small() };
    let classifier = NoisyClassifierConfig { n_classes: 5, encoder };
    let fourier = UNetConfig { time_embedding_type: "fourier".into(), num_class_embeds: Some(7), ..small() };
    for (class_name, config) in [
        (UNet::CLASS, json!(small())),
        (UNet::CLASS, json!(fourier)),
        (UNet::CLASS, json!(preset())),
        (PointMlp::CLASS, json!(PointMlpConfig { num_class_embeds: Some(3), ..PointMlpConfig::default() })),
        (NoisyClassifier::CLASS, json!(classifier)),
    ] {
        let network = registry.build(class_name, &config, Device::Cpu, 0).unwrap();
        let plan = registry.plan(class_name, &config).unwrap();
        assert_eq!(plan, network.plan(), "{class_name}");
        assert_eq!(plan.n_trained(), network.parameters().n_trained());
        for (planned, parameter) in plan.parameters.iter().zip(network.parameters().iter()) {
            let found = (parameter.name.as_str(), parameter.tensor.size(), parameter.trained);
            assert_eq!((planned.name.as_str(), planned.shape.clone(), planned.trained), found);
        }
        assert_eq!(plan.parameters.len(), network.parameters().iter().count());
        assert!(plan.operations.iter().all(costs), "{class_name}");
    }
    assert!(matches!(
        registry.plan(UNet::CLASS, &json!({ "dropout": 2.0 })),
        Err(Error::Config { key: "dropout", .. })
    ));
}

/// The first would need 18 GB, the others 3 TB and more.
#[test]
fn a_gigantic_network_is_planned_in_no_memory() {
    let wide = |channels: i64, side: i64| UNetConfig {
        block_out_channels: vec![channels; 2],
        sample_size: Some(SampleSize::Square(side)),
        ..small()
    };
    let plan = planned(&wide(4096, 256));
    assert!(plan.n_trained() > 3_000_000_000 && plan.flops().is_finite(), "{}", plan.n_trained());
    // The greatest widths and sides that a configuration may name do not overflow.
    for config in [wide(65_536, 256), wide(1 << 20, 1 << 20)] {
        let refused = Registry::default().plan(UNet::CLASS, &json!(config));
        assert!(matches!(refused, Err(Error::TooLarge { what: "values", .. })), "{refused:?}");
    }
    let sentence = wide(8, i64::MAX).check().unwrap_err().to_string();
    assert!(sentence.contains("sample_size") && sentence.contains("1048576"), "{sentence}");
}

#[test]
fn without_a_size_the_smallest_image_is_planned() {
    for resnet in ["conv", "resnet"] {
        let config = UNetConfig {
            sample_size: None,
            downsample_type: resnet.into(),
            upsample_type: resnet.into(),
            down_block_types: names(&["ResnetDownsampleBlock2D", "AttnDownBlock2D", "DownBlock2D"]),
            up_block_types: names(&["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"]),
            block_out_channels: vec![8, 8, 8],
            ..small()
        };
        let smallest = UNetConfig { sample_size: Some(SampleSize::Square(4)), ..config.clone() };
        assert_eq!(planned(&config), planned(&smallest));
        assert!(planned(&config).operations.iter().all(costs));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Twice the sides: the time embedding costs the same, maps of places four times, attention among places sixteen times as much.
    #[test]
    fn costs_grow_with_the_places(config in any_config(), rows in 1..=3i64, columns in 1..=3i64) {
        let multiple = 2i64.pow(config.n_halvings());
        let of = |scale: i64| {
            let sides = SampleSize::Sides([rows, columns].map(|side| scale * side * multiple));
            planned(&UNetConfig { sample_size: Some(sides), ..config.clone() })
        };
        let (plan, twice) = (of(1), of(2));
        prop_assert_eq!(&plan.parameters, &twice.parameters);
        prop_assert_eq!(plan.operations.len(), twice.operations.len());
        for (a, b) in plan.operations.iter().zip(&twice.operations) {
            prop_assert_eq!((&a.layer, a.kind), (&b.layer, b.kind));
            if matches!(a.kind, OperationKind::Normalization { .. }) {
                prop_assert_eq!((b.places, b.flops), (4 * a.places, 0.0), "{}", &a.layer);
                continue;
            }
            let weight = plan.parameters.iter().find(|parameter| parameter.name == format!("{}.weight", a.layer));
            let growth = match weight {
                _ if a.layer.contains("time_emb") => 1.0,
                Some(_) => 4.0,
                None => 16.0,
            };
            prop_assert_eq!(b.flops, growth * a.flops, "{}", &a.layer);
            if let Some(weight) = weight {
                let places = a.flops / (2.0 * weight.shape.iter().product::<i64>() as f64);
                let all = (rows * columns * multiple * multiple) as f64;
                let allowed = (0..=config.n_halvings()).any(|k| places == all / 4f64.powi(k as i32));
                prop_assert!(allowed || growth == 1.0 && places == 1.0, "{} at {places} places", &a.layer);
            }
        }
        // Every affine map is counted once.
        let maps = plan.parameters.iter().filter(|parameter| parameter.shape.len() > 1).count();
        let counted = plan.operations.iter().filter(|operation| {
            matches!(operation.kind, OperationKind::Convolution { .. } | OperationKind::Linear { .. })
        });
        let counted = counted.count();
        prop_assert_eq!(maps, counted);
    }
}
