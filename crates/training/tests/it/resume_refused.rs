//! Resuming reports what has changed, or returns an error.

use crate::common::{StopAfter, environment, go_on_with_sheets, identity};
use crate::resume::{config, fresh, model};
use tweedie_data::DataIdentity;
use tweedie_torch::Precision;
use tweedie_training::{Error, LoopMemory, Run, Trainer};

/// Every change of the data set is reported in one sentence and is not an error.
#[test]
fn another_data_set_is_named() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &environment()).unwrap());
    go_on_with_sheets(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    let mut differences = |change: fn(&mut DataIdentity)| {
        let mut other = identity();
        change(&mut other);
        run.resume(&mut fresh(), &other).unwrap().differences
    };
    assert_eq!(
        differences(|it| (it.name, it.len) = ("digits".into(), Some(10))),
        ["the data set was shapes 16×16 and is digits with 10 images"]
    );
    let renamed = differences(|it| it.keys = Some("0".into()));
    assert_eq!(renamed, ["images of the data set have other names or classes than before"]);
    assert!(
        differences(|it| it.contents = Some("0".into()))[0].contains("files of the data set were changed")
    );
    assert_eq!(differences(|_| ()), [""; 0]);
}

#[test]
fn another_network_and_a_damaged_checkpoint_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &environment()).unwrap());
    go_on_with_sheets(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    let mut reason = |trainer: &mut Trainer| match run.resume(trainer, &identity()) {
        Err(Error::Resume { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(&mut crate::common::trainer(config())).contains("resume/tensors.safetensors"));
    // With these class names, class 0 would be another class.
    let mut other = model();
    other.about_mut().class_names.reverse();
    let mut other = Trainer::new(other, config(), Precision::F32).unwrap();
    assert!(reason(&mut other).contains("classes"));
    let checkpoint = place.path().join("00000-run/checkpoints/0000000008");
    let state = checkpoint.join("resume/state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    let with = |from: &str, to: &str| std::fs::write(&state, text.replace(from, to)).unwrap();
    with("\"format\": 3", "\"format\": 4");
    assert!(reason(&mut fresh()).contains("a newer tweedie"));
    with("\"images\": 8", "\"images\": 16");
    let numbers = reason(&mut fresh());
    assert!(numbers.contains("8 images") && numbers.contains("16 images"), "{numbers}");
    std::fs::remove_file(&state).unwrap();
    assert!(reason(&mut fresh()).contains("no resume/state.json"));
}

/// Makes a checkpoint one of format 2, whose files may be changed.
fn without_checksums(checkpoint: &std::path::Path) {
    std::fs::remove_file(checkpoint.join("resume/checksums.json")).unwrap();
    let state = checkpoint.join("resume/state.json");
    let mut old: serde_json::Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    old["format"] = 2.into();
    old.as_object_mut().unwrap().remove("log").unwrap();
    std::fs::write(state, old.to_string()).unwrap();
}

/// Half as many bytes as the network needs are not read as if they were all.
#[test]
fn tensors_of_another_kind_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &environment()).unwrap());
    go_on_with_sheets(&mut trainer, &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    let checkpoint = place.path().join("00000-run/checkpoints/0000000008");
    let path = checkpoint.join("resume/tensors.safetensors");
    let mut file = tweedie_weights::TensorFile::open(&path).unwrap();
    let halves = file.tensors().to_vec().into_iter().map(|info| {
        let bytes = file.read(&info).unwrap();
        let half = bytes.chunks(4).flat_map(|four| four[2..].to_vec()).collect();
        let kind = tweedie_weights::DataType::Bf16;
        (info.name, tweedie_weights::TensorBytes { kind, shape: info.shape, bytes: half })
    });
    let halves = halves.collect();
    without_checksums(&checkpoint);
    tweedie_weights::write_tensors(&path, &halves, &Default::default()).unwrap();
    let Err(error) = run.resume(&mut fresh(), &identity()) else { panic!("it was read") };
    assert!(error.to_string().contains("Bf16"), "{error}");
    let Err(error) = tweedie_training::load_raw_weights(&model(), &checkpoint) else { panic!("it was read") };
    assert!(error.to_string().contains("Bf16"), "{error}");
}

/// An average of another exponent is another tensor.
#[test]
fn stored_averages_of_other_widths_are_refused() {
    let with = |std: &[f64]| {
        let mut config = config();
        config.posthoc_ema.std = std.to_vec();
        Trainer::new(model(), config, Precision::F32).unwrap()
    };
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    go_on_with_sheets(&mut with(&[0.05, 0.1]), &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    run.resume(&mut with(&[0.1, 0.05]), &identity()).unwrap();
    let Err(error) = run.resume(&mut with(&[0.2]), &identity()) else { panic!("it was read") };
    assert!(error.to_string().contains("stored."), "{error}");
}

/// Resuming before the first checkpoint compares the environment with the one in which the run began.
#[test]
fn a_run_without_a_checkpoint_knows_how_it_began() {
    let place = tempfile::tempdir().unwrap();
    let began = tweedie_training::Environment { threads: 99, ..tweedie_training::Environment::of(&fresh()) };
    let mut run = Run::create(place.path(), "run", "", &began).unwrap();
    assert_eq!(run.environment().as_ref(), Some(&began));
    let resumed = run.resume(&mut fresh(), &identity()).unwrap();
    assert_eq!(resumed.differences.len(), 1);
    assert!(resumed.differences[0].starts_with("threads was 99"), "{:?}", resumed.differences);
}

/// If the process is killed after writing a checkpoint and before removing the stale ones, resuming removes them.
#[test]
fn what_a_kill_left_is_removed() {
    let place = tempfile::tempdir().unwrap();
    let one = || {
        let mut config = config();
        config.report.keep_last = 1;
        Trainer::new(model(), config, Precision::F32).unwrap()
    };
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    go_on_with_sheets(&mut one(), &mut run, LoopMemory::default(), &mut StopAfter::never());
    let (old, new) = (run.checkpoint(32), run.checkpoint(64));
    assert!(!old.exists() && new.exists());
    std::fs::create_dir_all(old.join("resume")).unwrap();
    run.resume(&mut one(), &identity()).unwrap();
    assert!(!old.exists() && new.exists());
}

/// Format 1 numbers the stored averages and has neither keys of the data set nor the flag `scheduled`.
#[test]
fn the_first_format_is_read() {
    let place = tempfile::tempdir().unwrap();
    let with = || {
        let mut config = config();
        config.posthoc_ema.std = vec![0.05, 0.1];
        Trainer::new(model(), config, Precision::F32).unwrap()
    };
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    go_on_with_sheets(&mut with(), &mut run, LoopMemory::default(), &mut StopAfter::steps(1));
    let checkpoint = run.checkpoint(8);
    without_checksums(&checkpoint);
    let state = checkpoint.join("resume/state.json");
    let mut old: serde_json::Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    old["format"] = 1.into();
    old.as_object_mut().unwrap().remove("scheduled").unwrap();
    for key in ["classes", "keys", "contents"] {
        old["data"].as_object_mut().unwrap().remove(key).unwrap();
    }
    std::fs::write(&state, old.to_string()).unwrap();
    let path = checkpoint.join("resume/tensors.safetensors");
    let mut file = tweedie_weights::TensorFile::open(&path).unwrap();
    let gammas =
        [0.05, 0.1].map(|std| format!("stored.{}", tweedie_math::power_average::gamma_of(std).unwrap()));
    let tensors = file.tensors().to_vec().into_iter().map(|info| {
        let bytes = file.read(&info).unwrap();
        let place = gammas.iter().position(|gamma| *gamma == info.name);
        let name = place.map_or(info.name, |i| format!("stored.{i}"));
        (name, tweedie_weights::TensorBytes { kind: info.kind, shape: info.shape, bytes })
    });
    tweedie_weights::write_tensors(&path, &tensors.collect(), &Default::default()).unwrap();
    let mut trainer = with();
    let resumed = run.resume(&mut trainer, &identity()).unwrap();
    assert_eq!((resumed.differences, trainer.images()), (vec![], 8));
}
