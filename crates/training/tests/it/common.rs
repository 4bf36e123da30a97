//! A model and data small enough to train in a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tch::Device;
use tweedie_data::{Batch, DataIdentity, Dataset, Loader, Shapes};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Description, Model};
use tweedie_networks::UNetConfig;
use tweedie_torch::Precision;
use tweedie_training::{
    Conditions, Learner, Observer, Progress, Run, StepReport, Tick, Trainer, TrainingConfig, TrainingData,
    train,
};

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

/// What a run says its data are.
pub fn identity() -> DataIdentity {
    DataIdentity::of(data().as_ref())
}

/// Conditions under which a run may begin.
pub fn conditions() -> Conditions {
    Conditions {
        threads: 1,
        cpu_capability: "AVX2".into(),
        libtorch: "2.11.0".into(),
        memory_layout: "NCHW".into(),
        precision: "f32".into(),
        device: "cpu".into(),
    }
}

/// Keeps the ticks, and stops a training after some steps.
#[derive(Default)]
pub struct StopAfter {
    pub ticks: Vec<Tick>,
    left: Option<u64>,
    stop: Arc<AtomicBool>,
}

impl StopAfter {
    pub fn steps(n: u64) -> Self {
        Self { left: Some(n), ..Self::default() }
    }

    pub fn never() -> Self {
        Self::default()
    }
}

impl Observer for StopAfter {
    fn step(&mut self, _images: u64, _report: &StepReport) {
        if let Some(left) = &mut self.left {
            *left -= 1;
            self.stop.store(*left == 0, Ordering::Relaxed);
        }
    }

    fn tick(&mut self, tick: &Tick) {
        self.ticks.push(tick.clone());
    }
}

/// Trains on the built-in set, measuring on some other pictures.
pub fn go_on_with<L: Learner>(
    trainer: &mut Trainer<L>,
    run: &mut Run,
    progress: Progress,
    seen: &mut StopAfter,
    held_out: Option<Arc<dyn Dataset>>,
) {
    let stop = seen.stop.clone();
    let data = TrainingData { shown: data(), held_out };
    train(trainer, data, run, progress, &stop, seen).unwrap();
}

/// Trains on the built-in set, measuring on the same set of another seed.
pub fn go_on<L: Learner>(trainer: &mut Trainer<L>, run: &mut Run, progress: Progress, seen: &mut StopAfter) {
    let other: Arc<dyn Dataset> = Arc::new(Shapes::new(16, 16, 77).unwrap());
    go_on_with(trainer, run, progress, seen, Some(other));
}

/// A run from its beginning to its end.
pub fn train_all<L: Learner>(trainer: &mut Trainer<L>, run: &mut Run) {
    go_on(trainer, run, Progress::default(), &mut StopAfter::never());
}
