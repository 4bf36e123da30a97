//! Folders of every age: flat ones, `.bin` weights, former names, shards, flows.

use crate::{description, greatest, knowing, model, random, refusal, tiny};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{Description, Error, Model, Snapshot, VariancePrediction};
use tweedie_networks::{Condition, Input, Pass, UNetConfig};
use tweedie_torch::Precision;
use tweedie_weights::{TensorBytes, TensorFile, write_tensors};

pub(crate) const WEIGHTS: &str = "diffusion_pytorch_model.safetensors";

pub(crate) fn saved(model: &Model) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let snapshot: Snapshot = model.snapshot().unwrap();
    snapshot.write::<Error>(folder.path(), |_| Ok(())).unwrap();
    crate::without_checksums(folder.path());
    folder
}

fn weights(model: &Model) -> BTreeMap<String, Tensor> {
    model.network().parameters().iter().map(|it| (it.name.clone(), it.tensor.shallow_clone())).collect()
}

pub(crate) fn assert_same(found: &Model, expected: &Model) {
    let (found, expected) = (weights(found), weights(expected));
    assert!(found.keys().eq(expected.keys()));
    for (name, value) in expected {
        assert_eq!(greatest(&found[&name], &value), 0.0, "{name}");
    }
}

pub(crate) fn tensors(path: &Path) -> BTreeMap<String, TensorBytes> {
    let mut file = TensorFile::open(path).unwrap();
    let infos = file.tensors().to_vec();
    let bytes = |file: &mut TensorFile, info| file.read(info).unwrap();
    infos
        .iter()
        .map(|info| {
            let bytes = bytes(&mut file, info);
            (info.name.clone(), TensorBytes { kind: info.kind, shape: info.shape.clone(), bytes })
        })
        .collect()
}

pub(crate) fn write(path: PathBuf, tensors: &BTreeMap<String, TensorBytes>) {
    write_tensors(&path, tensors, &BTreeMap::new()).unwrap();
}

#[test]
fn an_old_flat_folder_computes_what_diffusers_computes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/old_folder");
    let model = Model::load(&folder, Device::Cpu).unwrap();
    let io: Value = serde_json::from_slice(&std::fs::read(folder.join("io.json")).unwrap()).unwrap();
    let numbers = |key: &str| -> Tensor {
        let list: Vec<f64> =
            io[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        Tensor::from_slice(&list).to_kind(Kind::Float)
    };
    let pass = Pass::inference(Precision::F32);
    let (x, time, nothing) = (numbers("x").reshape([2, 1, 8, 8]), numbers("t"), Condition::default());
    let y = tch::no_grad(|| model.network().forward(&Input::new(&x, &time, &nothing), &pass)).unwrap();
    // f32 kernels of the same LibTorch: the bound of the house's recordings.
    assert!(greatest(&y, &numbers("y").reshape([2, 1, 8, 8])) < 1e-5);
    assert_eq!(model.parameterization(), Parameterization::Epsilon);
}

#[test]
fn the_flat_layout_is_the_same_model() {
    let model = model(Parameterization::X0);
    let folder = saved(&model);
    let at = |name: &str| folder.path().join(name);
    std::fs::rename(at("unet/config.json"), at("config.json")).unwrap();
    std::fs::rename(at("scheduler/scheduler_config.json"), at("scheduler_config.json")).unwrap();
    std::fs::rename(at("unet").join(WEIGHTS), at(WEIGHTS)).unwrap();
    for name in ["unet", "scheduler"] {
        std::fs::remove_dir(at(name)).unwrap();
    }
    assert_same(&Model::load(folder.path(), Device::Cpu).unwrap(), &model);
    // Without `tweedie.json`, the description comes from the scheduler configuration.
    std::fs::remove_file(at("tweedie.json")).unwrap();
    let read = Model::load(folder.path(), Device::Cpu).unwrap();
    assert_eq!(read.parameterization(), Parameterization::X0);
}

#[test]
fn former_names_and_shards_are_the_same_model() {
    let model = model(Parameterization::V);
    let folder = saved(&model);
    let unet = folder.path().join("unet");
    let own = tensors(&unet.join(WEIGHTS));
    let former = |name: &str| {
        name.replace(".to_q.", ".query.")
            .replace(".to_k.", ".key.")
            .replace(".to_v.", ".value.")
            .replace(".to_out.0.", ".proj_attn.")
    };
    let old: BTreeMap<_, _> = own.iter().map(|(name, value)| (former(name), value.clone())).collect();
    assert!(old.keys().any(|name| name.contains("proj_attn")));
    write(unet.join(WEIGHTS), &old);
    assert_same(&Model::load(folder.path(), Device::Cpu).unwrap(), &model);

    std::fs::remove_file(unet.join(WEIGHTS)).unwrap();
    let (first, second) = (
        "diffusion_pytorch_model-00001-of-00002.safetensors",
        "diffusion_pytorch_model-00002-of-00002.safetensors",
    );
    let shard =
        |i: usize| old.iter().skip(i).step_by(2).map(|(name, value)| (name.clone(), value.clone())).collect();
    let (even, odd): (BTreeMap<_, _>, BTreeMap<_, _>) = (shard(0), shard(1));
    write(unet.join(first), &even);
    write(unet.join(second), &odd);
    let map: serde_json::Map<String, Value> = old
        .keys()
        .map(|name| (name.clone(), if even.contains_key(name) { first } else { second }.into()))
        .collect();
    let index = serde_json::json!({ "metadata": { "total_size": 1 }, "weight_map": map });
    std::fs::write(unet.join(format!("{WEIGHTS}.index.json")), index.to_string()).unwrap();
    assert_same(&Model::load(folder.path(), Device::Cpu).unwrap(), &model);

    std::fs::remove_file(unet.join(second)).unwrap();
    let message = refusal(Model::load(folder.path(), Device::Cpu));
    assert!(message.contains(second) && message.contains("missing"), "{message}");
}

#[test]
fn classes_and_learned_variances_are_saved_with_a_card_that_says_so() {
    let config = UNetConfig { num_class_embeds: Some(4), out_channels: 4, ..tiny() };
    let range = Description { variance: VariancePrediction::Range, ..description(Parameterization::Epsilon) };
    let description = knowing(range, |about| {
        about.class_names = ["cat", "dog", "owl"].map(String::from).to_vec();
        about.null_class = Some(3);
    });
    let model = random(&config, description, 3);
    let folder = saved(&model);
    let card = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    for words in ["cat, dog, owl", "learned", "UNet2DModel.from_pretrained", "row 3", "tweedie sample"] {
        assert!(card.contains(words), "`{words}` is not in {card}");
    }
    let read = Model::load(folder.path(), Device::Cpu).unwrap();
    assert_eq!(read.description(), model.description());
    assert_same(&read, &model);
}

/// A flow as `FlowMatchEulerDiscreteScheduler` describes it.
fn flow(steps: usize, shift: f64) -> Description {
    Description {
        sampling: SamplingConfig { clip: None, ..Default::default() },
        ..Description::new(Schedule::RectifiedFlow { shift }, steps, Parameterization::Velocity)
    }
}

#[test]
fn a_flow_walks_through_the_sigmas_of_diffusers() {
    let rows = include_str!("../../../../fixtures/diffusers_flow.json");
    let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
    for row in rows {
        let (steps, n) = (row["steps"].as_u64().unwrap() as usize, row["n"].as_u64().unwrap() as usize);
        let model = random(&tiny(), flow(steps, row["shift"].as_f64().unwrap()), 5);
        let sampling = SamplingConfig { steps: n, ..model.sampling().clone() };
        let path = model.path(&sampling).unwrap();
        let expected: Vec<f64> =
            row["sigmas"].as_array().unwrap().iter().map(|s| s.as_f64().unwrap()).collect();
        assert_eq!(path.levels().len(), expected.len());
        for (level, sigma) in path.levels().iter().zip(expected) {
            // diffusers keeps its sigmas in f32.
            assert!((level.noise_rate() - sigma).abs() < 3e-7, "{} is not {sigma}", level.noise_rate());
            assert!((level.signal_rate() + level.noise_rate() - 1.0).abs() < 1e-15);
        }
    }
}

#[test]
fn a_flow_survives_its_folder_and_says_what_it_cannot() {
    let model = random(&tiny(), flow(200, 2.5), 6);
    let folder = saved(&model);
    std::fs::remove_file(folder.path().join("tweedie.json")).unwrap();
    let read = Model::load(folder.path(), Device::Cpu).unwrap();
    assert_eq!(read.description(), model.description());
    let file = folder.path().join("scheduler/scheduler_config.json");
    let config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (key, value) in [
        ("use_dynamic_shifting", Value::Bool(true)),
        ("shift_terminal", 0.1.into()),
        ("use_beta_sigmas", true.into()),
    ] {
        let mut changed = config.clone();
        changed[key] = value;
        std::fs::write(&file, changed.to_string()).unwrap();
        let message = refusal(Model::load(folder.path(), Device::Cpu));
        assert!(message.contains(key) && message.contains("not implemented"), "{message}");
    }
}

#[test]
fn a_newer_format_is_named() {
    let folder = saved(&model(Parameterization::X0));
    let path = folder.path().join("tweedie.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"format\": 3", "\"format\": 7");
    std::fs::write(&path, text).unwrap();
    let message = refusal(Model::load(folder.path(), Device::Cpu));
    assert!(message.contains("format 7") && message.contains("newer"), "{message}");
}
