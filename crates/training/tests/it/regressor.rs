//! A learner that the training crate does not know: a regression with one weight.

use std::ops::Range;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Batch, Values};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::{Backbone, Call, Condition, Description, Model, Snapshot};
use tweedie_networks::{Accepts, Init, Input, Network, Parameters, Pass, Registry};
use tweedie_samplers::Levels;
use tweedie_training::{
    Error, Examination, Learner, LearnerState, Objective, Preparation, Seen, TrainingConfig,
};

/// y = w·x.
#[derive(Debug)]
struct Slope {
    parameters: Parameters,
    weight: Tensor,
}

impl Slope {
    fn build(
        _: &serde_json::Value,
        mut parameters: Parameters,
    ) -> Result<Box<dyn Network>, tweedie_networks::Error> {
        let weight = parameters.root().trained("weight", &[1], Init::Constant(0.5))?;
        Ok(Box::new(Self { parameters, weight }))
    }
}

impl Network for Slope {
    fn forward(&self, input: &Input<'_>, _: &Pass) -> Result<Tensor, tweedie_networks::Error> {
        Ok(input.x * &self.weight)
    }
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }
    fn class_name(&self) -> &'static str {
        "Slope"
    }
    fn config(&self) -> serde_json::Value {
        serde_json::json!({})
    }
    fn accepts(&self) -> Accepts {
        Accepts { channels: 1, outputs: 1, size: Some(vec![]), ..Accepts::default() }
    }
}

/// Learns y from x. It keeps its network in a model, for the checkpoint's folder.
#[derive(Debug)]
pub struct Regressor(Model);

/// x and y, one after another.
pub struct Pairs(Vec<f32>);

/// How many examples were learned from, and the sum of their losses.
#[derive(Debug)]
pub struct Count([f32; 2]);

impl LearnerState for Count {
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        vec![("regression.count", &mut self.0)]
    }
}

pub fn registry() -> Registry {
    Registry::default().with("Slope", Slope::build)
}

impl Regressor {
    pub fn new() -> Self {
        let network = registry().build("Slope", &serde_json::json!({}), Device::Cpu, 0).unwrap();
        let description = Description::new(Schedule::COSINE, 10, Parameterization::X0);
        Self(Model::of_network(network, description).unwrap())
    }

    fn losses(&self, pairs: &[f32], pass: &Pass) -> Result<Examination, Error> {
        let n = pairs.len() / 2;
        let both = Tensor::from_slice(pairs).reshape([n as i64, 2]);
        let call = Call { condition: &Condition::none(), first: 0, pass: *pass, network_levels: None };
        let level = Levels::Same(self.0.process().level(1));
        let out = self.0.output(&both.narrow(1, 0, 1), level, &call)?.out;
        let losses = (out - both.narrow(1, 1, 1)).square().squeeze_dim(1);
        Ok(Examination { losses, weights: vec![1.0; n], times: vec![None; n], right: None })
    }
}

fn floats(examples: Batch) -> Result<Vec<f32>, Error> {
    match examples.values {
        Values::Floats(values) => Ok(values),
        Values::Bytes(_) => Err(Error::Arrays),
    }
}

impl Learner for Regressor {
    type Batch = Pairs;
    type State = Count;

    fn backbone(&self) -> &Backbone {
        self.0.backbone()
    }
    fn backbone_mut(&mut self) -> &mut Backbone {
        self.0.backbone_mut()
    }
    fn check(&self, _: &TrainingConfig) -> Result<(), Error> {
        Ok(())
    }
    fn state(&self, _: &TrainingConfig) -> Count {
        Count([0.0; 2])
    }
    fn preparation(&self, _: &TrainingConfig) -> Preparation<Pairs> {
        Arc::new(|examples| floats(examples).map(Pairs))
    }
    fn n_examples(batch: &Pairs) -> usize {
        batch.0.len() / 2
    }
    fn examine(
        &self,
        batch: &Pairs,
        part: Range<usize>,
        _: &Count,
        _: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error> {
        self.losses(&batch.0[2 * part.start..2 * part.end], pass)
    }
    fn examine_held_out(
        &self,
        examples: &Batch,
        _: &[usize],
        _: &TrainingConfig,
    ) -> Result<Examination, Error> {
        self.losses(&floats(examples.clone())?, &self.0.pass())
    }
    fn remember(&self, state: &mut Count, seen: &[Seen]) {
        state.0[0] += seen.len() as f32;
        state.0[1] += seen.iter().map(|seen| seen.loss as f32).sum::<f32>();
    }
    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(self.0.snapshot()?)
    }
}
