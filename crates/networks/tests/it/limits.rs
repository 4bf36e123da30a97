//! Networks too large for any memory are refused before anything is allocated.

use serde_json::{Value, json};
use tch::Device;
use tweedie_networks::{
    ConditionEncoder, ConditionEncoderConfig, Error, Init, MOST_TENSORS, MOST_VALUES, NoisyClassifier,
    Parameters, PointMlp, Registry, UNet,
};

/// The plan and the network are refused for too many tensors or values.
#[track_caller]
fn too_large(class: &str, config: &Value, what: &str) {
    let registry = Registry::default();
    let built = registry.build(class, config, Device::Cpu, 0).map(drop);
    for refused in [registry.plan(class, config).map(drop), built] {
        let found = matches!(&refused, Err(Error::TooLarge { what: found, .. }) if *found == what);
        assert!(found, "{class}: {refused:?}");
    }
}

fn wide(widths: [i64; 2]) -> Value {
    json!({
        "sample_size": 16, "block_out_channels": widths,
        "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"],
    })
}

#[test]
fn sizes_that_are_each_in_range_can_be_too_large_together() {
    too_large(UNet::CLASS, &wide([1 << 16, 1 << 16]), "values");
    let mut deep = wide([32, 32]);
    deep["layers_per_block"] = json!(1_000_000);
    too_large(UNet::CLASS, &deep, "tensors");
    let mut rows = wide([1 << 18, 1 << 18]);
    rows["num_class_embeds"] = json!(1 << 20);
    too_large(UNet::CLASS, &rows, "values");
    too_large(PointMlp::CLASS, &json!({ "width": 1 << 16, "blocks": 100 }), "values");
    too_large(PointMlp::CLASS, &json!({ "width": 1, "blocks": 1 << 16 }), "tensors");
    too_large(
        NoisyClassifier::CLASS,
        &json!({ "n_classes": 2, "encoder": wide([1 << 16, 1 << 16]) }),
        "values",
    );
    let mut large = wide([32, 32]);
    large["sample_size"] = json!(1 << 20);
    too_large(NoisyClassifier::CLASS, &json!({ "n_classes": 2, "encoder": large }), "values");
}

#[test]
fn an_encoder_is_counted_like_a_network() {
    let config = ConditionEncoderConfig {
        width: 1 << 20,
        class_rows: Some(1 << 20),
        ..ConditionEncoderConfig::default()
    };
    for refused in
        [ConditionEncoder::plan(&config).map(drop), ConditionEncoder::new(&config, Device::Cpu, 0).map(drop)]
    {
        assert!(matches!(refused, Err(Error::TooLarge { what: "values", .. })), "{refused:?}");
    }
    let small = ConditionEncoderConfig { width: 4, class_rows: Some(3), ..config };
    let shapes = ConditionEncoder::plan(&small).unwrap().parameters;
    assert_eq!(shapes[0].shape, [3, 4]);
}

#[test]
fn parameters_are_counted_up_to_the_limits() {
    let mut parameters = Parameters::planned();
    let half = i64::try_from(MOST_VALUES / 2).unwrap();
    let _ = parameters.root().trained("a", &[2, half], Init::Constant(0.0)).unwrap();
    let one_more = parameters.root().trained("b", &[1], Init::Constant(0.0)).unwrap_err();
    assert_eq!(
        one_more.to_string(),
        "the network has more than 8589934592 values, counted up to b; a network may have at most 8589934592"
    );
    let mut parameters = Parameters::planned();
    for i in 0..MOST_TENSORS {
        let _ = parameters.root().trained(&i.to_string(), &[1], Init::Constant(0.0)).unwrap();
    }
    let one_more = parameters.root().trained("b", &[1], Init::Constant(0.0));
    assert!(matches!(one_more, Err(Error::TooLarge { what: "tensors", .. })), "{one_more:?}");
}

#[test]
fn shapes_without_a_product_are_refused() {
    let mut parameters = Parameters::new(Device::Cpu, 0);
    let mut add =
        |name: &str, shape: &[i64]| parameters.root().trained(name, shape, Init::Constant(0.0)).map(drop);
    assert!(matches!(add("a", &[i64::MAX, i64::MAX]), Err(Error::TooLarge { .. })));
    let negative = add("b", &[2, -3]).unwrap_err().to_string();
    assert_eq!(negative, "the parameter b has the shape [2, -3]; no side may be negative");
    assert!(add("c", &[2, 0]).is_ok());
}
