//! A model and data small enough to train in a moment.

use std::ops::ControlFlow;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Batch, DataIdentity, Dataset, Loader, Shapes};
use tweedie_math::random::Purpose;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{Condition, Description, Model, to_pixels};
use tweedie_networks::UNetConfig;
use tweedie_report::{Canvas, Event, Progress, Sheet, sheet};
use tweedie_samplers::{Denoiser, Levels};
use tweedie_torch::Precision;
use tweedie_training::{
    Environment, Error, Learner, LoopMemory, Preview, Run, StepReport, Tick, Trainer, TrainingConfig,
    TrainingData, noise_tensor, read_metrics, train,
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
        sampling: SamplingConfig { steps: 5, ..SamplingConfig::default() },
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

/// One update from plain examples.
pub fn step<L: Learner>(trainer: &mut Trainer<L>, examples: &Batch) -> Result<StepReport, Error> {
    let batch = trainer.prepare(examples.clone())?;
    trainer.step(&batch)
}

/// Every weight, end to end.
pub fn weights(learner: &impl Learner) -> Vec<f32> {
    let flat = |tensor: &Tensor| Vec::<f32>::try_from(tensor.detach().flatten(0, -1)).unwrap();
    learner.backbone().parameters().flat_map(|parameter| flat(&parameter.tensor)).collect()
}

/// Draws the estimate of x_0 from pure noise, as a sheet of four images.
pub struct Estimates;

impl Preview<Model> for Estimates {
    fn draw(&self, model: &Model) -> Result<Canvas, Box<dyn std::error::Error + Send + Sync>> {
        let _no_gradient = tch::no_grad_guard();
        let noise = noise_tensor(Purpose::START, 0, 0, &[4, 3, 16, 16], Device::Cpu)?;
        let condition = model.class_rows().map_or(Condition::none(), |_| Condition::classes(vec![0; 4]));
        let level = model.process().level(model.process().steps());
        let estimate = model.given(condition).denoise(&noise, Levels::Same(level))?;
        let bytes = to_pixels(&estimate.x0, model.about().range)?;
        let images: Vec<Vec<u8>> = bytes.chunks_exact(3 * 16 * 16).map(<[u8]>::to_vec).collect();
        Ok(sheet(&images, [3, 16, 16], &Sheet::default()))
    }

    fn caption(&self) -> String {
        "estimates".into()
    }
}

/// The identity of the data set of a run.
pub fn identity() -> DataIdentity {
    DataIdentity::of(data().as_ref())
}

/// Environment under which a run may begin.
pub fn environment() -> Environment {
    Environment {
        threads: 1,
        cpu_capability: "AVX2".into(),
        libtorch: "2.11.0".into(),
        memory_layout: "NCHW".into(),
        precision: "f32".into(),
        device: "cpu".into(),
        kernels: 1,
        replicas: 1,
    }
}

/// Keeps the lines of the log, and stops a training after some steps.
#[derive(Default)]
pub struct StopAfter {
    /// The lines that the training wrote.
    pub ticks: Vec<Tick>,
    /// The images at which figures were reported.
    pub reported: Vec<u64>,
    left: Option<u64>,
}

impl StopAfter {
    pub fn steps(n: u64) -> Self {
        Self { left: Some(n), ..Self::default() }
    }

    pub fn never() -> Self {
        Self::default()
    }
}

impl Progress for StopAfter {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match (event, &mut self.left) {
            (Event::Figures { done, .. }, _) => self.reported.push(*done),
            (Event::Step { .. }, Some(left)) => {
                *left -= 1;
                return if *left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Trains on some data with a preview, and keeps the lines of the log.
pub fn go_on_showing<L: Learner>(
    trainer: &mut Trainer<L>,
    run: &mut Run,
    memory: LoopMemory,
    seen: &mut StopAfter,
    data: TrainingData,
    preview: Option<&dyn Preview<L>>,
) {
    let log = run.folder().join("metrics.jsonl");
    let before = read_metrics(&log).unwrap().ticks.len();
    train(trainer, data, run, memory, preview, seen).unwrap();
    seen.ticks = read_metrics(&log).unwrap().ticks.split_off(before);
    // Every line was reported as it was written.
    assert_eq!(seen.reported, seen.ticks.iter().map(|tick| tick.images).collect::<Vec<_>>());
}

/// Trains on the built-in set, measuring on some other images.
pub fn go_on_with<L: Learner>(
    trainer: &mut Trainer<L>,
    run: &mut Run,
    memory: LoopMemory,
    seen: &mut StopAfter,
    held_out: Option<Arc<dyn Dataset>>,
) {
    go_on_showing(trainer, run, memory, seen, TrainingData { shown: data(), held_out }, None);
}

/// Trains on the built-in set, measuring on the same set of another seed.
pub fn go_on<L: Learner>(trainer: &mut Trainer<L>, run: &mut Run, memory: LoopMemory, seen: &mut StopAfter) {
    let other: Arc<dyn Dataset> = Arc::new(Shapes::new(16, 16, 77).unwrap());
    go_on_with(trainer, run, memory, seen, Some(other));
}

/// Trains a denoiser likewise, with sheets.
pub fn go_on_with_sheets(trainer: &mut Trainer, run: &mut Run, memory: LoopMemory, seen: &mut StopAfter) {
    let other: Arc<dyn Dataset> = Arc::new(Shapes::new(16, 16, 77).unwrap());
    let data = TrainingData { shown: data(), held_out: Some(other) };
    go_on_showing(trainer, run, memory, seen, data, Some(&Estimates));
}

/// A run from its beginning to its end.
pub fn train_all<L: Learner>(trainer: &mut Trainer<L>, run: &mut Run) {
    go_on(trainer, run, LoopMemory::default(), &mut StopAfter::never());
}

/// A denoiser's run from its beginning to its end, with sheets.
pub fn train_all_with_sheets(trainer: &mut Trainer, run: &mut Run) {
    go_on_with_sheets(trainer, run, LoopMemory::default(), &mut StopAfter::never());
}
