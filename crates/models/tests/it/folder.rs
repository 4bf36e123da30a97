//! A folder holds the whole model: what was saved is what is loaded.

use crate::{description, model, random, refusal, tiny};
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_files::Staging;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{Parameterization, Schedule, Spacing};
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{
    About, Condition, DataRange, Description, Error, Model, TrainingSummary, VariancePrediction,
};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{DdimNoiseKind, DdimOptions, ReverseVariance, StreamNoise, UniPc};

fn save(model: &Model, folder: &Path) {
    assert_eq!(model.save(folder, |_| Ok(())).unwrap(), folder);
}

fn load(folder: &Path) -> Model {
    Model::load(folder, Device::Cpu).unwrap()
}

fn samples(model: &Model) -> Tensor {
    let sampling = model.sampling();
    model.sample(&[2, 2, 8, 8], sampling, Condition::none(), &StreamNoise::new(5, 0), &mut ()).unwrap()
}

/// Asserts that two models are the same function with the same name on every weight.
#[track_caller]
fn same(a: &Model, b: &Model) {
    assert_eq!(a.network().config(), b.network().config());
    assert_eq!(a.description(), b.description());
    let names = |model: &Model| -> Vec<String> {
        model.network().parameters().iter().map(|parameter| parameter.name.clone()).collect()
    };
    assert_eq!(names(a), names(b));
    for parameter in a.network().parameters().iter() {
        let other = b.network().parameters().get(&parameter.name).unwrap();
        assert!(parameter.tensor.equal(other), "{} differs", parameter.name);
    }
}

/// What lies in a folder, by name.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_model_comes_back_bit_for_bit() {
    let place = tempfile::tempdir().unwrap();
    for parameterization in [Parameterization::Epsilon, Parameterization::X0, Parameterization::V] {
        let model = model(parameterization);
        let folder = place.path().join("below/that/is/not/there");
        save(&model, &folder);
        let back = load(&folder);
        same(&back, &model);
        assert_eq!(back.network().parameters().n_trained(), model.network().parameters().n_trained());
        assert!(samples(&back).equal(&samples(&model)));
    }
}

#[test]
fn every_part_of_a_description_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let mut stream = Stream::new(Key { seed: 2, image: 0, purpose: Purpose(1001), visit: 0, draw: 0 });
    // Random doubles: their last bits are what a careless text form loses.
    let betas: Vec<f64> = (0..200).map(|_| 0.02 * stream.uniform() + 1e-4).collect();
    let about = About {
        range: DataRange { low: -stream.uniform(), high: stream.uniform() + 1.0 },
        standardization: None,
        class_names: vec!["ein Wort".into(), "\"zwei\"\n".into(), "três".into()],
        null_class: None,
        training: Some(TrainingSummary {
            data: "a set".into(),
            images: u64::MAX,
            steps: 3,
            seed: u64::MAX - 1,
            loss: stream.uniform(),
            precision: "bf16".into(),
        }),
        ..About::new(Schedule::Explicit { betas }, 200)
    };
    let sampling = SamplingConfig {
        sampler: Sampler::Ddpm,
        steps: 7,
        eta: stream.uniform(),
        variance: ReverseVariance::FixedLarge,
        spacing: Spacing::Leading,
        steps_offset: 1,
        levels: Some("karras:5,7".parse().unwrap()),
        ends_clean: false,
        clip: None,
        options: SamplerOptions {
            unipc: UniPc { order: 3, ..UniPc::default() },
            ddim: DdimOptions { noise: DdimNoiseKind::SigmaHat },
            ..SamplerOptions::default()
        },
    };
    let description = Description { about, sampling, ..description(Parameterization::V) };
    let config = UNetConfig { num_class_embeds: Some(3), ..tiny() };
    let model = random(&config, description, 4);
    save(&model, place.path());
    same(&load(place.path()), &model);
}

#[test]
fn a_learned_variance_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let config = UNetConfig { out_channels: 4, ..tiny() };
    let description =
        Description { variance: VariancePrediction::Range, ..description(Parameterization::Epsilon) };
    let model = random(&config, description, 4);
    save(&model, place.path());
    same(&load(place.path()), &model);
}

#[test]
fn an_existing_folder_is_replaced_whole() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("checkpoint");
    save(&model(Parameterization::Epsilon), &folder);
    std::fs::write(folder.join("stray"), "of the folder before").unwrap();
    let second = random(&tiny(), description(Parameterization::V), 9);
    save(&second, &folder);
    same(&load(&folder), &second);
    assert_eq!(names_in(place.path()), ["checkpoint"]);
    assert_eq!(names_in(&folder), ["README.md", "model_index.json", "scheduler", "tweedie.json", "unet"]);
}

#[test]
fn a_save_that_fails_leaves_what_was_there() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("checkpoint");
    let first = model(Parameterization::Epsilon);
    save(&first, &folder);
    let fails = |staging: &Staging| staging.write("with\0nul", b"").map_err(Error::from);
    assert!(random(&tiny(), description(Parameterization::V), 9).save(&folder, fails).is_err());
    same(&load(&folder), &first);
    assert_eq!(names_in(place.path()), ["checkpoint"]);
}

#[test]
fn more_files_may_ride_along() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("checkpoint");
    let model = model(Parameterization::Epsilon);
    model.save(&folder, |staging| Ok(staging.write("resume/counters", b"17")?)).unwrap();
    assert_eq!(std::fs::read(folder.join("resume/counters")).unwrap(), b"17");
    same(&load(&folder), &model);
}

#[test]
fn a_run_stands_for_its_newest_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let checkpoints = place.path().join("checkpoints");
    std::fs::create_dir(&checkpoints).unwrap();
    let sentence = refusal(Model::load(place.path(), Device::Cpu));
    assert!(sentence.contains("no checkpoint yet"), "{sentence}");
    let newest = random(&tiny(), description(Parameterization::X0), 2);
    save(&newest, &checkpoints.join("0000000300"));
    save(&random(&tiny(), description(Parameterization::X0), 1), &checkpoints.join("0000000020"));
    same(&load(place.path()), &newest);
}

#[test]
fn what_a_killed_writer_left_is_no_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let checkpoints = place.path().join("checkpoints");
    let whole = model(Parameterization::X0);
    save(&whole, &checkpoints.join("0000000300"));
    // The staging folder of a save that was cut short: its weights are still missing.
    let unfinished = checkpoints.join("0000000400.partial/unet");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::copy(checkpoints.join("0000000300/unet/config.json"), unfinished.join("config.json")).unwrap();
    same(&load(place.path()), &whole);
}

#[test]
fn weights_of_any_kind_of_number_are_read() {
    use tweedie_weights::{DataType, TensorBytes, write_tensors};
    let place = tempfile::tempdir().unwrap();
    let model = model(Parameterization::X0);
    save(&model, place.path());
    crate::without_checksums(place.path());
    let file = place.path().join("unet/diffusion_pytorch_model.safetensors");
    for (kind, tensor_kind, bytes) in [
        (DataType::F64, Kind::Double, 8),
        (DataType::F16, Kind::Half, 2),
        (DataType::Bf16, Kind::BFloat16, 2),
    ] {
        let stored = |tensor: &Tensor| {
            let tensor = tensor.detach().to_kind(tensor_kind);
            let mut values = vec![0; bytes * tensor.numel()];
            tensor.copy_data_u8(&mut values, tensor.numel());
            let shape = tensor.size().iter().map(|&side| side as usize).collect();
            TensorBytes { kind, shape, bytes: values }
        };
        let parameters = model.network().parameters();
        let tensors = parameters.iter().map(|p| (p.name.clone(), stored(&p.tensor))).collect();
        write_tensors(&file, &tensors, &Default::default()).unwrap();
        let back = load(place.path());
        for parameter in parameters.iter() {
            let expected = parameter.tensor.to_kind(tensor_kind).to_kind(Kind::Float);
            let found = back.network().parameters().get(&parameter.name).unwrap();
            assert!(found.equal(&expected) && found.kind() == Kind::Float, "{}", parameter.name);
        }
    }
}

/// A file that was changed after the model was saved is refused by its checksum, except the model card.
#[test]
fn changed_files_are_refused() {
    let place = tempfile::tempdir().unwrap();
    save(&model(Parameterization::X0), place.path());
    std::fs::write(place.path().join("README.md"), "another card").unwrap();
    load(place.path());
    let path = place.path().join("unet/diffusion_pytorch_model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = Model::load(place.path(), Device::Cpu).unwrap_err();
    assert!(matches!(&error, Error::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("diffusion_pytorch_model.safetensors"), "{error}");
    std::fs::write(&path, whole).unwrap();
    load(place.path());
}
