//! Networks by class name: what is saved as class name, configuration and parameters is the same function when it is built again.

use crate::config::small;
use crate::formula;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_networks::layers::{Linear, Start};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{
    Accepts, Condition, Error, Input, Network, NoisyClassifier, NoisyClassifierConfig, Parameters, Pass,
    PointMlp, PointMlpConfig, Registry, UNet, UNetConfig,
};
use tweedie_torch::Precision;

fn forward(network: &dyn Network, x: &Tensor, condition: &Condition) -> Tensor {
    let time = Tensor::from_slice(&[7f32, 19.0]);
    let pass = Pass::inference(Precision::F32);
    tch::no_grad(|| network.forward(&Input::new(x, &time, condition), &pass)).unwrap()
}

/// One network of every class and kind of condition, with an x and a condition that it takes.
fn every_class() -> Vec<(Box<dyn Network>, Tensor, Condition)> {
    let images = || formula::tensor(&[2, 2, 8, 8], formula::X, 1.7);
    let points = || formula::tensor(&[2, 3], formula::X, 1.7);
    let class = || Condition::class(Tensor::from_slice(&[4i64, 1]));
    let unet =
        |config: UNetConfig| -> Box<dyn Network> { Box::new(UNet::new(&config, Device::Cpu, 0).unwrap()) };
    let mlp = |config: PointMlpConfig| -> Box<dyn Network> {
        Box::new(PointMlp::new(&config, Device::Cpu, 0).unwrap())
    };
    let encoder = UNetConfig { sample_size: Some(SampleSize::Sides([8, 8])), ..small() };
    let classifier = NoisyClassifierConfig { n_classes: 5, encoder };
    let mlp_config =
        PointMlpConfig { dimensions: 3, outputs: 6, width: 16, blocks: 2, ..PointMlpConfig::default() };
    let positional = PointMlpConfig {
        point_frequencies: 0,
        time_embedding_type: "positional".into(),
        num_class_embeds: Some(5),
        ..mlp_config.clone()
    };
    let learned = UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(20),
        class_embed_type: Some("identity".into()),
        time_embedding_dim: Some(24),
        ..small()
    };
    let fourier = UNetConfig { time_embedding_type: "fourier".into(), num_class_embeds: Some(5), ..small() };
    let number = UNetConfig { class_embed_type: Some("timestep".into()), ..small() };
    let vector = Condition::vector(formula::tensor(&[2, 24], formula::CLASS, 1.0));
    let classifier = NoisyClassifier::new(&classifier, Device::Cpu, 0).unwrap();
    vec![
        (unet(small()), images(), Condition::default()),
        (unet(fourier), images(), class()),
        (unet(learned), images(), vector),
        (unet(number), images(), Condition::number(Tensor::from_slice(&[0.5f32, 3.0]))),
        (mlp(mlp_config), points(), Condition::default()),
        (mlp(positional), points(), class()),
        (Box::new(classifier), images(), Condition::default()),
    ]
}

#[test]
fn every_class_comes_back_as_the_same_function() {
    let registry = Registry::default();
    let mut built = Vec::new();
    for (network, x, condition) in every_class() {
        formula::fill_all(network.parameters());
        let text = network.config().to_string();
        let config: Value = serde_json::from_str(&text).unwrap();
        let again = registry.build(network.class_name(), &config, Device::Cpu, 9).unwrap();
        assert_eq!((again.class_name(), again.config()), (network.class_name(), network.config()));
        assert_eq!((again.accepts(), again.dropout()), (network.accepts(), network.dropout()));
        formula::copy(network.parameters(), again.parameters());
        let [expected, found] = [&network, &again].map(|network| forward(network.as_ref(), &x, &condition));
        assert!(expected.std(true).double_value(&[]) > 1e-3, "{text}: the output is constant");
        assert!(found.equal(&expected), "{text}");
        built.push(network.class_name());
    }
    assert!(registry.names().all(|name| built.contains(&name)), "{built:?}");
}

/// Each network moves with its parameters and is used where it arrives.
#[test]
fn a_network_computes_the_same_bits_in_another_thread() {
    for (network, x, condition) in every_class() {
        formula::fill_all(network.parameters());
        let expected = forward(network.as_ref(), &x, &condition);
        let name = network.class_name();
        let there = std::thread::spawn(move || forward(network.as_ref(), &x, &condition));
        assert!(there.join().unwrap().equal(&expected), "{name}");
    }
}

/// A network of a crate's user: an affine map of points that ignores time.
#[derive(Debug)]
struct Affine {
    width: i64,
    parameters: Parameters,
    map: Linear,
}

impl Affine {
    fn build(config: &Value, mut parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        let width = config["width"].as_i64().ok_or_else(|| Error::Json("width is missing".into()))?;
        let map = Linear::new(parameters.root().sub("map"), width, width, Start::Default)?;
        Ok(Box::new(Self { width, parameters, map }))
    }
}

impl Network for Affine {
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        Ok(self.map.forward(input.x, pass).to_kind(Kind::Float))
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn class_name(&self) -> &'static str {
        "Affine"
    }

    fn config(&self) -> Value {
        json!({ "width": self.width })
    }

    fn accepts(&self) -> Accepts {
        Accepts { channels: self.width, outputs: self.width, size: Some(Vec::new()), ..Accepts::default() }
    }
}

#[test]
fn a_network_of_ones_own_is_registered_built_and_planned() {
    let registry = Registry::default().with("Affine", Affine::build);
    assert!(
        registry.names().any(|name| name == "Affine") && registry.names().any(|name| name == UNet::CLASS)
    );
    let config = json!({ "width": 3 });
    let network = registry.build("Affine", &config, Device::Cpu, 4).unwrap();
    let x = formula::tensor(&[2, 3], formula::X, 1.0);
    let y = forward(network.as_ref(), &x, &Condition::default());
    assert_eq!(y.size(), [2, 3]);
    let again = registry.build("Affine", &network.config(), Device::Cpu, 5).unwrap();
    assert!(!forward(again.as_ref(), &x, &Condition::default()).equal(&y), "another seed, the same weights");
    formula::copy(network.parameters(), again.parameters());
    assert!(forward(again.as_ref(), &x, &Condition::default()).equal(&y));
    let plan = registry.plan("Affine", &config).unwrap();
    assert_eq!((plan.n_trained(), plan.flops()), (12, 18.0));
    assert_eq!(plan, network.plan());
    // The trait's default methods.
    assert!(network.dropout() == 0.0 && network.check_sides(&[]).is_ok());
    let sentence = network.check_sides(&[8, 8]).unwrap_err().to_string();
    assert!(sentence.contains("[8, 8]") && sentence.contains("[]"), "{sentence}");
    assert!(matches!(registry.build("Affine", &json!({}), Device::Cpu, 4), Err(Error::Json(_))));
}

#[test]
fn a_class_of_the_same_name_replaces_the_first() {
    let registry = Registry::default().with(PointMlp::CLASS, Affine::build);
    assert_eq!(registry.names().filter(|name| *name == PointMlp::CLASS).count(), 1);
    let network = registry.build(PointMlp::CLASS, &json!({ "width": 2 }), Device::Cpu, 0).unwrap();
    assert_eq!(network.class_name(), "Affine");
}

#[test]
fn an_unknown_class_is_refused_with_those_that_are_known() {
    let registry = Registry::default().with("Affine", Affine::build);
    let errors = [
        registry.build("UNet2DConditionModel", &json!({}), Device::Cpu, 0).unwrap_err(),
        registry.plan("UNet2DConditionModel", &json!({})).unwrap_err(),
    ];
    for error in errors {
        let Error::UnknownClass { found, known } = &error else { panic!("{error:?}") };
        assert_eq!(found, "UNet2DConditionModel");
        for name in registry.names() {
            assert!(known.contains(name) && error.to_string().contains(name), "{error}");
        }
        assert!(
            known.contains("UNet2DModel") && known.contains("PointMlp") && known.contains("Affine"),
            "{error}"
        );
    }
}

#[test]
fn unknown_keys_are_ignored_in_a_unet_and_refused_elsewhere() {
    let registry = Registry::default();
    for (network, ..) in every_class() {
        let mut config = network.config();
        config["added_in_a_later_version"] = json!([1, "two"]);
        let built = registry.build(network.class_name(), &config, Device::Cpu, 0);
        if network.class_name() == UNet::CLASS {
            assert_eq!(built.unwrap().config(), network.config());
        } else {
            let Err(Error::Json(sentence)) = built else { panic!("{built:?}") };
            assert!(sentence.contains("added_in_a_later_version"), "{sentence}");
        }
    }
    // A known key of another type is refused everywhere.
    let wrong = [(UNet::CLASS, json!({ "dropout": "half" })), (PointMlp::CLASS, json!({ "width": "wide" }))];
    for (class_name, config) in wrong {
        assert!(
            matches!(registry.build(class_name, &config, Device::Cpu, 0), Err(Error::Json(_))),
            "{class_name}"
        );
    }
}
