//! Folders as the field has them: variants, averages beside the optimiser's weights, former keys, other schedulers, pipelines with more
//! than a network.

use crate::ages::{WEIGHTS, assert_same, saved, tensors, write};
use crate::{description, model, random, tiny};
use serde_json::{Value, json};
use std::path::Path;
use tch::Device;
use tweedie_math::{Conditioning, Parameterization, Schedule, Spacing, Subsequence};
use tweedie_models::sampling::{LevelRule, Sampler, SamplingConfig, SamplingError};
use tweedie_models::{Error, LoadOptions, Model, ProcessChoice, VariancePrediction, WeightsChoice};
use tweedie_networks::Registry;

fn open(folder: &Path, options: &LoadOptions) -> Result<(Model, Vec<String>), Error> {
    Model::open(&Registry::default(), folder, options, Device::Cpu)
}

fn opened(folder: &Path) -> (Model, Vec<String>) {
    open(folder, &LoadOptions::default()).unwrap()
}

/// A folder as `diffusers` leaves it: of a checkpoint of this workspace everything but its declaration.
fn foreign(model: &Model) -> tempfile::TempDir {
    let folder = saved(model);
    std::fs::remove_file(folder.path().join("tweedie.json")).unwrap();
    folder
}

fn epsilon() -> (Model, tempfile::TempDir) {
    let model = model(Parameterization::Epsilon);
    let folder = foreign(&model);
    (model, folder)
}

/// Changes a JSON file of a folder.
fn edit(path: &Path, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let Value::Object(mut object) = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() else {
        panic!("{} is no object", path.display())
    };
    change(&mut object);
    std::fs::write(path, Value::Object(object).to_string()).unwrap();
}

fn edit_scheduler(folder: &Path, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    edit(&folder.join("scheduler/scheduler_config.json"), change);
}

fn with_scheduler(class: &str, keys: Value) -> Result<(Model, Vec<String>), Error> {
    let (_, folder) = epsilon();
    let Value::Object(mut keys) = keys else { panic!() };
    keys.insert("_class_name".into(), class.into());
    keys.entry("num_train_timesteps").or_insert(100.into());
    std::fs::write(folder.path().join("scheduler/scheduler_config.json"), Value::Object(keys).to_string())
        .unwrap();
    open(folder.path(), &LoadOptions::default())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_pipeline_with_more_than_a_network_is_refused() {
    for (part, does) in [
        ("vqvae", "decodes latents with"),
        ("vae", "decodes latents with"),
        ("text_encoder", "conditions its network on the output of"),
        ("prior", "contains"),
    ] {
        let (_, folder) = epsilon();
        edit(&folder.path().join("model_index.json"), |index| {
            index.insert(part.into(), json!(["diffusers", "AnyModel"]));
        });
        match open(folder.path(), &LoadOptions::default()).unwrap_err() {
            Error::Pipeline { part: found, does: how, .. } => assert_eq!((found.as_str(), how), (part, does)),
            other => panic!("{other}"),
        }
        // The network by itself means no more than in its pipeline.
        let inside = open(&folder.path().join("unet"), &LoadOptions::default());
        assert!(matches!(inside, Err(Error::Pipeline { .. })), "{part}");
    }
    let (model, folder) = epsilon();
    edit(&folder.path().join("model_index.json"), |index| {
        index.insert("safety_checker".into(), json!(["diffusers", "Checker"]));
        index.insert("vae".into(), json!([null, null]));
        index.insert("requires_safety_checker".into(), json!(false));
    });
    assert_same(&opened(folder.path()).0, &model);
    // Without an index a decoder's folder beside the network decides.
    std::fs::remove_file(folder.path().join("model_index.json")).unwrap();
    std::fs::create_dir(folder.path().join("vae")).unwrap();
    std::fs::write(folder.path().join("vae/config.json"), "{}").unwrap();
    assert!(matches!(open(folder.path(), &LoadOptions::default()), Err(Error::Pipeline { .. })));
}

#[test]
fn former_keys_of_schedulers_are_honoured() {
    for (value, expected) in [(false, Parameterization::X0), (true, Parameterization::Epsilon)] {
        let (model, notes) = with_scheduler("DDPMScheduler", json!({ "predict_epsilon": value })).unwrap();
        assert_eq!(model.parameterization(), expected);
        assert!(notes.is_empty(), "{notes:?}");
    }
    let agreeing = json!({ "predict_epsilon": false, "prediction_type": "sample" });
    assert_eq!(with_scheduler("DDPMScheduler", agreeing).unwrap().0.parameterization(), Parameterization::X0);
    let contradiction = json!({ "predict_epsilon": false, "prediction_type": "epsilon" });
    let text = with_scheduler("DDPMScheduler", contradiction).unwrap_err().to_string();
    assert!(text.contains("predict_epsilon") && text.contains("prediction_type"), "{text}");
    let wrong = with_scheduler("DDPMScheduler", json!({ "predict_epsilon": "no" })).unwrap_err();
    assert!(wrong.to_string().contains("predict_epsilon is \"no\""), "{wrong}");
    let (_, folder) = epsilon();
    edit_scheduler(folder.path(), |keys| {
        keys.remove("num_train_timesteps");
        keys.remove("clip_sample");
        keys.insert("timesteps".into(), 40.into());
        keys.insert("clip_predicted_image".into(), false.into());
        keys.remove("trained_betas");
    });
    let (model, _) = opened(folder.path());
    assert_eq!((model.about().steps, model.sampling().clip), (40, None));
}

#[test]
fn unknown_keys_are_named_once() {
    let keys = json!({ "shiny_new_key": 3, "another": true, "tensor_format": "pt", "_private": 1 });
    let (_, notes) = with_scheduler("DDIMScheduler", keys).unwrap();
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.contains("another, shiny_new_key") && !note.contains("tensor_format"), "{note}");
    let (_, folder) = epsilon();
    edit(&folder.path().join("unet/config.json"), |keys| {
        keys.insert("mystery".into(), 2.into());
        keys.insert("absent".into(), Value::Null);
        keys.insert("off".into(), false.into());
    });
    let (_, notes) = opened(folder.path());
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.contains("mystery") && !note.contains("absent") && !note.contains("off,"), "{note}");
}

#[test]
fn null_is_false_where_python_takes_it_so() {
    let flags = ["clip_sample", "thresholding", "rescale_betas_zero_snr", "set_alpha_to_one"];
    for flag in flags {
        let with = |value: Value| {
            let (model, _) = with_scheduler("DDIMScheduler", json!({ flag: value })).unwrap();
            model.description()
        };
        assert_eq!(with(Value::Null), with(false.into()), "{flag}");
    }
    let (model, _) = with_scheduler("DDPMScheduler", json!({ "clip_sample": null })).unwrap();
    assert_eq!(model.sampling().clip, None);
    // A null that diffusers cannot compute with either is an error.
    for key in ["prediction_type", "timestep_spacing", "beta_schedule"] {
        let error = with_scheduler("DDPMScheduler", json!({ key: null })).unwrap_err();
        assert!(error.to_string().contains(&format!("{key} is null")), "{error}");
    }
    let (expected, folder) = epsilon();
    edit(&folder.path().join("unet/config.json"), |keys| {
        keys.insert("center_input_sample".into(), Value::Null);
    });
    assert_same(&opened(folder.path()).0, &expected);
}

#[test]
fn a_scheduler_s_class_names_a_sampler_on_the_same_process() {
    let common = json!({ "beta_schedule": "scaled_linear", "beta_start": 0.001, "beta_end": 0.05, "prediction_type": "v_prediction",
        "timestep_spacing": "trailing" });
    for (class, more, sampler) in [
        ("EulerDiscreteScheduler", json!({}), Sampler::Euler),
        ("EulerAncestralDiscreteScheduler", json!({}), Sampler::EulerAncestral),
        ("HeunDiscreteScheduler", json!({}), Sampler::Heun),
        ("DPMSolverMultistepScheduler", json!({}), Sampler::Dpm2m),
        ("DPMSolverMultistepScheduler", json!({ "solver_order": 3 }), Sampler::Dpm3m),
        ("DPMSolverMultistepScheduler", json!({ "algorithm_type": "sde-dpmsolver++" }), Sampler::Dpm2mSde),
        ("DPMSolverMultistepScheduler", json!({ "solver_order": 1 }), Sampler::Ddim),
        ("DPMSolverSinglestepScheduler", json!({}), Sampler::Dpm2m),
        ("UniPCMultistepScheduler", json!({}), Sampler::UniPc),
        ("DEISMultistepScheduler", json!({}), Sampler::Dpm2m),
        ("PNDMScheduler", json!({}), Sampler::Dpm2m),
        ("LMSDiscreteScheduler", json!({}), Sampler::Dpm2m),
        ("DDPMScheduler", json!({}), Sampler::Ddpm),
        ("DDIMScheduler", json!({}), Sampler::Ddim),
    ] {
        let (Value::Object(mut keys), Value::Object(more)) = (common.clone(), more) else { panic!() };
        keys.extend(more);
        let (model, _) = with_scheduler(class, Value::Object(keys)).unwrap();
        let (about, sampling) = (model.about(), model.sampling());
        assert_eq!(about.schedule, Schedule::Quadratic { beta_start: 0.001, beta_end: 0.05 }, "{class}");
        assert_eq!((about.steps, about.conditioning), (100, Conditioning::Index), "{class}");
        assert_eq!(model.parameterization(), Parameterization::V, "{class}");
        assert_eq!((sampling.sampler, sampling.spacing), (sampler, Spacing::Trailing), "{class}");
        model.check_sampling(sampling).unwrap_or_else(|error| panic!("{class}: {error}"));
    }
}

#[test]
fn a_solver_neither_clips_nor_spaces_as_ddim_does() {
    let (model, notes) = with_scheduler("EulerDiscreteScheduler", json!({ "clip_sample": true })).unwrap();
    assert_eq!((model.sampling().clip, model.sampling().spacing), (None, Spacing::Linspace));
    assert!(notes.is_empty(), "{notes:?}");
    let (model, _) = with_scheduler("DDIMScheduler", json!({})).unwrap();
    assert_eq!((model.sampling().clip, model.sampling().spacing), (Some(1.0), Spacing::Leading));
    let thresholds = json!({ "thresholding": true, "dynamic_thresholding_ratio": 0.9 });
    let (model, _) = with_scheduler("DPMSolverMultistepScheduler", thresholds).unwrap();
    assert_eq!((model.sampling().clip, model.sampling().options.clip.threshold), (Some(1.0), Some(0.9)));
    let (model, _) = with_scheduler("EulerDiscreteScheduler", json!({ "use_karras_sigmas": true })).unwrap();
    assert_eq!(model.sampling().levels, Some(LevelRule::Own(Subsequence::Karras { n: 50, rho: 7.0 })));
    let (_, notes) = with_scheduler("KDPM2DiscreteScheduler", json!({})).unwrap();
    assert!(notes[0].contains("heun") && notes[0].contains("KDPM2DiscreteScheduler"), "{notes:?}");
    let flow = json!({ "use_flow_sigmas": true, "flow_shift": 3.0, "prediction_type": "flow_prediction" });
    let (model, _) = with_scheduler("UniPCMultistepScheduler", flow).unwrap();
    assert_eq!(model.about().schedule, Schedule::RectifiedFlow { shift: 3.0 });
    assert_eq!(model.parameterization(), Parameterization::Velocity);
}

#[test]
fn continuous_schedulers_give_their_processes() {
    let (model, _) = with_scheduler("ScoreSdeVeScheduler", json!({ "sigma_max": 50.0, "snr": 0.2 })).unwrap();
    assert_eq!(model.about().schedule, Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 });
    assert_eq!(
        (model.parameterization(), model.about().conditioning),
        (Parameterization::Score, Conditioning::Sigma)
    );
    assert_eq!(
        (model.sampling().sampler, model.sampling().options.pc.snr),
        (Sampler::PredictorCorrector, 0.2)
    );
    let (model, _) = with_scheduler("EDMEulerScheduler", json!({ "sigma_data": 0.4 })).unwrap();
    assert_eq!(model.about().schedule, Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 });
    assert_eq!(model.parameterization(), Parameterization::Edm { sigma_data: 0.4 });
    assert_eq!(model.about().conditioning, Conditioning::LogSigma);
    let refused = with_scheduler("VQDiffusionScheduler", json!({})).unwrap_err().to_string();
    assert!(
        refused.contains("VQDiffusionScheduler") && refused.contains("EulerDiscreteScheduler"),
        "{refused}"
    );
}

#[test]
fn a_folder_without_a_scheduler_takes_a_choice() {
    let (expected, folder) = epsilon();
    std::fs::remove_dir_all(folder.path().join("scheduler")).unwrap();
    assert!(matches!(open(folder.path(), &LoadOptions::default()), Err(Error::NoProcess { .. })));
    let choice = |schedule, prediction| LoadOptions {
        process: ProcessChoice { schedule, prediction, steps: Some(30) },
        ..LoadOptions::default()
    };
    let (model, notes) =
        open(folder.path(), &choice(Some(Schedule::LINEAR), Some(Parameterization::V))).unwrap();
    assert_eq!((&model.about().schedule, model.about().steps), (&Schedule::LINEAR, 30));
    assert_eq!((model.parameterization(), notes.len()), (Parameterization::V, 0));
    assert_same(&model, &expected);
    let (model, notes) = open(&folder.path().join("unet"), &choice(Some(Schedule::COSINE), None)).unwrap();
    assert_eq!(model.parameterization(), Parameterization::Epsilon);
    assert!(notes[0].contains("epsilon"), "{notes:?}");
    assert!(matches!(
        open(folder.path(), &choice(None, Some(Parameterization::V))),
        Err(Error::NoProcess { .. })
    ));
}

#[test]
fn a_choice_replaces_a_foreign_scheduler_and_never_a_declaration() {
    let (expected, folder) = epsilon();
    let process = ProcessChoice { prediction: Some(Parameterization::V), ..ProcessChoice::default() };
    let options = LoadOptions { process, ..LoadOptions::default() };
    let (model, notes) = open(folder.path(), &options).unwrap();
    assert_eq!(model.parameterization(), Parameterization::V);
    assert_eq!(model.process().steps(), expected.process().steps());
    assert!(notes.iter().any(|note| note.starts_with("process:")), "{notes:?}");
    let own = saved(&expected);
    assert!(matches!(open(own.path(), &options), Err(Error::Declared { .. })));
}

#[test]
fn a_training_s_checkpoint_takes_the_scheduler_above_and_the_average() {
    let (raw, folder) = epsilon();
    let averaged = random(&tiny(), description(Parameterization::Epsilon), 7);
    let other = foreign(&averaged);
    let checkpoint = folder.path().join("checkpoint-500");
    copy(&folder.path().join("unet"), &checkpoint.join("unet"));
    copy(&other.path().join("unet"), &checkpoint.join("unet_ema"));
    copy(&folder.path().join("unet"), &folder.path().join("checkpoint-90/unet"));
    let (model, notes) = opened(&checkpoint);
    assert_same(&model, &averaged);
    assert!(notes.iter().any(|note| note.contains("unet_ema") && note.contains("unet")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("scheduler_config.json")), "{notes:?}");
    let with = |weights| LoadOptions { weights: Some(weights), ..LoadOptions::default() };
    assert_same(&open(&checkpoint, &with(WeightsChoice::Raw)).unwrap().0, &raw);
    let (model, notes) = open(&checkpoint, &with(WeightsChoice::Ema)).unwrap();
    assert_same(&model, &averaged);
    assert!(notes.iter().all(|note| !note.starts_with("weights")), "{notes:?}");
    assert_same(&opened(&checkpoint.join("unet_ema")).0, &averaged);
    // A folder that holds nothing but checkpoints stands for its newest, by number.
    std::fs::remove_dir_all(folder.path().join("unet")).unwrap();
    let (model, notes) = opened(folder.path());
    assert_same(&model, &averaged);
    assert!(notes.iter().any(|note| note.contains("checkpoint-500")), "{notes:?}");
}

#[test]
fn the_only_variant_is_read_and_several_need_a_choice() {
    let (expected, folder) = epsilon();
    let unet = folder.path().join("unet");
    let plain = unet.join(WEIGHTS);
    let variant = |name: &str| unet.join(format!("diffusion_pytorch_model.{name}.safetensors"));
    std::fs::rename(&plain, variant("non_ema")).unwrap();
    let (model, notes) = opened(folder.path());
    assert_same(&model, &expected);
    assert!(notes[0].contains("`non_ema`"), "{notes:?}");
    std::fs::copy(variant("non_ema"), variant("fp16")).unwrap();
    match open(folder.path(), &LoadOptions::default()).unwrap_err() {
        Error::Variant { wanted: None, found, .. } => assert_eq!(found, "fp16, non_ema"),
        other => panic!("{other}"),
    }
    let of = |name: &str| LoadOptions { variant: Some(name.into()), ..LoadOptions::default() };
    assert_same(&open(folder.path(), &of("fp16")).unwrap().0, &expected);
    match open(folder.path(), &of("bf16")).unwrap_err() {
        Error::Variant { wanted: Some(wanted), found, .. } => {
            assert_eq!((wanted.as_str(), found.as_str()), ("bf16", "fp16, non_ema"));
        }
        other => panic!("{other}"),
    }
    // With the plain file there is nothing to choose, and the raw weights are the variant's.
    let averaged = random(&tiny(), description(Parameterization::Epsilon), 7);
    write(plain, &tensors(&foreign(&averaged).path().join("unet").join(WEIGHTS)));
    assert_same(&opened(folder.path()).0, &averaged);
    let raw = LoadOptions { weights: Some(WeightsChoice::Raw), ..LoadOptions::default() };
    assert_same(&open(folder.path(), &raw).unwrap().0, &expected);
    assert!(opened(folder.path()).1[0].contains("`non_ema`"));
}

#[test]
fn an_average_beside_the_plain_file_is_the_default() {
    let (expected, folder) = epsilon();
    let averaged = random(&tiny(), description(Parameterization::Epsilon), 7);
    let path = folder.path().join("unet/diffusion_pytorch_model.ema.safetensors");
    write(path, &tensors(&foreign(&averaged).path().join("unet").join(WEIGHTS)));
    let (model, notes) = opened(folder.path());
    assert_same(&model, &averaged);
    assert!(notes[0].contains("`ema`") && notes[0].contains("plain"), "{notes:?}");
    let raw = LoadOptions { weights: Some(WeightsChoice::Raw), ..LoadOptions::default() };
    assert_same(&open(folder.path(), &raw).unwrap().0, &expected);
}

#[test]
fn sharded_variants_are_read() {
    let (expected, folder) = epsilon();
    let unet = folder.path().join("unet");
    let all = tensors(&unet.join(WEIGHTS));
    let mut map = serde_json::Map::new();
    let (mut first, mut second) = (all.clone(), all.clone());
    for (i, name) in all.keys().enumerate() {
        let shard = if i % 2 == 0 { "a.fp16.safetensors" } else { "b.fp16.safetensors" };
        map.insert(name.clone(), shard.into());
        if i % 2 == 0 { &mut second } else { &mut first }.remove(name);
    }
    write(unet.join("a.fp16.safetensors"), &first);
    write(unet.join("b.fp16.safetensors"), &second);
    std::fs::remove_file(unet.join(WEIGHTS)).unwrap();
    let index = json!({ "metadata": {}, "weight_map": map }).to_string();
    for name in [
        "diffusion_pytorch_model.safetensors.index.fp16.json",
        "diffusion_pytorch_model.fp16.safetensors.index.json",
    ] {
        let path = unet.join(name);
        std::fs::write(&path, &index).unwrap();
        let (model, notes) = opened(folder.path());
        assert_same(&model, &expected);
        assert!(notes[0].contains("`fp16`"), "{notes:?}");
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn one_prefix_before_all_names_is_removed() {
    let (expected, folder) = epsilon();
    let path = folder.path().join("unet").join(WEIGHTS);
    let all = tensors(&path);
    for prefix in ["module.", "_orig_mod.", "model.unet."] {
        write(path.clone(), &all.iter().map(|(name, it)| (format!("{prefix}{name}"), it.clone())).collect());
        let (model, notes) = opened(folder.path());
        assert_same(&model, &expected);
        assert!(notes[0].contains(&format!("`{prefix}`")), "{notes:?}");
    }
    // A prefix before some of the names is a difference.
    let some = all
        .iter()
        .enumerate()
        .map(|(i, (name, it))| (if i == 0 { format!("module.{name}") } else { name.clone() }, it.clone()));
    write(path, &some.collect());
    assert!(matches!(open(folder.path(), &LoadOptions::default()), Err(Error::Weights(_))));
}

#[test]
fn former_names_of_the_network_s_keys_and_blocks_are_known() {
    let (expected, folder) = epsilon();
    edit(&folder.path().join("unet/config.json"), |keys| {
        let (size, head) = (keys.remove("sample_size").unwrap(), keys.remove("attention_head_dim").unwrap());
        keys.insert("image_size".into(), size);
        keys.insert("num_head_channels".into(), head);
        keys.insert("down_block_types".into(), json!(["UNetResDownBlock2D", "UNetResAttnDownBlock2D"]));
    });
    let (model, notes) = opened(folder.path());
    assert_same(&model, &expected);
    assert_eq!((model.about().size(), notes), (expected.about().size(), Vec::new()));
}

#[test]
fn json_of_other_writers_is_read_or_explained() {
    let (expected, folder) = epsilon();
    let path = folder.path().join("scheduler/scheduler_config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
    assert_same(&opened(folder.path()).0, &expected);
    for word in ["Infinity", "NaN", "-Infinity"] {
        std::fs::write(
            &path,
            text.replacen("\"beta_start\":", &format!("\"x\": {word}, \"beta_start\":"), 1),
        )
        .unwrap();
        let error = open(folder.path(), &LoadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(word.trim_start_matches('-')) && error.contains("JSON"), "{error}");
    }
    std::fs::write(&path, "version https://git-lfs.github.com/spec/v1\n").unwrap();
    let error = open(folder.path(), &LoadOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Weights(tweedie_weights::Error::LfsPointer { .. })), "{error}");
}

#[test]
fn a_default_that_cannot_run_names_levels_that_can() {
    let rescaled =
        Schedule::ZeroTerminalSnr { of: Box::new(Schedule::Linear { beta_start: 0.002, beta_end: 0.5 }) };
    let model = random(&tiny(), crate::on(rescaled, Parameterization::Epsilon), 1);
    let check = |levels: &str| {
        let levels = Some(levels.parse().unwrap());
        model.check_sampling(&SamplingConfig { levels, ..model.sampling().clone() })
    };
    match check("trailing:5").unwrap_err() {
        Error::Sampling(SamplingError::Unreadable { instead, .. }) => check(&instead.to_string()).unwrap(),
        other => panic!("{other}"),
    }
    assert_eq!(model.variance(), VariancePrediction::None);
}
