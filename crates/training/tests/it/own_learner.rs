//! A learner of one's own is trained, saved and resumed by the trainer as it is.

use crate::common::{StopAfter, environment, go_on_showing, weights};
use crate::regressor::{Regressor, registry};
use std::sync::Arc;
use tch::{Device, Kind};
use tweedie_data::{DataIdentity, Dataset, Values};
use tweedie_math::DataShape;
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{
    LoopMemory, OptimizerConfig, ReportConfig, Run, Trainer, TrainingConfig, TrainingData,
};

/// Points (x, 3x).
struct Line;

impl Dataset for Line {
    fn name(&self) -> String {
        "line".into()
    }
    fn shape(&self) -> DataShape {
        DataShape::point(2)
    }
    fn len(&self) -> Option<u64> {
        Some(50)
    }
    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn may_flip(&self) -> bool {
        false
    }
    fn values(&self, index: u64) -> Result<Values, tweedie_data::Error> {
        let x = index as f32 / 25.0 - 1.0;
        Ok(Values::Floats(vec![x, 3.0 * x]))
    }
    fn label(&self, _: u64) -> Option<u32> {
        None
    }
    fn caption(&self, _: u64) -> String {
        String::new()
    }
}

fn fresh() -> Trainer<Regressor> {
    let optimizer = OptimizerConfig { learning_rate: 0.05, warmup: 0, ..OptimizerConfig::default() };
    let report = ReportConfig {
        tick: 64,
        held_out: 64,
        held_out_images: 16,
        checkpoint: 256,
        ..ReportConfig::default()
    };
    let config =
        TrainingConfig { images: 1600, batch: 16, accumulate: 4, optimizer, report, ..Default::default() };
    Trainer::new(Regressor::new(), config, Precision::F32).unwrap()
}

fn go_on(trainer: &mut Trainer<Regressor>, run: &mut Run, memory: LoopMemory, seen: &mut StopAfter) {
    let data = TrainingData { shown: Arc::new(Line), held_out: Some(Arc::new(Line)) };
    go_on_showing(trainer, run, memory, seen, data, None);
}

fn tensors(run: &Run) -> Vec<u8> {
    std::fs::read(run.checkpoint(1600).join("resume/tensors.safetensors")).unwrap()
}

#[test]
fn a_learner_of_ones_own_is_trained_saved_and_resumed() {
    let place = tempfile::tempdir().unwrap();
    let new = |name: &str| Run::create(place.path(), name, "", &environment()).unwrap();
    let (mut trainer, mut run, mut seen) = (fresh(), new("whole"), StopAfter::never());
    go_on(&mut trainer, &mut run, LoopMemory::default(), &mut seen);
    let last = seen.ticks.last().unwrap();
    assert!((weights(trainer.model())[0] - 3.0).abs() < 0.05 && last.held_out.as_ref().unwrap().raw < 1e-3);
    assert!(
        tensors(&run).windows(16).any(|name| name == b"regression.count"),
        "its state is in the checkpoint"
    );

    let mut parts = new("parts");
    let folder = parts.folder().to_path_buf();
    go_on(&mut fresh(), &mut parts, LoopMemory::default(), &mut StopAfter::steps(13));
    drop(parts);
    let (mut other, mut parts) = (fresh(), Run::open(&folder).unwrap());
    let resumed = parts.resume(&mut other, &DataIdentity::of(&Line)).unwrap();
    assert_eq!(other.images(), 13 * 16);
    go_on(&mut other, &mut parts, resumed.progress, &mut StopAfter::never());
    assert!(tensors(&run) == tensors(&parts), "resumed, it is another run");

    // The folder is that of a network of one's own, and of the average.
    let saved = Model::load_with(&registry(), run.folder(), Device::Cpu).unwrap();
    let averaged = trainer.with_ema(|learner| Ok(weights(learner))).unwrap();
    assert_eq!(
        Vec::<f32>::try_from(saved.parameters().next().unwrap().tensor.detach().to_kind(Kind::Float))
            .unwrap(),
        averaged
    );
    assert!(Model::load(run.folder(), Device::Cpu).unwrap_err().to_string().contains("Slope"));
}
