//! The choice of precision and memory order by measurement.

use crate::points;
use std::ops::ControlFlow;
use std::path::Path;
use tweedie_applications::auto::Auto;
use tweedie_applications::generation::{OpenOptions, open};
use tweedie_applications::recipes::{Notice, Outcome, Recipe, Start, resumed_config};
use tweedie_report::Event;
use tweedie_torch::Precision;
use tweedie_training::Replicas;

fn start(runs: &Path, auto: Auto) -> Start {
    Start { runs: runs.to_path_buf(), device: "cpu".into(), threads: Some(1), auto }
}

fn run(settings: &[&str], start: &Start) -> (Outcome, Notice) {
    let mut seen = None;
    let recipe = Recipe::prepare(points(settings), None).unwrap();
    let outcome = recipe.run_with(start, &mut (), &mut |notice| seen = Some(notice.clone())).unwrap();
    (outcome, seen.unwrap())
}

fn weights(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("network/diffusion_pytorch_model.safetensors")).unwrap()
}

/// Replaces the remembered choice by the other one.
fn choose_the_other(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let mut all: serde_json::Value = serde_json::from_str(&text).unwrap();
    for one in all.as_array_mut().unwrap() {
        let other = 1 - one["chosen"].as_u64().unwrap();
        one["chosen"] = other.into();
    }
    std::fs::write(file, all.to_string()).unwrap();
}

/// A measured choice gives the run that the same mode gives without a measurement, and is made once.
#[test]
fn a_measurement_leaves_no_trace_in_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("speed.json");
    let measured = Auto::Measured { file: file.clone() };
    let (first, notice) =
        run(&["training.precision=auto"], &start(&folder.path().join("a"), measured.clone()));
    assert!(notice.reason.starts_with("measured in ms per example: "), "{}", notice.reason);
    let setting = format!("training.precision={}", notice.mode.precision.name());
    let (pinned, _) = run(&[&setting], &start(&folder.path().join("b"), Auto::Rule));
    assert!(weights(&first.checkpoint) == weights(&pinned.checkpoint));

    let before = std::fs::read(&file).unwrap();
    let (_, again) = run(&["training.precision=auto"], &start(&folder.path().join("c"), measured.clone()));
    assert_eq!(std::fs::read(&file).unwrap(), before, "the choice was measured again");
    assert_eq!((again.mode, again.reason), (notice.mode, notice.reason));

    choose_the_other(&file);
    let (_, other) = run(&["training.precision=auto"], &start(&folder.path().join("d"), measured.clone()));
    assert_ne!(other.mode.precision, notice.mode.precision);

    // What is pinned is not measured, and another batch is another case.
    std::fs::remove_file(&file).unwrap();
    run(&["training.precision=bf16"], &start(&folder.path().join("e"), measured.clone()));
    assert!(!file.exists());
    run(&["training.precision=auto"], &start(&folder.path().join("f"), measured.clone()));
    let one = std::fs::read(&file).unwrap().len();
    run(&["training.precision=auto", "training.batch=128"], &start(&folder.path().join("g"), measured));
    assert!(std::fs::read(&file).unwrap().len() > one);
}

/// A resumed run computes as it began, whatever is remembered by then.
#[test]
fn a_resumed_run_keeps_its_choice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("speed.json");
    let how = start(&folder.path().join("runs"), Auto::Measured { file: file.clone() });
    let (whole, _) = run(&["training.precision=auto"], &how);
    let mut stop = |event: &Event<'_>| match event {
        Event::Figures { done: 2048.., .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let first = Recipe::prepare(points(&["training.precision=auto"]), None).unwrap();
    let first = first.run(&how, &mut stop).unwrap().run.folder().to_path_buf();
    choose_the_other(&file);
    let config = resumed_config(&first, &[], None).unwrap();
    let mut seen = None;
    let second = Recipe::prepare(config, Some(&first)).unwrap();
    let second = second.run_with(&how, &mut (), &mut |notice| seen = Some(notice.clone())).unwrap();
    let notice = seen.unwrap();
    assert_eq!(notice.reason, "as before");
    assert_eq!(notice.resumed.unwrap().1, Vec::<String>::new());
    assert!(weights(&whole.checkpoint) == weights(&second.checkpoint));
}

/// A run with replicas is resumed with as many, bit for bit.
#[test]
fn replicas_are_kept_by_a_resume() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["training.replicas=2"];
    let how = start(&folder.path().join("runs"), Auto::Rule);
    let (whole, notice) = run(&settings, &how);
    assert_eq!(notice.replicas, 2);
    let (alone, notice) = run(&["training.replicas=1"], &how);
    assert_eq!(notice.replicas, 1);
    assert!(weights(&whole.checkpoint) != weights(&alone.checkpoint));
    let mut stop = |event: &Event<'_>| match event {
        Event::Figures { done: 2048.., .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let first = Recipe::prepare(points(&settings), None).unwrap();
    let first = first.run(&how, &mut stop).unwrap().run.folder().to_path_buf();
    // The number is that of the beginning if the configuration leaves it open.
    let config = resumed_config(&first, &["training.replicas=auto".into()], None).unwrap();
    let second = Recipe::prepare(config, Some(&first)).unwrap().run(&how, &mut ()).unwrap();
    assert!(weights(&whole.checkpoint) == weights(&second.checkpoint));
}

/// Sampling measures the network of the loaded model for its batch.
#[test]
fn an_opened_model_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (outcome, _) = run(&[], &start(&folder.path().join("runs"), Auto::Rule));
    let file = folder.path().join("speed.json");
    let options = |precision: &str, at_once| OpenOptions {
        device: "cpu".into(),
        precision: precision.into(),
        auto: Auto::Measured { file: file.clone() },
        at_once,
        ..OpenOptions::default()
    };
    let opened = open(&outcome.checkpoint, &options("f32", 8)).unwrap();
    assert!(!file.exists() && opened.precision == Precision::F32);
    let opened = open(&outcome.checkpoint, &options("auto", 8)).unwrap();
    assert_eq!(opened.model.backbone().pass().precision, opened.precision);
    let note = opened.notes.last().unwrap();
    assert!(note.starts_with("computed in ") && note.contains("measured in ms per example: "), "{note}");
    choose_the_other(&file);
    assert_ne!(open(&outcome.checkpoint, &options("auto", 8)).unwrap().precision, opened.precision);
    // The replicas that are chosen are those of the model, whichever was measured last.
    tch::set_num_threads(2);
    let replicated = OpenOptions { replicas: Replicas::Auto, ..options("f32", 8) };
    let by = |n: usize| if n == 1 { "f32 (".to_string() } else { format!("f32 by {n} replicas (") };
    for _ in 0..2 {
        let opened = open(&outcome.checkpoint, &replicated).unwrap();
        let note = opened.notes.last().unwrap();
        assert!(note.contains(&by(opened.model.replicas())), "{note}");
        let text = std::fs::read_to_string(&file).unwrap();
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(all.last().unwrap()["chosen"], opened.model.replicas() - 1);
        choose_the_other(&file);
    }
    tch::set_num_threads(1);
    let before = std::fs::read(&file).unwrap();
    open(&outcome.checkpoint, &options("auto", 9)).unwrap();
    assert_ne!(std::fs::read(&file).unwrap(), before);
}
