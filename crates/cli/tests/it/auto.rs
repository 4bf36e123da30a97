//! The choice of precision and memory order by measurement.

use crate::{refused, succeeds, train, tweedie};

/// A measurement is printed and remembered in the user's cache.
#[test]
fn a_choice_is_measured_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let measured = |command: &mut std::process::Command| {
        succeeds(command.env("TWEEDIE_AUTO", "measure").env("XDG_CACHE_HOME", &cache).env("HOME", &cache))
    };
    let auto = ["--set", "training.precision=auto", "--set", "training.report.sheet=0"];
    let reason = |text: &str| {
        text.split_once("(measured in ms per example: ").unwrap().1.split_once(')').unwrap().0.to_string()
    };
    let first = reason(&measured(&mut train(folder.path(), &auto)));
    for mode in ["f32 NHWC", "f32 NCHW", "bf16 NHWC", "bf16 NCHW"] {
        assert!(first.contains(mode), "{first}");
    }
    let file = cache.join("tweedie/speed.json");
    let remembered = std::fs::read(&file).unwrap();
    assert_eq!(reason(&measured(&mut train(folder.path(), &auto))), first);
    assert_eq!(std::fs::read(&file).unwrap(), remembered);
    let devices = measured(tweedie(folder.path()).arg("devices"));
    assert!(devices.contains(&file.display().to_string()), "{devices}");
    let sample = ["sample", "runs/00000-shapes", "-n", "2", "--precision", "auto", "--out", "a"];
    assert!(measured(tweedie(folder.path()).args(sample)).contains("(measured in ms per example: "));
    // A damaged file costs a measurement.
    std::fs::write(&file, "{").unwrap();
    assert!(measured(&mut train(folder.path(), &auto)).contains("(measured in ms per example: "));
    // Without a measurement, the hardware decides.
    assert!(!succeeds(&mut train(folder.path(), &auto)).contains("measured"));
}

#[test]
fn an_unknown_value_of_the_variable_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(
        folder.path(),
        train(folder.path(), &[]).env("TWEEDIE_AUTO", "fast"),
        &["TWEEDIE_AUTO", "\"fast\"", "\"rule\""],
    );
}
