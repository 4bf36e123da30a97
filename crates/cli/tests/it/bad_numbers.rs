//! Arrays, CIFAR's batches and configuration files that are refused by one line.

use crate::make::{self, put};
use crate::{place, refused, train, tweedie};
use std::path::Path;
use tweedie_weights::TensorBytes;

/// Refuses to train on arrays with more settings.
#[track_caller]
fn arrays_refused(folder: &Path, more: &[&str], words: &[&str]) {
    std::fs::write(folder.join("arrays.toml"), make::ARRAYS).unwrap();
    let mut command = train(folder, &["--config", "arrays.toml", "--data", "mine.safetensors"]);
    refused(folder, command.args(more), words);
}

#[test]
fn arrays_that_are_none_are_named() {
    let place = place();
    let file = place.path().join("mine.safetensors");
    let latents = || make::latents(&[6, 2, 8, 8]);
    let with = |at: usize, value: f32| {
        let mut spoiled = latents();
        spoiled.bytes[4 * at..4 * at + 4].copy_from_slice(&value.to_le_bytes());
        spoiled
    };
    let constant = make::tensor(&[6, 2, 8, 8], std::iter::repeat(1.0));
    let labels =
        |n: usize, label: i64| TensorBytes { bytes: label.to_le_bytes().repeat(n), ..make::labels(n) };
    for (tensors, words) in [
        (vec![("x", with(130, f32::NAN))], &["value 130", "tensor x", "NaN"][..]),
        (vec![("x", with(7, f32::NEG_INFINITY))], &["value 7", "inf"]),
        (vec![("x", make::latents(&[6, 128]))], &["no tensor of shape (N, C, H, W)"]),
        (vec![("x", make::latents(&[0, 2, 8, 8]))], &["tensor x", "without any values"]),
        (vec![("x", latents()), ("y", latents())], &["several", "data.tensor", "x, y"]),
        (vec![("x", constant)], &["channel 0", "scale 0", "data.scale"]),
        (vec![("x", latents()), ("labels", labels(6, -1))], &["labels", "between 0 and a million"]),
        (vec![("x", latents()), ("labels", labels(6, 1 << 40))], &["labels", "between 0 and a million"]),
        (vec![("x", latents()), ("labels", labels(5, 1))], &["6 arrays and 5 labels"]),
        (
            vec![("x", latents()), ("labels", make::latents(&[6]))],
            &["labels are of another type than i64 and u8"],
        ),
        (vec![], &["no tensor of shape (N, C, H, W)"]),
    ] {
        make::safetensors(&file, &tensors);
        arrays_refused(place.path(), &[], &[&["mine.safetensors"], words].concat());
    }
    std::fs::write(&file, "no safetensors").unwrap();
    arrays_refused(place.path(), &[], &["mine.safetensors", "not a valid safetensors file"]);
}

#[test]
fn settings_of_arrays_are_named() {
    let place = place();
    make::safetensors(&place.path().join("mine.safetensors"), &[("x", make::latents(&[6, 2, 8, 8]))]);
    let mean = "data.mean=[0, 0]";
    for (settings, words) in [
        (&[mean][..], &["data.mean or data.scale", "both must be given, or neither"][..]),
        (&["data.scale=[1, 1]"], &["data.mean or data.scale", "both must be given, or neither"]),
        (&[mean, "data.scale=[1]"], &["2 means and 1 scales", "2 of each"]),
        (&[mean, "data.scale=[1, 0]"], &["channel 1", "scale 0"]),
        (&[mean, "data.scale=[1, -1]"], &["channel 1", "scale -1"]),
        (&["data.tensor=y"], &["no tensor y", "it has x"]),
        (&["model.conditional=true"], &["model.conditional", "no classes"]),
    ] {
        let more: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        arrays_refused(place.path(), &more, words);
    }
}

#[test]
fn batches_that_are_none_of_cifars_are_named() {
    let place = place();
    let cifar = |words: &[&str]| {
        let more = ["--preset", "cifar10", "--data", "mine"];
        refused(place.path(), &mut train(place.path(), &more), words);
    };
    put(&place.path().join("mine"), &make::images());
    cifar(&["mine", "data_batch_1.bin", "binary version"]);
    let whole = make::cifar(&[1, 2]);
    for (bytes, words) in [
        (&whole[..4000], &["4000 bytes", "not a multiple of 3073"][..]),
        (b"", &["0 bytes"]),
        (&make::cifar(&[9, 10]), &["record 1", "label 10", "0 to 9"]),
    ] {
        put(&place.path().join("mine"), &[("data_batch_1.bin", bytes.to_vec())]);
        cifar(&[&["data_batch_1.bin"], words].concat());
    }
}

#[test]
fn data_in_the_wrong_place_are_named() {
    let place = place();
    let folder = place.path();
    put(&folder.join("mine"), &make::images());
    for (preset, words) in [
        ("mnist", &["mine", "train-images-idx3-ubyte"][..]),
        ("nouns", &["mine", "image-data.json"]),
        ("shapes", &["shapes", "built in", "data is mine"]),
    ] {
        refused(folder, &mut train(folder, &["--preset", preset, "--data", "mine"]), words);
    }
    for preset in ["folder", "faces", "cifar10", "nouns"] {
        refused(folder, &mut train(folder, &["--preset", preset]), &[preset, "--data PATH"]);
    }
    put(&folder.join("mine"), &[("image-data.json", b"{".to_vec())]);
    refused(folder, &mut train(folder, &["--preset", "nouns", "--data", "mine"]), &["image-data.json"]);
}

#[test]
fn configurations_of_a_newer_version_are_named() {
    let place = place();
    let folder = place.path();
    let config = crate::succeeds(&mut train(folder, &["--dry-run"]));
    for (from, to, words) in [
        ("name = ", "colour = 1\nname = ", &["unknown key `colour`"][..]),
        ("[training.report]", "[training.report]\nwebhook = 1", &["training.report", "`webhook`"]),
        ("kind = \"shapes\"", "kind = \"videos\"", &["data.kind", "`videos`"]),
        ("images = 64", "images = -64", &["training.images", "-64"]),
        ("steps = 100", "steps = \"many\"", &["model.steps", "many"]),
    ] {
        assert!(config.contains(from), "{config}");
        std::fs::write(folder.join("newer.toml"), config.replacen(from, to, 1)).unwrap();
        let mut command = tweedie(folder);
        command.args(["train", "--config", "newer.toml"]);
        refused(folder, &mut command, &[&["newer.toml"], words].concat());
    }
}

#[test]
fn what_is_no_toml_is_refused_in_one_line() {
    let place = place();
    for (text, words) in [
        ("name = \"x\"\n\n[data]\nheight = 1 6\n", &["broken.toml", "not TOML", "line 4"][..]),
        ("name = 1\n[data\n", &["broken.toml", "not TOML", "line 2"]),
    ] {
        std::fs::write(place.path().join("broken.toml"), text).unwrap();
        let dry = ["train", "--dry-run", "--config", "broken.toml"];
        let output = tweedie(place.path()).args(dry).output().unwrap();
        let error = crate::text(&output.stderr);
        assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn flags_that_exclude_each_other_are_named() {
    let place = place();
    let folder = place.path();
    for arguments in [
        &["train", "--resume", "runs/x", "--config", "x.toml"][..],
        &["train", "--resume", "runs/x", "--preset", "shapes"],
        &["data", "preview", "--preset", "shapes", "--config", "x.toml"],
        &["evaluate", "samples", "x", "--preset", "shapes", "--config", "x.toml"],
    ] {
        let flags: Vec<&str> = arguments.iter().filter(|it| it.starts_with("--")).copied().collect();
        refused(folder, tweedie(folder).args(arguments), &[&flags[..], &["cannot be used with"]].concat());
    }
    for threads in ["0", "many", "100000"] {
        refused(folder, tweedie(folder).args(["train", "--threads", threads]), &["--threads", threads]);
    }
}
