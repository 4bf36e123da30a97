//! A model and data small enough to train in a moment.

use std::sync::Arc;
use tch::Device;
use tweedie_data::{Batch, Dataset, Loader, Shapes};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Description, Model};
use tweedie_networks::UNetConfig;
use tweedie_torch::Precision;
use tweedie_training::{Trainer, TrainingConfig};

pub fn network() -> UNetConfig {
    UNetConfig {
        down_block_types: vec!["DownBlock2D".into(), "AttnDownBlock2D".into()],
        up_block_types: vec!["AttnUpBlock2D".into(), "UpBlock2D".into()],
        block_out_channels: vec![8, 16],
        layers_per_block: 1,
        norm_num_groups: Some(4),
        ..UNetConfig::default()
    }
}

pub fn description(parameterization: Parameterization) -> Description {
    Description {
        sampling: SamplingDefaults { steps: 5, ..SamplingDefaults::default() },
        ..Description::new(Schedule::COSINE, 100, parameterization)
    }
}

pub fn model(parameterization: Parameterization) -> Model {
    Model::new(&network(), description(parameterization), Device::Cpu, 0).unwrap()
}

pub fn config() -> TrainingConfig {
    TrainingConfig { images: 64, batch: 8, ..TrainingConfig::default() }
}

pub fn trainer(config: TrainingConfig) -> Trainer {
    Trainer::new(model(Parameterization::Epsilon), config, Precision::F32).unwrap()
}

pub fn data() -> Arc<dyn Dataset> {
    Arc::new(Shapes::new(16, 16, 0).unwrap())
}

pub fn batches(n: usize, count: usize) -> Vec<Batch> {
    let mut loader = Loader::new(data(), 0, n, 0, true).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

/// Every weight, end to end.
pub fn weights(model: &Model) -> Vec<f32> {
    model
        .network()
        .parameters()
        .iter()
        .flat_map(|parameter| Vec::<f32>::try_from(parameter.tensor.detach().flatten(0, -1)).unwrap())
        .collect()
}
