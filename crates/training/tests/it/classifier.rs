//! A classifier of noisy images is trained by the same loop: what it learns, resuming, errors.

use crate::common::{
    StopAfter, batches, data, environment, go_on, identity, model, network, step, train_all, weights,
};
use std::path::PathBuf;
use tch::Device;
use tweedie_data::{Batch, Shape, Values};
use tweedie_math::{Parameterization, Schedule, Weighting};
use tweedie_models::{About, Classifier, Model};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{NoisyClassifierConfig, UNetConfig};
use tweedie_torch::Precision;
use tweedie_training::{
    Error, LevelSampling, LoopMemory, Loss, Objective, ObjectiveKind, OptimizerConfig, ReportConfig, Run,
    Trainer, TrainingConfig, read_metrics,
};

pub fn classifier(dropout: f64) -> Classifier {
    let encoder = UNetConfig { sample_size: Some(SampleSize::Square(16)), dropout, ..network() };
    let about = About { class_names: data().class_names(), ..About::new(Schedule::COSINE, 100) };
    let network = NoisyClassifierConfig { n_classes: 3, encoder };
    Classifier::new(&network, about, Device::Cpu, 0).unwrap()
}

pub fn config() -> TrainingConfig {
    let objective = Objective { kind: ObjectiveKind::Classifier, ..Objective::default() };
    TrainingConfig { images: 64, batch: 8, objective, ..TrainingConfig::default() }
}

/// At low noise levels the forms of the built-in set are soon recognised; at the highest noise levels they are not.
#[test]
fn the_forms_of_the_built_in_set_are_learned() {
    let optimizer = OptimizerConfig { learning_rate: 5e-3, warmup: 320, ..OptimizerConfig::default() };
    let levels = LevelSampling::NormalLogSnr { mean: 3.0, std: 2.0 };
    let objective = Objective { levels, ..config().objective };
    let images = 12_800;
    let report = ReportConfig {
        tick: images / 4,
        held_out: images,
        held_out_images: 512,
        sheet: 16,
        checkpoint: 0,
        ..ReportConfig::default()
    };
    let config = TrainingConfig { images, batch: 32, optimizer, objective, report, ..config() };
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let mut trainer = Trainer::new(classifier(0.0), config, Precision::F32).unwrap();
    train_all(&mut trainer, &mut run);
    let ticks = read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks;
    let losses: Vec<f64> = ticks.iter().map(|tick| tick.loss).collect();
    // The loss of a uniform prediction is ln 3 = 1.099.
    assert!(losses[0] < 1.2 && losses[3] < 0.85 && losses[3] < losses[0], "{losses:?}");
    let held_out = ticks[3].held_out.as_ref().unwrap();
    let accuracy = held_out.accuracy.unwrap();
    let bins: Vec<_> = held_out.bins.iter().map(|bin| bin.accuracy.unwrap()).collect();
    assert_eq!(bins.len(), 8);
    for [whole, parts] in [
        [accuracy.raw, bins.iter().map(|bin| bin.raw).sum::<f64>() / 8.0],
        [accuracy.averaged, bins.iter().map(|bin| bin.averaged).sum::<f64>() / 8.0],
    ] {
        assert!((whole - parts).abs() < 1e-9, "{whole}, {parts}");
    }
    // The accuracy of guessing is 1/3, ± .02 for 512 images and ± .06 for the 64 of a bin. The bounds are five such errors away.
    assert!(accuracy.averaged > 0.44 && bins[7].averaged > 0.63, "{accuracy:?}, {bins:?}");
    assert!(bins[0].averaged < 0.63, "{bins:?}");
    let page = std::fs::read_to_string(run.folder().join("index.html")).unwrap();
    assert!(page.contains("held-out accuracy") && page.contains("Held-out accuracy by level"));

    // The run has no sheets, and its checkpoint is a classifier with the averaged weights.
    assert!(!run.folder().join("samples").exists());
    let saved = Classifier::load(run.folder(), Device::Cpu).unwrap();
    assert_eq!(saved.about().training.as_ref().unwrap().images, images);
    let same = trainer.with_ema(|classifier| Ok(weights(classifier) == weights(&saved))).unwrap();
    assert!(same);
    assert!(
        Model::load(run.folder(), Device::Cpu).unwrap_err().to_string().contains("contains a classifier")
    );
}

/// Dropout, parts of a batch, a stored average, importance sampling, a held-out loss that waits for its tick.
fn fresh() -> Trainer<Classifier> {
    let levels = LevelSampling::Importance { history: 1, uniform_share: 0.5 };
    let report = ReportConfig {
        tick: 16,
        checkpoint: 32,
        held_out: 24,
        held_out_images: 8,
        keep_last: 9,
        ..ReportConfig::default()
    };
    let objective = Objective { levels, ..config().objective };
    let config = TrainingConfig { accumulate: 2, report, objective, ..config() };
    Trainer::new(classifier(0.2), config, Precision::F32).unwrap()
}

/// Weights, average, logged losses and the files of the last checkpoint except its state, which contains times.
fn traces(trainer: &mut Trainer<Classifier>, run: &Run) -> (Vec<f32>, Vec<f32>, Vec<f64>, Vec<Vec<u8>>) {
    let average = trainer.with_ema(|classifier| Ok(weights(classifier))).unwrap();
    let ticks = read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks;
    let held_out = ticks.iter().filter_map(|tick| Some(tick.held_out.as_ref()?.accuracy?.raw));
    let logged = ticks.iter().map(|tick| tick.loss).chain(held_out).collect();
    let files = ["tweedie.json", "README.md", "classifier/config.json", "resume/tensors.safetensors"]
        .into_iter()
        .chain(["classifier/diffusion_pytorch_model.safetensors"])
        .map(|name| std::fs::read(run.checkpoint(64).join(name)).unwrap());
    (weights(trainer.model()), average, logged, files.collect())
}

#[test]
fn a_classifier_goes_on_bit_for_bit() {
    let place = tempfile::tempdir().unwrap();
    let new = |name: &str| Run::create(place.path(), name, "", &environment()).unwrap();
    let (mut trainer, mut run) = (fresh(), new("whole"));
    train_all(&mut trainer, &mut run);
    let expected = traces(&mut trainer, &run);
    drop(run);
    for steps in [3, 4] {
        let mut run = new("parts");
        let folder: PathBuf = run.folder().to_path_buf();
        go_on(&mut fresh(), &mut run, LoopMemory::default(), &mut StopAfter::steps(steps));
        drop(run);
        let (mut trainer, mut run) = (fresh(), Run::open(&folder).unwrap());
        let resumed = run.resume(&mut trainer, &identity()).unwrap();
        assert_eq!((trainer.images(), resumed.differences), (8 * steps, vec![]));
        go_on(&mut trainer, &mut run, resumed.progress, &mut StopAfter::never());
        let found = traces(&mut trainer, &run);
        assert!(found == expected, "stopped after {steps} steps it is another run");
    }
}

#[test]
fn what_goes_not_together_is_a_sentence() {
    let with = |objective: Objective| TrainingConfig { objective, ..config() };
    let refusal =
        |objective| Trainer::new(classifier(0.0), with(objective), Precision::F32).unwrap_err().to_string();
    let kind = ObjectiveKind::Classifier;
    let error = refusal(Objective::default());
    assert!(error.contains("training.objective.kind is denoiser; it must be classifier"), "{error}");
    let error = refusal(Objective { kind, loss: Loss::Hybrid, ..Objective::default() });
    assert!(error.contains("loss is hybrid") && error.contains("cross entropy"), "{error}");
    let weighting = Some(Weighting::MinSnr { gamma: 5.0 });
    let error = refusal(Objective { kind, weighting, ..Objective::default() });
    assert!(error.contains("weighting is given") && error.contains("cross entropy"), "{error}");
    let denoiser =
        Trainer::new(model(Parameterization::X0), config(), Precision::F32).unwrap_err().to_string();
    assert!(denoiser.contains("training.objective.kind is classifier; it must be denoiser"), "{denoiser}");
}

#[test]
fn data_without_classes_are_refused() {
    let mut trainer = Trainer::new(classifier(0.0), config(), Precision::F32).unwrap();
    let shape = Shape { channels: 3, height: 16, width: 16 };
    let values = || Values::Bytes(vec![7; 2 * shape.n_values()]);
    let mut error = |labels| {
        let examples = Batch { values: values(), labels, n: 2, shape: shape.into(), first: 0 };
        step(&mut trainer, &examples).unwrap_err()
    };
    assert!(matches!(error(None), Error::Unlabelled));
    assert!(matches!(error(Some(vec![0, 3])), Error::Label { label: 3, n_classes: 3 }));
    // The errors changed nothing.
    assert_eq!(trainer.images(), 0);
    assert!(step(&mut trainer, &batches(8, 1)[0]).unwrap().loss > 0.5);
}
