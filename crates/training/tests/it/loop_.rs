//! The loop and the run's folder.

use crate::common::{Estimates, StopAfter, config, data, environment, trainer, weights};
use std::ops::ControlFlow;
use std::path::Path;
use tch::Device;
use tweedie_models::Model;
use tweedie_report::Event;
use tweedie_training::{
    Ending, Error, LoopMemory, ReportConfig, Run, Tick, TrainingConfig, TrainingData, train,
};

fn small() -> TrainingConfig {
    let report = ReportConfig {
        tick: 16,
        sheet: 32,
        sheet_images: 4,
        sheet_steps: 2,
        checkpoint: 32,
        ..ReportConfig::default()
    };
    TrainingConfig { report, ..config() }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_leaves_what_it_promises() {
    let place = tempfile::tempdir().unwrap();
    let mut trainer = trainer(small());
    let mut run = Run::create(place.path(), "tiny", "name = \"tiny\"\n", &environment()).unwrap();
    let mut steps = 0;
    let mut count = |event: &Event<'_>| {
        steps += u64::from(matches!(event, Event::Step { .. }));
        ControlFlow::Continue(())
    };
    let data = TrainingData { shown: data(), held_out: None };
    let ending =
        train(&mut trainer, data, &mut run, LoopMemory::default(), Some(&Estimates), &mut count).unwrap();
    assert_eq!((ending, steps, trainer.images()), (Ending::Finished, 8, 64));
    assert_eq!(
        names(run.folder()),
        [
            "checkpoints",
            "config.toml",
            "environment.json",
            "events.out.tfevents.0.tweedie",
            "index.html",
            "lock",
            "loss.svg",
            "metrics.jsonl",
            "samples"
        ]
    );
    assert_eq!(names(&run.folder().join("samples")), ["0000000032.png", "0000000064.png"]);
    assert_eq!(names(&run.folder().join("checkpoints")), ["0000000064"]);
    let lines = std::fs::read_to_string(run.folder().join("metrics.jsonl")).unwrap();
    let written: Vec<Tick> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(written.iter().map(|tick| tick.images).collect::<Vec<_>>(), [16, 32, 48, 64]);
    // What is saved is the averaged model.
    let loaded = Model::load(run.folder(), Device::Cpu).unwrap();
    let averaged = trainer.with_ema(|model| Ok(weights(model))).unwrap();
    assert_eq!(weights(&loaded), averaged);
    assert_ne!(weights(&loaded), weights(trainer.model()));
    assert_eq!(loaded.about().training.as_ref().unwrap().images, 64);
}

#[test]
fn runs_are_numbered_after_one_another() {
    let place = tempfile::tempdir().unwrap();
    let name = |run: Run| run.folder().file_name().unwrap().to_string_lossy().to_string();
    assert_eq!(name(Run::create(place.path(), "a", "", &environment()).unwrap()), "00000-a");
    assert_eq!(name(Run::create(place.path(), "b", "", &environment()).unwrap()), "00001-b");
    std::fs::create_dir(place.path().join("00041-old")).unwrap();
    assert_eq!(name(Run::create(place.path(), "c", "", &environment()).unwrap()), "00042-c");
}

#[test]
fn being_stopped_finishes_the_step_and_saves() {
    let place = tempfile::tempdir().unwrap();
    let mut trainer = trainer(small());
    let mut run = Run::create(place.path(), "tiny", "", &environment()).unwrap();
    let data = TrainingData { shown: data(), held_out: None };
    let mut stop = StopAfter::steps(3);
    let ending = train(&mut trainer, data, &mut run, LoopMemory::default(), None, &mut stop).unwrap();
    assert_eq!((ending, trainer.images()), (Ending::Interrupted, 24));
    Model::load(&run.checkpoint(24), Device::Cpu).unwrap();
}

#[test]
fn a_loss_that_is_no_number_names_its_step_and_keeps_the_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let mut config = small();
    config.optimizer.learning_rate = 1.0;
    config.optimizer.warmup = 0;
    config.optimizer.max_grad_norm = 0.0;
    let mut trainer = trainer(config);
    let mut run = Run::create(place.path(), "tiny", "", &environment()).unwrap();
    let weight = trainer.model().network().parameters().get("conv_in.bias").unwrap().shallow_clone();
    let mut poison = |event: &Event<'_>| {
        if matches!(event, Event::Step { done, .. } if *done == 40.0) {
            let _ = tch::no_grad(|| weight.get(0).fill_(f64::NAN));
        }
        ControlFlow::Continue(())
    };
    let data = TrainingData { shown: data(), held_out: None };
    let error = train(&mut trainer, data, &mut run, LoopMemory::default(), None, &mut poison).unwrap_err();
    assert!(matches!(error, Error::Diverged { step: 6, images: 40, .. }), "{error}");
    assert!(error.to_string().contains("0000000032"), "{error}");
    Model::load(&run.checkpoint(32), Device::Cpu).unwrap();
}
