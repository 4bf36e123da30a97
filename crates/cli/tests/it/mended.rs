//! What was once found too late, or said in the wrong words.

use crate::make::{self, SMALL, noisy, put};
use crate::{names_in, only_run, place, refusal, refused, succeeds, train, tweedie};

/// A file that is no picture is found before a run is begun, not when its turn comes.
#[test]
fn a_bad_picture_begins_no_run() {
    let place = place();
    put(&place.path().join("mine"), &make::pictures());
    put(&place.path().join("mine"), &[("bad.png", b"no picture".to_vec())]);
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

/// What is refused by the server is not asked for again, and an offline machine is told at once.
#[test]
fn offline_is_said_at_once() {
    let place = place();
    let began = std::time::Instant::now();
    let offline = ["data", "get", "mnist", "--from", "http://127.0.0.1:9/"];
    let error = refusal(&tweedie(place.path()).args(offline).output().unwrap());
    assert!(error.contains("online?") && began.elapsed().as_secs() < 4, "{:?}: {error}", began.elapsed());
}
