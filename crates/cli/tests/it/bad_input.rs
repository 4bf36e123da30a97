//! Files, flags and checkpoints that are refused by one line, with nothing written.

use crate::{checkpoint, copy_of_checkpoint, place, refused, train, tweedie};
use std::path::Path;

/// Refuses `tweedie sample` of a folder's copy of the checkpoint.
#[track_caller]
fn sample_refused(folder: &Path, words: &[&str]) {
    refused(folder, tweedie(folder).args(["sample", "ck"]), words);
}

#[test]
fn models_that_are_not_there_are_named() {
    let place = place();
    for command in ["sample", "inspect"] {
        refused(
            place.path(),
            tweedie(place.path()).args([command, "no/model"]),
            &["no/model", "does not exist"],
        );
        refused(place.path(), tweedie(place.path()).args([command, "."]), &["unet/config.json"]);
    }
    std::fs::create_dir_all(place.path().join("run/checkpoints")).unwrap();
    refused(place.path(), tweedie(place.path()).args(["sample", "run"]), &["run", "no checkpoint yet"]);
}

#[test]
fn damaged_weights_are_named() {
    let place = place();
    copy_of_checkpoint(&place.path().join("ck"));
    let file = place.path().join("ck/unet/diffusion_pytorch_model.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    for left in [0, 100, bytes.len() - 4] {
        std::fs::write(&file, &bytes[..left]).unwrap();
        sample_refused(
            place.path(),
            &["diffusion_pytorch_model.safetensors", "not a valid safetensors file"],
        );
    }
    let mut spoiled = bytes.clone();
    let last = spoiled.len() - 4;
    spoiled[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&file, &spoiled).unwrap();
    sample_refused(place.path(), &["not finite"]);
    std::fs::remove_file(&file).unwrap();
    sample_refused(place.path(), &["diffusion_pytorch_model.safetensors"]);
}

#[test]
fn checkpoints_of_another_kind_are_refused() {
    let place = place();
    copy_of_checkpoint(&place.path().join("ck"));
    let config = place.path().join("ck/unet/config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        std::fs::write(&config, text.replace(from, to)).unwrap();
    };
    with("\"layers_per_block\": 1", "\"layers_per_block\": 2");
    sample_refused(place.path(), &["does not fit the network", "missing (down_blocks.0.resnets.1"]);
    with("\"UNet2DModel\"", "\"UNet2DConditionModel\"");
    sample_refused(place.path(), &["UNet2DConditionModel"]);
    with("\"in_channels\": 3", "\"in_channels\": 4");
    sample_refused(place.path(), &["does not fit the network", "conv_in.weight"]);
    std::fs::write(&config, "{").unwrap();
    sample_refused(place.path(), &["config.json", "not JSON"]);
}

#[test]
fn flags_out_of_range_are_named() {
    let place = place();
    let folder = place.path();
    for (arguments, words) in [
        (&["--steps", "0"][..], &["steps", "0"][..]),
        (&["--steps", "5000"], &["steps", "5000"]),
        (&["--steps", "-3"], &["-3"]),
        (&["-n", "0"], &["-n <N>", "between 1"]),
        (&["-n", "few"], &["few"]),
        (&["--sampler", "pndm"], &["pndm"]),
        (&["--noise", "white"], &["white"]),
        (&["--class", "cat"], &["unconditional", "takes no class"]),
        (&["--device", "cuda:3"], &["cuda:3", "cpu"]),
        (&["--device", "gpu"], &["gpu", "cuda:N"]),
        (&["--precision", "f64"], &["f64", "bf16"]),
        (&["--size", "16"], &["--size", "HxW"]),
        (&["--size", "16x17"], &["16×17", "16 or 18"]),
        (&["--size", "0x16"], &["0×16"]),
        (&["--size", "-16x16"], &["-1"]),
        (&["--seed", "-1"], &["-1"]),
        (&["--sed", "1"], &["--sed"]),
    ] {
        let mut command = tweedie(folder);
        command.args(["sample", checkpoint(), "--out", "new"]).args(arguments);
        refused(folder, &mut command, words);
    }
    refused(folder, &mut train(folder, &["--device", "cuda:3"]), &["cuda:3", "cpu"]);
}

#[test]
fn an_eta_out_of_range_is_named_before_a_folder_is_made() {
    let place = place();
    for (eta, range) in [("2", "between 0"), ("nan", "finite")] {
        let mut command = tweedie(place.path());
        command.args(["sample", checkpoint(), "--out", "new", "--eta", eta]);
        refused(place.path(), &mut command, &["eta", range]);
    }
}

#[test]
fn images_that_are_none_are_named() {
    let place = place();
    let folder = place.path();
    let strip = |image: &str, words: &[&str]| {
        refused(folder, tweedie(folder).args(["inspect", checkpoint(), "--image", image]), words);
    };
    std::fs::write(folder.join("garbage.png"), "not an image").unwrap();
    std::fs::write(folder.join("empty.png"), "").unwrap();
    strip("garbage.png", &["garbage.png", "PNG"]);
    strip("empty.png", &["empty.png", "PNG"]);
    strip("none.png", &["none.png"]);
    strip(".", &["cannot read"]);
    let mut png = Vec::new();
    let odd = tweedie_report::Canvas::new(15, 16, [1, 2, 3]);
    tweedie_report::write_png(&odd, &[], &mut png).unwrap();
    std::fs::write(folder.join("odd.png"), &png).unwrap();
    strip("odd.png", &["16×15", "14 or 16"]);
    std::fs::write(folder.join("cut.png"), &png[..png.len() / 2]).unwrap();
    strip("cut.png", &["cut.png", "damaged"]);
}

#[test]
fn data_that_is_none_is_named() {
    let place = place();
    let folder = place.path();
    let mnist = |data: &[&str], words: &[&str]| {
        refused(folder, &mut train(folder, &[&["--preset", "mnist"], data].concat()), words);
        let mut preview = tweedie(folder);
        preview.args(["data", "preview", "--preset", "mnist"]).args(data);
        refused(folder, &mut preview, words);
    };
    mnist(&[], &["mnist", "--data"]);
    mnist(&["--data", "nowhere"], &["nowhere"]);
    mnist(&["--data", "."], &["train-images-idx3-ubyte"]);
    crate::data::write_idx(folder, [10, 8, 8]);
    let file = folder.join("train-images-idx3-ubyte");
    let whole = std::fs::read(&file).unwrap();
    for left in [0, 3, 10, 100, whole.len() - 1] {
        std::fs::write(&file, &whole[..left]).unwrap();
        mnist(&["--data", "."], &["train-images-idx3-ubyte", "cannot be used"]);
    }
    std::fs::write(&file, [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    mnist(&["--data", "."], &["train-images-idx3-ubyte", "gzip"]);
    std::fs::write(&file, &whole).unwrap();
    std::fs::write(folder.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 5]).unwrap();
    mnist(&["--data", "."], &["train-labels-idx1-ubyte", "10 labels"]);
    std::fs::remove_file(folder.join("train-labels-idx1-ubyte")).unwrap();
    refused(folder, &mut train(folder, &["--data", "."]), &["shapes", "takes no path"]);
    refused(folder, tweedie(folder).args(["data", "preview", "-n", "0"]), &["-n <N>", "between 1"]);
}
