//! The content of a folder's JSON files, which `diffusers` must be able to load.

use crate::{description, knowing, model, on, random, refusal, tiny};
use serde_json::{Value, json};
use std::path::Path;
use tch::Device;
use tweedie_math::{Conditioning, DataShape, DiscreteVp, Parameterization, Schedule, Spacing};
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{Description, Model, VariancePrediction};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{ClipOptions, EpsAfterClip, ReverseVariance};

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// The folder of a model with a description, and its scheduler's configuration.
fn scheduler(description: Description) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let channels = if description.variance == VariancePrediction::None { 2 } else { 4 };
    let config = UNetConfig { out_channels: channels, ..tiny() };
    let saved = random(&config, description, 1).save(folder.path(), |_| Ok(()));
    saved.unwrap();
    let json = read(folder.path(), "scheduler/scheduler_config.json");
    (folder, json)
}

/// The description that is read when `tweedie.json` is gone, as it is from folders that others wrote.
fn without_ours(folder: &Path) -> Description {
    std::fs::remove_file(folder.join("tweedie.json")).unwrap();
    Model::load(folder, Device::Cpu).unwrap().description()
}

#[test]
fn the_index_names_pipeline_scheduler_and_network() {
    let folder = tempfile::tempdir().unwrap();
    model(Parameterization::X0).save(folder.path(), |_| Ok(())).unwrap();
    let index = read(folder.path(), "model_index.json");
    let expected = json!({
        "_class_name": "DDIMPipeline",
        "_diffusers_version": index["_diffusers_version"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "unet": ["diffusers", "UNet2DModel"],
    });
    assert_eq!(index, expected);
    assert!(index["_diffusers_version"].as_str().is_some_and(|version| version.starts_with("0.")));

    let ancestral = SamplingConfig { sampler: Sampler::Ddpm, ..SamplingConfig::default() };
    let (folder, json) = scheduler(Description { sampling: ancestral, ..description(Parameterization::X0) });
    let index = read(folder.path(), "model_index.json");
    assert_eq!(index["_class_name"], "DDPMPipeline");
    assert_eq!(index["scheduler"][1], "DDPMScheduler");
    assert_eq!(json["_class_name"], "DDPMScheduler");
}

#[test]
fn the_network_is_described_by_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(Parameterization::X0);
    model.save(folder.path(), |_| Ok(())).unwrap();
    let json = read(folder.path(), "unet/config.json");
    assert_eq!(json["_class_name"], "UNet2DModel");
    assert_eq!(json["block_out_channels"], json!([8, 16]));
    assert_eq!(json["sample_size"], 8);
    let own = model.network().config();
    for key in UNetConfig::KEYS {
        assert_eq!(json.get(key), own.get(key), "{key}");
    }
    assert_eq!(json.as_object().unwrap().len(), UNetConfig::KEYS.len() + 2);
}

/// Options of the clip alone.
fn clipping(clip: ClipOptions) -> SamplerOptions {
    SamplerOptions { clip, ..SamplerOptions::default() }
}

#[test]
fn the_scheduler_says_how_to_sample() {
    let sampling = SamplingConfig {
        spacing: Spacing::Linspace,
        steps_offset: 1,
        ends_clean: false,
        clip: Some(0.75),
        variance: ReverseVariance::FixedLarge,
        // Loaded from the scheduler: at most as many steps as trained levels, and ε̂ as predicted.
        steps: 20,
        options: clipping(ClipOptions { after_clip: EpsAfterClip::Keep, ..ClipOptions::default() }),
        ..SamplingConfig::default()
    };
    let (folder, found) =
        scheduler(Description { sampling: sampling.clone(), ..description(Parameterization::V) });
    let expected = json!({
        "_class_name": "DDIMScheduler",
        "_diffusers_version": found["_diffusers_version"],
        "num_train_timesteps": 20,
        "beta_start": 0.002,
        "beta_end": 0.5,
        "beta_schedule": "linear",
        "trained_betas": null,
        "variance_type": "fixed_large",
        "clip_sample": true,
        "clip_sample_range": 0.75,
        "prediction_type": "v_prediction",
        "thresholding": false,
        "dynamic_thresholding_ratio": 0.995,
        "sample_max_value": 1e9,
        "timestep_spacing": "linspace",
        "steps_offset": 1,
        "set_alpha_to_one": false,
        "rescale_betas_zero_snr": false,
    });
    assert_eq!(found, expected);
    assert_eq!(without_ours(folder.path()).sampling, sampling);

    // Thresholding takes the clip's place.
    let options = clipping(ClipOptions {
        threshold: Some(0.9),
        threshold_most: Some(2.0),
        after_clip: EpsAfterClip::Keep,
    });
    let dynamic = SamplingConfig { clip: Some(1.0), options, ..sampling.clone() };
    let (folder, found) =
        scheduler(Description { sampling: dynamic.clone(), ..description(Parameterization::V) });
    assert_eq!((&found["thresholding"], &found["sample_max_value"]), (&json!(true), &json!(2.0)));
    assert_eq!(without_ours(folder.path()).sampling, dynamic);

    let free = SamplingConfig { clip: None, spacing: Spacing::Leading, ..sampling };
    let (folder, found) =
        scheduler(Description { sampling: free.clone(), ..description(Parameterization::V) });
    assert_eq!((&found["clip_sample"], &found["timestep_spacing"]), (&json!(false), &json!("leading")));
    assert_eq!(without_ours(folder.path()).sampling, free);
}

#[test]
fn schedules_and_outputs_have_their_names_there() {
    let betas: Vec<f64> = (1..=20).map(|i| f64::from(i) / 64.0).collect();
    for (schedule, name) in [
        (Schedule::Linear { beta_start: 0.001, beta_end: 0.25 }, "linear"),
        (Schedule::Quadratic { beta_start: 0.001, beta_end: 0.25 }, "scaled_linear"),
        (Schedule::COSINE, "squaredcos_cap_v2"),
        (Schedule::Explicit { betas: betas.clone() }, "linear"),
    ] {
        let (folder, json) = scheduler(on(schedule.clone(), Parameterization::X0));
        assert_eq!(json["beta_schedule"], name);
        if let Schedule::Explicit { .. } = schedule {
            let found: Vec<f64> = serde_json::from_value(json["trained_betas"].clone()).unwrap();
            for (found, expected) in found.iter().zip(&betas) {
                assert!((found - expected).abs() < 1e-15, "{found} instead of {expected}");
            }
            assert_eq!(found.len(), betas.len());
        } else {
            assert_eq!(json["trained_betas"], Value::Null);
            assert_eq!(without_ours(folder.path()).about.schedule, schedule);
        }
    }
    for (parameterization, name) in [
        (Parameterization::Epsilon, "epsilon"),
        (Parameterization::X0, "sample"),
        (Parameterization::V, "v_prediction"),
    ] {
        let (folder, json) = scheduler(description(parameterization));
        assert_eq!(json["prediction_type"], name);
        assert_eq!(without_ours(folder.path()).parameterization, parameterization);
    }
}

#[test]
fn a_cosine_of_other_constants_is_written_as_betas() {
    let schedule = Schedule::Cosine { offset: 0.02, max_beta: 0.9 };
    let (folder, json) = scheduler(on(schedule, Parameterization::X0));
    let own = Model::load(folder.path(), Device::Cpu).unwrap();
    let betas = json["trained_betas"].as_array().unwrap();
    assert_eq!(betas.len(), 20);
    let process = DiscreteVp::new(&own.about().schedule, own.about().steps).unwrap();
    for (i, beta) in betas.iter().enumerate() {
        assert!((beta.as_f64().unwrap() - process.beta(i + 1)).abs() < 1e-14, "β at {}", i + 1);
    }
    assert!(matches!(without_ours(folder.path()).about.schedule, Schedule::Explicit { .. }));
}

/// Names that `diffusers` has, and its flag for a schedule that ends at pure noise.
#[test]
fn a_sigmoid_and_a_rescaled_schedule_have_their_names_there() {
    let sigmoid = Schedule::Sigmoid { beta_start: 1e-4, beta_end: 0.02 };
    let rescaled = Schedule::ZeroTerminalSnr { of: Box::new(sigmoid.clone()) };
    for (schedule, flag) in [(sigmoid, false), (rescaled, true)] {
        let (folder, json) = scheduler(on(schedule.clone(), Parameterization::V));
        assert_eq!(json["beta_schedule"], "sigmoid");
        assert_eq!(json["rescale_betas_zero_snr"], flag);
        assert_eq!(without_ours(folder.path()).about.schedule, schedule);
    }
}

#[test]
fn learned_variances_have_their_names_there() {
    for (variance, name) in
        [(VariancePrediction::Range, "learned_range"), (VariancePrediction::Log, "learned")]
    {
        let (folder, json) = scheduler(Description { variance, ..description(Parameterization::Epsilon) });
        assert_eq!(json["variance_type"], name);
        assert_eq!(without_ours(folder.path()).variance, variance);
    }
}

/// What `diffusers` cannot express it refuses, instead of reading it as something else; we read it as it is.
#[test]
fn what_others_cannot_express_is_ours_alone() {
    let flow = Schedule::RectifiedFlow { shift: 1.0 };
    let others = [
        description(Parameterization::Velocity),
        description(Parameterization::PosteriorMean),
        description(Parameterization::Score),
        description(Parameterization::Edm { sigma_data: 0.5 }),
        knowing(description(Parameterization::X0), |about| {
            about.conditioning = Conditioning::NoiseRate { scale: 3.0 };
        }),
        Description::new(flow, 20, Parameterization::X0),
    ];
    for description in others {
        let (folder, json) = scheduler(description.clone());
        assert_eq!(json["_class_name"], "TweedieScheduler");
        let whole = knowing(description, |about| about.data = DataShape::new([2, 8, 8]));
        assert_eq!(Model::load(folder.path(), Device::Cpu).unwrap().description(), whole);
        let card = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
        assert!(card.contains("no scheduler for this model"), "{card}");
        std::fs::remove_file(folder.path().join("tweedie.json")).unwrap();
        let sentence = refusal(Model::load(folder.path(), Device::Cpu));
        assert!(sentence.contains("TweedieScheduler"), "{sentence}");
    }
}

/// `diffusers` has no scheduler of a continuous process: the configuration has a name that it refuses, with the reason.
#[test]
fn continuous_processes_are_ours_alone() {
    for schedule in [
        Schedule::Vp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::SubVp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 },
        Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 },
        Schedule::ContinuousCosine { offset: 0.008 },
    ] {
        let (folder, json) = scheduler(on(schedule.clone(), Parameterization::Epsilon));
        assert_eq!(
            (&json["_class_name"], &json["num_train_timesteps"]),
            (&json!("TweedieScheduler"), &json!(20))
        );
        let reason = json["reason"].as_str().unwrap();
        assert_eq!(reason, format!("the discrete schedulers do not support the {schedule} process"));
        assert_eq!(Model::load(folder.path(), Device::Cpu).unwrap().about().schedule, schedule);
        let card = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
        assert!(card.contains(reason), "{card}");
        std::fs::remove_file(folder.path().join("tweedie.json")).unwrap();
        let sentence = refusal(Model::load(folder.path(), Device::Cpu));
        assert!(sentence.contains("TweedieScheduler") && sentence.contains("not implemented"), "{sentence}");
    }
}
