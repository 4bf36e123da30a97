//! Checkpoints and runs that are refused by one line that names the file.

use crate::{
    checkpoint, copy_of_checkpoint, make, names_in, place, refused, shared_run, succeeds, train, tweedie,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const WEIGHTS: &str = "ck/unet/diffusion_pytorch_model.safetensors";

/// A copy of the shared checkpoint, to be spoiled; one that has no `tweedie.json` where others wrote it.
fn spoiled(is_foreign: bool) -> TempDir {
    let place = place();
    copy_of_checkpoint(&place.path().join("ck"));
    if is_foreign {
        std::fs::remove_file(place.path().join("ck/tweedie.json")).unwrap();
    }
    place
}

/// Changes one value of a JSON file in the copy.
fn set(place: &TempDir, file: &str, key: &str, value: Value) {
    let path = place.path().join("ck").join(file);
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    json[key] = value;
    std::fs::write(path, json.to_string()).unwrap();
}

#[track_caller]
fn sample_refused(place: &TempDir, words: &[&str]) {
    refused(place.path(), tweedie(place.path()).args(["sample", "ck"]), words);
}

/// A zip of a pickle that calls `os.system`.
fn malicious(command: &str) -> Vec<u8> {
    let call = format!("cos\nsystem\nX{}", char::from(command.len() as u8));
    let pickle = [b"\x80\x02", call.as_bytes(), b"\0\0\0", command.as_bytes(), b"\x85R."].concat();
    make::zip(&[
        ("archive/data.pkl", pickle),
        ("archive/byteorder", b"little".to_vec()),
        ("archive/version", b"3\n".to_vec()),
    ])
}

#[test]
fn a_checkpoint_that_asks_for_more_than_tensors_is_refused() {
    let place = spoiled(false);
    std::fs::remove_file(place.path().join(WEIGHTS)).unwrap();
    let bin = place.path().join("ck/unet/diffusion_pytorch_model.bin");
    std::fs::write(&bin, malicious("touch executed")).unwrap();
    sample_refused(&place, &["diffusion_pytorch_model.bin", "refers to os.system", "nothing was executed"]);
    std::fs::write(&bin, b"\x80\x02}q\0.").unwrap();
    sample_refused(&place, &["diffusion_pytorch_model.bin", "before version 1.6"]);
    std::fs::write(&bin, &malicious("true")[..60]).unwrap();
    sample_refused(&place, &["diffusion_pytorch_model.bin", "not a valid zip file"]);
    std::fs::write(&bin, b"<!doctype html>").unwrap();
    sample_refused(&place, &["diffusion_pytorch_model.bin", "a web page"]);
    std::fs::write(&bin, b"anything else").unwrap();
    sample_refused(&place, &["diffusion_pytorch_model.bin", "does not start with a zip header"]);
}

#[test]
fn damaged_headers_are_named() {
    let place = spoiled(false);
    let file = place.path().join(WEIGHTS);
    let whole = std::fs::read(&file).unwrap();
    let n = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(whole[8..8 + n].to_vec()).unwrap();
    let long = [&u64::MAX.to_le_bytes()[..], &whole[8..]].concat();
    let broken = [&whole[..8], b"]", &whole[9..]].concat();
    let renamed =
        [&whole[..8], header.replacen("conv_in", "conv_IN", 1).as_bytes(), &whole[8 + n..]].concat();
    let more = [&whole[..], b"more"].concat();
    for (bytes, words) in [
        (&long, &["its header should have 18446744073709551615 bytes"][..]),
        (&broken, &["not a valid safetensors file"]),
        (&renamed, &["does not fit the network", "conv_IN"]),
        (&more, &["followed by foreign bytes"]),
    ] {
        std::fs::write(&file, bytes).unwrap();
        sample_refused(&place, &[&["diffusion_pytorch_model.safetensors"], words].concat());
    }
}

#[test]
fn shards_that_are_not_there_are_named() {
    let place = spoiled(false);
    let folder = place.path().join("ck/unet");
    let index = folder.join("diffusion_pytorch_model.safetensors.index.json");
    let shard = "diffusion_pytorch_model-00001-of-00001.safetensors";
    std::fs::rename(place.path().join(WEIGHTS), folder.join(shard)).unwrap();
    let write = |shard: &str, name: &str| {
        let map = BTreeMap::from([(name.to_string(), shard.to_string())]);
        std::fs::write(&index, serde_json::json!({ "weight_map": map }).to_string()).unwrap();
    };
    write(shard, "conv_in.bias");
    succeeds(tweedie(place.path()).args(["sample", "ck", "-n", "1"]));
    for (named, tensor, words) in [
        ("gone.safetensors", "conv_in.bias", &["shard gone.safetensors is missing"][..]),
        ("../config.json", "conv_in.bias", &["not a file in the same folder"]),
        (shard, "conv_on.bias", &[shard, "conv_on.bias", "does not"]),
    ] {
        write(named, tensor);
        sample_refused(&place, &[&["safetensors.index.json"], words].concat());
    }
    for text in ["no JSON", "{}"] {
        std::fs::write(&index, text).unwrap();
        sample_refused(&place, &["safetensors.index.json", "not an index"]);
    }
}

#[test]
fn descriptions_of_another_version_are_named() {
    let place = spoiled(false);
    let whole = std::fs::read(place.path().join("ck/tweedie.json")).unwrap();
    for (part, key, value, words) in [
        ("", "format", Value::from(9), &["format 9", "newer tweedie"][..]),
        ("about", "steps", "many".into(), &["many"]),
        ("", "colour", 1.into(), &["colour"]),
        ("about", "colour", 1.into(), &["colour"]),
        ("denoiser", "parameterization", "noise".into(), &["noise"]),
    ] {
        let mut json: Value = serde_json::from_slice(&whole).unwrap();
        let place_of_key = if part.is_empty() { &mut json } else { &mut json[part] };
        place_of_key[key] = value;
        std::fs::write(place.path().join("ck/tweedie.json"), json.to_string()).unwrap();
        sample_refused(&place, &[&["ck/tweedie.json"], words].concat());
        std::fs::write(place.path().join("ck/tweedie.json"), &whole).unwrap();
    }
    std::fs::write(place.path().join("ck/tweedie.json"), "[]").unwrap();
    sample_refused(&place, &["ck/tweedie.json", "not a JSON object"]);
}

#[test]
fn schedulers_that_are_not_implemented_are_named() {
    let place = spoiled(true);
    succeeds(tweedie(place.path()).args(["sample", "ck", "-n", "1", "--steps", "2"]));
    let file = place.path().join("ck/scheduler/scheduler_config.json");
    let whole = std::fs::read(&file).unwrap();
    for (key, value, words) in [
        (
            "_class_name",
            Value::from("VQDiffusionScheduler"),
            &["VQDiffusionScheduler", "implemented are", "DDIM"][..],
        ),
        ("thresholding", "yes".into(), &["thresholding", "true or false"]),
        ("beta_schedule", "laplace".into(), &["beta_schedule", "laplace", "squaredcos_cap_v2"]),
        ("prediction_type", "flow".into(), &["prediction_type", "flow"]),
        ("timestep_spacing", "even".into(), &["timestep_spacing", "even"]),
        ("num_train_timesteps", (-5).into(), &["num_train_timesteps", "-5"]),
    ] {
        set(&place, "scheduler/scheduler_config.json", key, value);
        sample_refused(&place, &[&["scheduler_config.json"], words].concat());
        std::fs::write(&file, &whole).unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    sample_refused(&place, &["ck", "neither tweedie.json nor scheduler"]);
}

#[test]
fn runs_that_are_none_are_named() {
    let place = place();
    let folder = place.path();
    let compare = |first: &str, second: &str, words: &[&str]| {
        refused(folder, tweedie(folder).args(["runs", "compare", first, second]), words);
    };
    let run = shared_run().to_str().unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    compare("empty", run, &["empty is not a run", "config.toml"]);
    compare(run, "nowhere", &["nowhere is not a run"]);
    refused(folder, tweedie(folder).args(["runs", "nowhere"]), &["cannot read nowhere"]);
    let broken = [("config.toml", b"[".to_vec()), ("metrics.jsonl", b"{}\n".to_vec())];
    make::put(&folder.join("broken"), &broken);
    compare(run, "broken", &["broken/config.toml", "not TOML"]);
    let printed = succeeds(tweedie(folder).args(["runs", "."]));
    assert!(printed.contains("broken") && printed.contains("cannot be read"), "{printed}");
    let resume = ["--resume", "empty"];
    refused(folder, tweedie(folder).arg("train").args(resume), &["empty is not a run", "config.toml"]);
}

#[test]
fn evaluations_that_cannot_be_made_are_named() {
    let place = place();
    let folder = place.path();
    make::put(&folder.join("drawn"), &[("0.png", make::noisy([16, 16], 1)), ("1.png", b"no".to_vec())]);
    make::safetensors(&folder.join("other.safetensors"), &[("x", make::latents(&[3]))]);
    let shaped = [("fc3.weight", make::latents(&[3])), ("conv1.weight", make::latents(&[6, 1, 3, 3]))];
    make::safetensors(&folder.join("shaped.safetensors"), &shaped);
    std::fs::write(folder.join("text.bin"), "text").unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    let few = &["-n", "4"][..];
    let shapes = &["--preset", "shapes"][..];
    for (model, more, words) in [
        ("nowhere", few, &["cannot read nowhere"][..]),
        ("drawn", few, &["drawn does not belong to a run", "choose a preset"]),
        ("nowhere", shapes, &["nowhere", "neither a model nor a set of examples"]),
        ("empty", shapes, &["empty", "neither a model nor a set of examples"]),
        ("drawn", shapes, &["1.png", "no image"]),
        (checkpoint(), &["--preset", "shapes-32"], &["16×16", "32×32"]),
        (
            checkpoint(),
            &["-n", "9300000000000000000"],
            &["number of samples is 9300000000000000000", "between 40 and"],
        ),
        (
            checkpoint(),
            &["-n", "40", "--reference", "9300000000000000000"],
            &["number of reference images is 9300000000000000000", "between"],
        ),
        (checkpoint(), few, &["number of samples is 4", "between 40 and"]),
        (checkpoint(), &["-n", "0"], &["number of samples is 0"]),
        (checkpoint(), &["-n", "40", "--extractor", "gone.safetensors"], &["cannot read gone.safetensors"]),
        (checkpoint(), &["-n", "40", "--extractor", "other.safetensors"], &["other.safetensors", "LeNet"]),
        (
            checkpoint(),
            &["-n", "40", "--extractor", "shaped.safetensors"],
            &["shaped.safetensors", "conv1.weight", "instead of [6, 1, 5, 5]"],
        ),
        (
            checkpoint(),
            &["-n", "40", "--extractor", "text.bin"],
            &["text.bin", "does not start with a zip header"],
        ),
        (checkpoint(), &["-n", "40", "--steps", "5000"], &["steps", "5000"]),
    ] {
        let mut command = tweedie(folder);
        refused(folder, command.args(["evaluate", "samples", model]).args(more), words);
    }
}

#[test]
fn a_folder_is_no_sheet() {
    let place = place();
    std::fs::create_dir(place.path().join("there")).unwrap();
    let grid = ["sample", checkpoint(), "-n", "1", "--grid", "--out", "there"];
    refused(place.path(), tweedie(place.path()).args(grid), &["there is a folder", "--grid"]);
    assert_eq!(names_in(&place.path().join("there")), Vec::<String>::new());
}

#[test]
fn a_run_of_data_that_are_gone_names_them() {
    let place = place();
    let folder: &Path = place.path();
    make::put(&folder.join("mine"), &make::images());
    let settings = [make::SMALL, &["--data", "mine", "--set", "training.report.sheet=0"]].concat();
    succeeds(&mut train(folder, &settings));
    let run: PathBuf = crate::only_run(&folder.join("runs"));
    std::fs::rename(folder.join("mine"), folder.join("moved")).unwrap();
    refused(folder, tweedie(folder).args(["train", "--resume"]).arg(&run), &["mine"]);
    let moved = ["--data", "moved", "--set", "training.images=96"];
    succeeds(tweedie(folder).args(["train", "--resume"]).arg(&run).args(moved));
}
