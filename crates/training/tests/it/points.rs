//! A complete training run on points: it learns, resumes bit for bit, and its folders load.

use crate::common::{StopAfter, environment, go_on_showing, weights};
use std::sync::Arc;
use tch::Device;
use tweedie_data::{DataIdentity, PointKind, Points};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::{About, Condition, Description, Model, Standardization};
use tweedie_networks::{PointMlp, PointMlpConfig};
use tweedie_samplers::StreamNoise;
use tweedie_torch::Precision;
use tweedie_training::{
    HeldOut, LevelSampling, LoopMemory, Objective, OptimizerConfig, ReportConfig, Run, Trainer,
    TrainingConfig, TrainingData, read_metrics,
};

/// Points per step.
const BATCH: u64 = 128;

/// 200 steps.
const IMAGES: u64 = 200 * BATCH;

fn moons(seed: u64) -> Points {
    Points::new(PointKind::Moons, seed)
}

/// EDM's process and preconditioning, with a network that drops features, so that its order is tested too.
fn fresh() -> Trainer {
    let network = PointMlpConfig { width: 32, blocks: 2, dropout: 0.02, ..PointMlpConfig::default() };
    let network = PointMlp::new(&network, Device::Cpu, 0).unwrap();
    let schedule = Schedule::Edm { sigma_min: 0.01, sigma_max: 20.0 };
    let standardization = Some(Standardization { mean: vec![0.0; 2], scale: vec![1.0; 2] });
    let about = About { standardization, ..About::new(schedule.clone(), 64) };
    let predicted = Parameterization::Edm { sigma_data: 1.0 };
    let description = Description { about, ..Description::new(schedule, 64, predicted) };
    let model = Model::of_network(Box::new(network), description).unwrap();
    let report = ReportConfig {
        tick: IMAGES / 10,
        checkpoint: IMAGES / 2,
        held_out: IMAGES / 4,
        held_out_images: 256,
        keep_last: 9,
        ..ReportConfig::default()
    };
    let optimizer = OptimizerConfig { learning_rate: 5e-3, warmup: 640, ..OptimizerConfig::default() };
    let levels = LevelSampling::LogNormalSigma { mean: -1.2, std: 0.6 };
    let objective = Objective { levels, ..Objective::default() };
    let config = TrainingConfig {
        images: IMAGES,
        batch: BATCH as usize,
        objective,
        optimizer,
        report,
        ..Default::default()
    };
    Trainer::new(model, config, Precision::F32).unwrap()
}

fn go_on(trainer: &mut Trainer, run: &mut Run, memory: LoopMemory, seen: &mut StopAfter) {
    let data = TrainingData { shown: Arc::new(moons(0)), held_out: Some(Arc::new(moons(1))) };
    go_on_showing(trainer, run, memory, seen, data, None);
}

#[test]
fn moons_are_learned_and_a_stopped_run_is_the_run_that_was_not() {
    let place = tempfile::tempdir().unwrap();
    let new = |name: &str| Run::create(place.path(), name, "", &environment()).unwrap();
    let (mut trainer, mut run) = (fresh(), new("whole"));
    go_on(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::never());
    let ticks = read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks;
    let losses: Vec<f64> = ticks.iter().map(|tick| tick.loss).collect();
    // A fresh network predicts 0, whose loss is about 1; where the moons are seen through the noise there is less to lose. A tick is a
    // mean over 2560 examples whose losses deviate by about 1, and five standard errors of a difference of two are 0.14.
    assert!(losses.len() == 10 && losses[9] < losses[0] - 0.14, "{losses:?}");
    // Held-out examples are at all levels alike, also at those that this rule hardly ever draws.
    let held_out: Vec<&HeldOut> = ticks.iter().filter_map(|tick| tick.held_out.as_ref()).collect();
    assert!(held_out.len() == 4 && held_out.iter().all(|it| it.bins.len() == 8 && it.averaged.is_finite()));

    // Stopped after a step, before and after a checkpoint.
    let mut parts = new("parts");
    let folder = parts.folder().to_path_buf();
    let mut memory = LoopMemory::default();
    let mut other = fresh();
    for steps in [1, 70, 60] {
        go_on(&mut other, &mut parts, memory, &mut StopAfter::steps(steps));
        drop(parts);
        (other, parts) = (fresh(), Run::open(&folder).unwrap());
        let resumed = parts.resume(&mut other, &DataIdentity::of(&moons(0))).unwrap();
        assert!(resumed.differences.is_empty(), "{:?}", resumed.differences);
        memory = resumed.progress;
    }
    assert_eq!((other.images(), other.steps()), (131 * BATCH, 131));
    go_on(&mut other, &mut parts, memory, &mut StopAfter::never());
    assert!(weights(trainer.model()) == weights(other.model()), "the weights differ");
    let tensors =
        |run: &Run| std::fs::read(run.checkpoint(IMAGES).join("resume/tensors.safetensors")).unwrap();
    assert!(tensors(&run) == tensors(&parts), "the checkpoints differ");
    let again = read_metrics(&folder.join("metrics.jsonl")).unwrap().ticks;
    assert_eq!(again.iter().map(|tick| tick.loss).collect::<Vec<_>>(), losses);

    // Every checkpoint is a model that can be sampled, the last one with the averaged weights.
    for images in [IMAGES / 2, IMAGES] {
        let model = Model::load(&run.checkpoint(images), Device::Cpu).unwrap();
        assert!(model.about().is_points());
        let (noise, sampling) = (StreamNoise::new(0, 0), model.sampling());
        let x = model.sample(&[16, 2], sampling, Condition::none(), &noise, &mut ()).unwrap();
        assert!(x.size() == [16, 2] && x.isfinite().all().int64_value(&[]) == 1);
    }
    let averaged = trainer.with_ema(|model| Ok(weights(model))).unwrap();
    assert_eq!(weights(&Model::load(run.folder(), Device::Cpu).unwrap()), averaged);
}
