//! From a configuration to a run.

use crate::points;
use std::ops::ControlFlow;
use tweedie_applications::Error;
use tweedie_applications::auto::Auto;
use tweedie_applications::recipes::{PRESETS, Recipe, RunConfig, Source, Start, preset_text, resumed_config};
use tweedie_models::Model;
use tweedie_report::Event;
use tweedie_training::Ending;

fn start(runs: &std::path::Path) -> Start {
    Start { runs: runs.to_path_buf(), device: "cpu".into(), threads: Some(1), auto: Auto::Rule }
}

/// Every preset is read, and what it writes is read as the same configuration.
#[test]
fn presets_survive_their_own_format() {
    let somewhere = tempfile::tempdir().unwrap();
    for name in PRESETS {
        // A set of files needs a place, and a built-in one takes none.
        let takes_a_place = !matches!(name, "shapes" | "shapes-32");
        let data = takes_a_place.then(|| somewhere.path().to_path_buf());
        let source = Source { preset: Some((*name).into()), data, ..Source::default() };
        let config = RunConfig::resolve(&source).unwrap();
        assert!(preset_text(name).unwrap().contains(&format!("name = \"{}\"", config.name)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config.to_toml().unwrap()).unwrap();
        let again = RunConfig::resolve(&Source { config: Some(path), ..Source::default() }).unwrap();
        assert_eq!(again, config, "{name}");
    }
    let unknown = RunConfig::resolve(&Source { preset: Some("point".into()), ..Source::default() });
    assert!(matches!(unknown, Err(Error::Preset { nearest, .. }) if nearest == "points"));
}

/// A run that is stopped by its progress and resumed leaves the weights of an undisturbed run.
#[test]
fn a_stopped_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, halves) = (folder.path().join("whole"), folder.path().join("halves"));
    let whole = Recipe::prepare(points(&[]), None).unwrap().run(&start(&whole), &mut ()).unwrap();
    assert!(whole.ending == Ending::Finished && whole.images == 4096);
    let mut stop = |event: &Event<'_>| match event {
        Event::Figures { done: 2048.., .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let first = Recipe::prepare(points(&[]), None).unwrap().run(&start(&halves), &mut stop).unwrap();
    assert!(first.ending == Ending::Interrupted && first.images < 4096, "{}", first.images);
    let run = first.run.folder().to_path_buf();
    drop(first);
    let config = resumed_config(&run, &[], None).unwrap();
    let second = Recipe::prepare(config, Some(&run)).unwrap().run(&start(&halves), &mut ()).unwrap();
    assert_eq!(second.images, 4096);
    let weights = |folder: &std::path::Path| {
        std::fs::read(folder.join("network/diffusion_pytorch_model.safetensors")).unwrap()
    };
    assert!(weights(&whole.checkpoint) == weights(&second.checkpoint));
    let model = Model::load(&second.checkpoint, tch::Device::Cpu).unwrap();
    assert!(model.about().is_points());
    // The sheet of points is a plot.
    assert!(second.run.sheet(4096).is_file());
}

/// A configuration that contradicts its data is refused before a run's folder exists.
#[test]
fn contradictions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (set, key) in [
        ("network.width=0", "width"),
        ("training.batch=0", "batch"),
        ("sampling.levels=trailing:5000", "5000"),
        ("training.objective.loss=hybrid", "loss"),
    ] {
        let result = Recipe::prepare(points(&[set]), None)
            .and_then(|recipe| recipe.run(&start(folder.path()), &mut ()).map(|_| ()));
        let error = result.expect_err(set).to_string();
        assert!(error.contains(key), "{set}: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
