//! A user-defined network whose constructor writes to its parameters, so that it cannot be planned.

use crate::refusal;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::{Description, Model};
use tweedie_networks::{Accepts, Error, Init, Input, Network, Parameters, Pass, Registry};

/// A point times a fixed factor, which the constructor computes.
#[derive(Debug)]
struct Scaled {
    parameters: Parameters,
    factor: Tensor,
}

impl Scaled {
    const CLASS: &str = "Scaled";

    fn build(_config: &Value, mut parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        let mut factor = parameters.root().fixed("factor", &[2], Init::Constant(0.0))?;
        tch::no_grad(|| factor.copy_(&Tensor::from_slice(&[0.25f32, 0.5])));
        Ok(Box::new(Self { parameters, factor }))
    }
}

impl Network for Scaled {
    fn forward(&self, input: &Input<'_>, _pass: &Pass) -> Result<Tensor, Error> {
        Ok(input.x.to_kind(Kind::Float) * &self.factor)
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn class_name(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Value {
        json!({})
    }

    fn accepts(&self) -> Accepts {
        Accepts { channels: 2, outputs: 2, size: Some(Vec::new()), ..Accepts::default() }
    }
}

/// A model with these factors, and a registry with its network.
pub(crate) fn scaled_by(factors: [f32; 2]) -> (Registry, Model) {
    let network = Scaled::build(&json!({}), Parameters::new(Device::Cpu, 0)).unwrap();
    let mut factor = network.parameters().get("factor").unwrap().shallow_clone();
    tch::no_grad(|| factor.copy_(&Tensor::from_slice(&factors)));
    let description = Description::new(Schedule::LINEAR, 20, Parameterization::X0);
    let registry = Registry::default().with(Scaled::CLASS, Scaled::build);
    (registry, Model::of_network(network, description).unwrap())
}

#[test]
fn a_network_that_cannot_be_planned_is_loaded() {
    let network = Scaled::build(&json!({}), Parameters::new(Device::Cpu, 0)).unwrap();
    let description = Description::new(Schedule::LINEAR, 10, Parameterization::X0);
    let place = tempfile::tempdir().unwrap();
    Model::of_network(network, description).unwrap().save(place.path(), |_| Ok(())).unwrap();
    let registry = Registry::default().with(Scaled::CLASS, Scaled::build);
    let loaded = Model::load_with(&registry, place.path(), Device::Cpu).unwrap();
    let factor = loaded.network().parameters().get("factor").unwrap();
    assert_eq!(Vec::<f32>::try_from(factor).unwrap(), [0.25, 0.5]);
    let folder = std::fs::read_dir(place.path()).unwrap().flatten().map(|entry| entry.path());
    let weights = folder.map(|it| it.join("diffusion_pytorch_model.safetensors")).find(|it| it.is_file());
    std::fs::write(weights.unwrap(), "none").unwrap();
    let refused = refusal(Model::load_with(&registry, place.path(), Device::Cpu));
    assert!(refused.contains("not a valid safetensors file"), "{refused}");
}
