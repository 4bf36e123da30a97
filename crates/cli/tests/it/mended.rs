//! Regression tests of errors that were once found too late or described wrongly.

use crate::make::{self, SMALL, noisy, put};
use crate::{names_in, only_run, place, refusal, refused, succeeds, train, tweedie};

/// A file that is no image is found before a run is begun, not when its turn comes.
#[test]
fn a_bad_image_begins_no_run() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    put(&place.path().join("mine"), &[("bad.png", b"no image".to_vec())]);
    refused(
        place.path(),
        &mut train(place.path(), &[SMALL, &["--data", "mine"]].concat()),
        &["mine/bad.png"],
    );
}

/// A class table that the labels do not fit is found before a run is begun.
#[test]
fn a_class_table_that_does_not_fit_begins_no_run() {
    let place = place();
    put(&place.path().join("pets"), &make::classes());
    put(&place.path().join("mine"), &[("a.png", noisy([8, 8], 1))]);
    for data in ["pets", "mine"] {
        let more = ["--data", data, "--set", "network.num_class_embeds=2"];
        refused(place.path(), &mut train(place.path(), &[SMALL, &more].concat()), &["num_class_embeds"]);
    }
}

/// A model of arrays of any number of channels is drawn as arrays, in the data's own units.
#[test]
fn arrays_are_drawn_as_numbers() {
    let place = place();
    std::fs::write(place.path().join("arrays.toml"), make::ARRAYS).unwrap();
    make::safetensors(&place.path().join("mine.safetensors"), &[("x", make::latents(&[20, 4, 8, 8]))]);
    succeeds(&mut train(place.path(), &["--config", "arrays.toml", "--data", "mine.safetensors"]));
    let run = only_run(&place.path().join("runs"));
    // Samples of arrays are not clipped unless a clip is configured.
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("clip = \"null\""), "{config}");
    let bounded = ["--dry-run", "--config", "arrays.toml", "--set", "sampling.clip=3.0"];
    let printed = succeeds(train(place.path(), &bounded).args(["--data", "mine.safetensors"]));
    assert!(printed.contains("clip = 3.0"), "{printed}");
    let mut command = tweedie(place.path());
    succeeds(command.arg("sample").arg(&run).args(["-n", "2", "--raw", "x.safetensors", "--out", "drawn"]));
    assert!(names_in(place.path()).contains(&"x.safetensors".to_string()));
}

/// An unknown class is no failed conversion.
#[test]
fn an_unknown_class_is_said_without_rusts_words() {
    let place = place();
    put(&place.path().join("pets"), &make::classes());
    let more = ["--data", "pets", "--set", "model.conditional=true"];
    succeeds(&mut train(place.path(), &[SMALL, &more].concat()));
    let run = only_run(&place.path().join("runs"));
    let output = tweedie(place.path()).arg("sample").arg(run).args(["--class", "bird"]).output().unwrap();
    assert!(!refusal(&output).contains("invalid digit"));
}

/// A request that the server rejects is not repeated, and a missing connection is reported at once.
#[test]
fn offline_is_said_at_once() {
    let place = place();
    let began = std::time::Instant::now();
    let offline = ["data", "get", "mnist", "--from", "http://127.0.0.1:9/"];
    let error = refusal(&tweedie(place.path()).args(offline).output().unwrap());
    assert!(error.contains("online?") && began.elapsed().as_secs() < 4, "{:?}: {error}", began.elapsed());
}

/// The first level of a discrete process has the number 0, whose logarithm is none.
#[test]
fn a_logarithm_of_nothing_is_refused() {
    let place = place();
    let fourier = ["--set", "network.time_embedding_type=fourier"];
    refused(place.path(), &mut train(place.path(), &fourier), &["fourier", "not always positive"]);
}

/// A dry run reports the errors that training would report.
#[test]
fn a_dry_run_refuses_what_training_does() {
    let place = place();
    for (setting, words) in [
        ("model.variance=range", &["training.objective.loss"][..]),
        ("sampling.steps=5000", &["steps", "5000"]),
        ("training.report.held_out_images=9000000000000000000", &["held_out_images"]),
    ] {
        refused(place.path(), &mut train(place.path(), &["--dry-run", "--set", setting]), words);
    }
}

/// Other data, another seed: another run.
#[test]
fn a_run_that_goes_on_keeps_what_it_learns_from() {
    let place = place();
    succeeds(&mut train(place.path(), &[]));
    let run = only_run(&place.path().join("runs"));
    for setting in ["data.width=32", "held_out=0.5", "training.seed=1"] {
        let mut command = tweedie(place.path());
        let output = command.args(["train", "--resume"]).arg(&run).args(["--set", setting]).output().unwrap();
        assert!(refusal(&output).contains("keep its data"), "{setting}");
    }
}

/// Files in class folders come class by class; those that are judged come from all of them.
#[test]
fn judged_images_are_of_every_class() {
    let place = place();
    let names: Vec<String> =
        (0..80).map(|i| format!("{}/{i:02}.png", if i < 40 { "a" } else { "b" })).collect();
    let put_all = |folder: &str, [first, second]: [u8; 2]| {
        let files: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.as_str(), image_of(if i < 40 { first } else { second })))
            .collect();
        put(&place.path().join(folder), &files);
    };
    put_all("one", [127, 255]);
    put_all("other", [255, 127]);
    let distance = |folder: &str| {
        let mut command = tweedie(place.path());
        command.args(["evaluate", "samples", folder, "--preset", "shapes", "-n", "40", "--reference", "60"]);
        succeeds(command.args(["--out", &format!("{folder}-judged")]));
        let text = std::fs::read(place.path().join(format!("{folder}-judged/samples.json"))).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
        report["report"]["samples"]["frechet"].as_f64().unwrap()
    };
    let (one, other) = (distance("one"), distance("other"));
    assert!((one / other - 1.0).abs() < 0.3, "{one} and {other}: of one class alone they differ by far more");
}

/// A grey image of the built-in set's size.
fn image_of(value: u8) -> Vec<u8> {
    let canvas = tweedie_report::Canvas::new(16, 16, [value; 3]);
    let mut bytes = Vec::new();
    tweedie_report::write_png(&canvas, &[], &mut bytes).unwrap();
    bytes
}

/// A conditional run may stop dropping labels: its table keeps the row that means no class.
#[test]
fn labels_may_be_kept_from_some_point_on() {
    let place = place();
    put(&place.path().join("pets"), &make::classes());
    let more = ["--data", "pets", "--set", "model.conditional=true"];
    succeeds(&mut train(place.path(), &[SMALL, &more].concat()));
    let run = only_run(&place.path().join("runs"));
    let kept = ["--set", "training.label_dropout=0.0", "--set", "training.images=96"];
    succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(kept));
    for class in ["none", "all"] {
        succeeds(tweedie(place.path()).arg("sample").arg(&run).args(["-n", "2", "--class", class]));
    }
    // Without such a row none can be dropped.
    let without = ["--set", "training.label_dropout=0.0", "--runs", "without"];
    succeeds(&mut train(place.path(), &[SMALL, &more, &without].concat()));
    let run = only_run(&place.path().join("without"));
    let dropped = ["--set", "training.label_dropout=0.1"];
    let output = tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(dropped).output().unwrap();
    assert!(refusal(&output).contains("training.label_dropout must be 0"));
}
