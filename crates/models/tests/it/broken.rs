//! Folders whose configurations are missing, broken, or contain values that are not implemented.

use crate::{model, refusal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tch::Device;
use tweedie_math::Parameterization;
use tweedie_models::Model;

const UNET: &str = "unet/config.json";
const SCHEDULER: &str = "scheduler/scheduler_config.json";
const OURS: &str = "tweedie.json";

/// A good folder, to be spoiled.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        model(Parameterization::Epsilon).save(folder.path(), |_| Ok(())).unwrap();
        crate::without_checksums(folder.path());
        Self(folder)
    }

    /// One that has no `tweedie.json`, as those that others wrote.
    fn foreign() -> Self {
        let folder = Self::new();
        std::fs::remove_file(folder.path().join(OURS)).unwrap();
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes one value of a JSON file.
    fn set(&self, file: &str, pointer: &str, value: Value) {
        let path = self.path().join(file);
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[key] = value;
        std::fs::write(path, json.to_string()).unwrap();
    }

    /// The sentence with which it is refused; it must name the folder or a file in it.
    #[track_caller]
    pub fn refusal(&self) -> String {
        let sentence = refusal(Model::load(self.path(), Device::Cpu));
        assert!(sentence.contains(self.path().to_str().unwrap()), "no path is named in: {sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        sentence
    }
}

/// The sentence after one value of a file was changed.
#[track_caller]
fn with(folder: &Folder, file: &str, pointer: &str, value: Value) -> String {
    folder.set(file, pointer, value);
    let sentence = folder.refusal();
    assert!(sentence.contains(file), "{file} is not named in: {sentence}");
    sentence
}

#[test]
fn a_good_folder_is_no_broken_one() {
    assert!(Model::load(Folder::new().path(), Device::Cpu).is_ok());
    assert!(Model::load(Folder::foreign().path(), Device::Cpu).is_ok());
}

#[test]
fn what_is_missing_is_named() {
    let nowhere = PathBuf::from("no/such/folder");
    let sentence = refusal(Model::load(&nowhere, Device::Cpu));
    assert!(sentence.contains("no/such/folder") && sentence.contains("does not exist"), "{sentence}");

    let empty = tempfile::tempdir().unwrap();
    let sentence = refusal(Model::load(empty.path(), Device::Cpu));
    assert!(sentence.contains(empty.path().to_str().unwrap()) && sentence.contains(UNET), "{sentence}");

    for (file, named) in [
        (UNET, UNET),
        ("unet/diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors"),
        (SCHEDULER, SCHEDULER),
    ] {
        let folder = Folder::foreign();
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let sentence = folder.refusal();
        assert!(sentence.contains(named), "{named} is not named in: {sentence}");
    }
}

#[test]
fn a_file_is_no_folder() {
    let folder = Folder::new();
    let sentence = refusal(Model::load(&folder.path().join(OURS), Device::Cpu));
    assert!(sentence.contains(OURS) && sentence.contains("not a checkpoint"), "{sentence}");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for file in [UNET, SCHEDULER, OURS] {
        for (text, word) in [("{\"a\": ", "not JSON"), ("", "not JSON"), ("[1, 2]", "not a JSON object")] {
            let folder = if file == OURS { Folder::new() } else { Folder::foreign() };
            std::fs::write(folder.path().join(file), text).unwrap();
            let sentence = folder.refusal();
            assert!(sentence.contains(file) && sentence.contains(word), "{sentence}");
        }
        let folder = if file == OURS { Folder::new() } else { Folder::foreign() };
        std::fs::write(folder.path().join(file), [0xff, 0xfe, 0x00]).unwrap();
        assert!(folder.refusal().contains(file));
    }
}

#[test]
fn schedulers_that_are_not_implemented_are_refused_by_key_and_value() {
    for (key, value, found, implemented) in [
        ("_class_name", json!("VQDiffusionScheduler"), "VQDiffusionScheduler", "DDIMScheduler"),
        ("prediction_type", json!("flow"), "flow", "v_prediction"),
        ("beta_schedule", json!("laplace"), "laplace", "squaredcos_cap_v2"),
        ("timestep_spacing", json!("karras"), "karras", "trailing"),
        ("variance_type", json!("fixed_huge"), "fixed_huge", "learned_range"),
    ] {
        let sentence = with(&Folder::foreign(), SCHEDULER, &format!("/{key}"), value);
        for word in [key, found, implemented, "not implemented"] {
            assert!(sentence.contains(word), "{word} is not in: {sentence}");
        }
    }
}

#[test]
fn scheduler_values_of_another_type_are_refused_by_key() {
    for (key, value) in [
        ("prediction_type", json!(3)),
        ("clip_sample", json!("yes")),
        ("thresholding", json!(0)),
        ("beta_start", json!("small")),
        ("clip_sample_range", json!(-1.0)),
        ("num_train_timesteps", json!(-5)),
        ("num_train_timesteps", json!("many")),
        ("num_train_timesteps", json!(10.5)),
        ("steps_offset", json!(-1)),
        ("trained_betas", json!([0.1, "b"])),
        ("trained_betas", json!(0.1)),
    ] {
        let sentence = with(&Folder::foreign(), SCHEDULER, &format!("/{key}"), value.clone());
        assert!(sentence.contains(key), "{key} = {value}: {sentence}");
    }
}

#[test]
fn schedules_that_do_not_exist_are_refused() {
    for (key, value, named) in [
        ("num_train_timesteps", json!(0), "num_train_timesteps"),
        ("beta_start", json!(0.0), "beta_start"),
        ("beta_end", json!(1.5), "beta_end"),
        ("trained_betas", json!([0.1, 0.2]), "num_train_timesteps"),
    ] {
        let folder = Folder::foreign();
        folder.set(SCHEDULER, &format!("/{key}"), value);
        let sentence = refusal(Model::load(folder.path(), Device::Cpu));
        assert!(sentence.contains(named), "{sentence}");
    }
}

#[test]
fn networks_that_are_not_implemented_are_refused() {
    let sentence = with(&Folder::new(), UNET, "/_class_name", json!("UNet2DConditionModel"));
    assert!(sentence.contains("UNet2DConditionModel") && sentence.contains("UNet2DModel"), "{sentence}");
    let sentence = with(&Folder::new(), UNET, "/layers_per_block", json!("two"));
    assert!(sentence.contains("invalid type"), "{sentence}");
    let folder = Folder::new();
    folder.set(UNET, "/act_fn", json!("tanh"));
    let sentence = refusal(Model::load(folder.path(), Device::Cpu));
    assert!(sentence.contains("act_fn") && sentence.contains("tanh"), "{sentence}");
}

#[test]
fn unknown_keys_of_diffusers_are_let_be_and_ours_are_not() {
    let folder = Folder::foreign();
    folder.set(UNET, "/a_key_of_tomorrow", json!({ "deep": [1] }));
    folder.set(SCHEDULER, "/a_key_of_tomorrow", json!(null));
    assert!(Model::load(folder.path(), Device::Cpu).is_ok());
    for pointer in [
        "/about/a_key_of_tomorrow",
        "/denoiser/a_key_of_tomorrow",
        "/denoiser/sampling/a_key_of_tomorrow",
        "/about/range/a_key_of_tomorrow",
    ] {
        let sentence = with(&Folder::new(), OURS, pointer, json!(1));
        assert!(sentence.contains("a_key_of_tomorrow"), "{sentence}");
    }
}

#[test]
fn our_own_file_is_checked() {
    let folder = Folder::new();
    folder.set(OURS, "/format", json!(4));
    let sentence = refusal(Model::load(folder.path(), Device::Cpu));
    assert!(sentence.contains("format 4") && sentence.contains("formats 1 to 3"), "{sentence}");
    for (pointer, value, word) in [
        ("/denoiser/parameterization", json!("noise"), "noise"),
        ("/about/schedule/name", json!("laplace"), "laplace"),
        ("/about/steps", json!(-3), "-3"),
        ("/denoiser/sampling/steps", json!("few"), "few"),
        ("/about/conditioning", json!(null), "null"),
    ] {
        let sentence = with(&Folder::new(), OURS, pointer, value);
        assert!(sentence.contains(word), "{sentence}");
    }
}
