//! A data set and a network of one's own, trained from Rust.

use crate::common::{StopAfter, environment, go_on_showing, weights};
use serde_json::{Value, json};
use std::sync::Arc;
use tch::{Device, Kind, Tensor};
use tweedie_data::{Dataset, Error, Values};
use tweedie_math::{Conditioning, DataShape, Parameterization, Schedule};
use tweedie_models::{About, Description, Model, Standardization};
use tweedie_networks::layers::{Linear, Start};
use tweedie_networks::{Accepts, Input, Network, Parameters, Pass, Registry};
use tweedie_torch::Precision;
use tweedie_training::{
    LoopMemory, OptimizerConfig, ReportConfig, Run, Trainer, TrainingConfig, TrainingData,
};

/// Points on a circle of radius 2 around (5, 5).
struct Circle;

impl Dataset for Circle {
    fn name(&self) -> String {
        "circle".into()
    }
    fn shape(&self) -> DataShape {
        DataShape::point(2)
    }
    fn len(&self) -> Option<u64> {
        Some(1000)
    }
    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn may_flip(&self) -> bool {
        false
    }
    fn values(&self, index: u64) -> Result<Values, Error> {
        let angle = index as f32 * std::f32::consts::TAU / 1000.0;
        Ok(Values::Floats(vec![5.0 + 2.0 * angle.cos(), 5.0 + 2.0 * angle.sin()]))
    }
    fn label(&self, _: u64) -> Option<u32> {
        None
    }
    fn caption(&self, _: u64) -> String {
        String::new()
    }
    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some((vec![5.0; 2], vec![2f64.sqrt(); 2]))
    }
}

/// A layer of `width` features of (x, y, number), and one back.
#[derive(Debug)]
struct Two {
    width: i64,
    parameters: Parameters,
    layers: [Linear; 2],
}

impl Two {
    fn build(
        config: &Value,
        mut parameters: Parameters,
    ) -> Result<Box<dyn Network>, tweedie_networks::Error> {
        let width = config["width"].as_i64().unwrap_or(16);
        let inner = Linear::new(parameters.root().sub("inner"), 3, width, Start::Default)?;
        let outer = Linear::new(parameters.root().sub("outer"), width, 2, Start::Zero)?;
        Ok(Box::new(Self { width, parameters, layers: [inner, outer] }))
    }
}

impl Network for Two {
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, tweedie_networks::Error> {
        let x = Tensor::cat(&[input.x, &input.time.unsqueeze(1)], 1);
        let hidden = self.layers[0].forward(&x, pass).silu();
        Ok(self.layers[1].forward(&hidden, pass).to_kind(Kind::Float))
    }
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }
    fn class_name(&self) -> &'static str {
        "Two"
    }
    fn config(&self) -> Value {
        json!({ "width": self.width })
    }
    fn accepts(&self) -> Accepts {
        Accepts { channels: 2, outputs: 2, size: Some(vec![]), ..Accepts::default() }
    }
}

#[test]
fn data_and_network_of_ones_own_are_trained_and_loaded() {
    let registry = Registry::default().with("Two", Two::build);
    let network = registry.build("Two", &json!({ "width": 64 }), Device::Cpu, 0).unwrap();
    let (mean, scale) = Circle.moments().unwrap();
    let about = About {
        standardization: Some(Standardization { mean, scale }),
        conditioning: Conditioning::NoiseRate { scale: 1.0 },
        ..About::new(Schedule::COSINE, 50)
    };
    let description =
        Description { about, ..Description::new(Schedule::COSINE, 50, Parameterization::Epsilon) };
    let model = Model::of_network(network, description).unwrap();
    let optimizer = OptimizerConfig { learning_rate: 1e-2, warmup: 0, ..OptimizerConfig::default() };
    let report = ReportConfig { tick: 1280, checkpoint: 0, held_out: 0, ..ReportConfig::default() };
    let config = TrainingConfig { images: 12_800, batch: 64, optimizer, report, ..Default::default() };
    let mut trainer = Trainer::new(model, config, Precision::F32).unwrap();

    // What the trainer sees is standardised: coordinates of mean 0 and variance 1, exactly so over all points.
    let all: Vec<f32> = (0..1000)
        .flat_map(|i| match Circle.values(i).unwrap() {
            Values::Floats(values) => values,
            Values::Bytes(_) => panic!("they are numbers"),
        })
        .collect();
    let examples = tweedie_data::Batch {
        values: Values::Floats(all),
        labels: None,
        n: 1000,
        shape: Circle.shape(),
        first: 0,
    };
    let batch = trainer.prepare(examples).unwrap();
    let x0 = batch.part(trainer.model().backbone(), 0..1000, |_, _| panic!("levels were drawn")).unwrap().x0;
    assert_eq!(x0.size(), [1000, 2]);
    let moment = |power: f64| x0.pow_tensor_scalar(power).mean(Kind::Double).double_value(&[]);
    assert!(moment(1.0).abs() < 1e-5 && (moment(2.0) - 1.0).abs() < 1e-5);

    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "circle", "", &environment()).unwrap();
    let (mut seen, data) = (StopAfter::never(), TrainingData { shown: Arc::new(Circle), held_out: None });
    go_on_showing(&mut trainer, &mut run, LoopMemory::default(), &mut seen, data, None);
    let losses: Vec<f64> = seen.ticks.iter().map(|tick| tick.loss).collect();
    // A tick is a mean over 1280 examples whose losses deviate by about 1: five standard errors of a difference of two are 0.2.
    assert!(losses.len() == 10 && losses[9] < losses[0] - 0.2, "{losses:?}");
    let loaded = Model::load_with(&registry, run.folder(), Device::Cpu).unwrap();
    assert_eq!(weights(&loaded), trainer.with_ema(|model| Ok(weights(model))).unwrap());
    assert_eq!((loaded.network().class_name(), loaded.network().config()), ("Two", json!({ "width": 64 })));
    assert_eq!(loaded.description().about.standardization, trainer.model().about().standardization);
}
