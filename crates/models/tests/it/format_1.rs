//! `tweedie.json` of format 1, which had every key in one list, and declarations that cannot be read.

use crate::{description, model, random_weights, refusal, tiny};
use serde_json::{Value, json};
use std::path::Path;
use tch::Device;
use tweedie_math::Parameterization;
use tweedie_models::{About, Classifier, Kind, Model, TrainingSummary};
use tweedie_networks::NoisyClassifierConfig;
use tweedie_samplers::{Churn, DdimNoiseKind, Denoiser};

/// As format 1 was written for a denoiser.
fn denoiser() -> Value {
    json!({
        "format": 1,
        "schedule": { "name": "linear", "beta_start": 0.002, "beta_end": 0.5 },
        "steps": 20,
        "parameterization": "v",
        "conditioning": "index",
        "variance": "none",
        "range": { "low": -1.0, "high": 1.0 },
        "class_names": [],
        "sampling": {
            "sampler": "heun", "steps": 7, "eta": 0.25, "variance": "fixed_large", "spacing": "leading",
            "steps_offset": 1, "levels": "karras:7,5", "ends_clean": true, "clip": 1.0,
            "options": {
                "ddim": "sigma_hat", "churn": 3.0, "churn_sigmas": [0.1, 2.0], "churn_noise": 1.007,
                "third_order": "published", "order": 3, "tolerance": 1e-3, "corrector_snr": 0.1,
                "corrector_steps": 2, "corrector_norms": "batch_mean", "langevin_steps": 4,
                "langevin_friction": null, "langevin_epsilon": null, "variance_probes": 2,
                "after_clip": "keep", "threshold": null, "threshold_most": null
            }
        },
        "training": {
            "data": "a set", "images": 9, "steps": 3, "seed": 1, "loss": 0.5, "precision": "f32"
        }
    })
}

fn classifier() -> Classifier {
    let about = About {
        class_names: ["a", "b", "c"].map(String::from).to_vec(),
        ..description(Parameterization::Epsilon).about
    };
    let network = NoisyClassifierConfig { n_classes: 3, encoder: tiny() };
    let classifier = Classifier::new(&network, about, Device::Cpu, 1).unwrap();
    random_weights(classifier.network().parameters(), 1);
    classifier
}

fn write(folder: &Path, value: &Value) {
    std::fs::write(folder.join("tweedie.json"), value.to_string()).unwrap();
}

#[test]
fn a_denoiser_of_format_1_is_the_same_model() {
    let mut model = model(Parameterization::V);
    let place = tempfile::tempdir().unwrap();
    model.save(place.path(), |_| Ok(())).unwrap();
    write(place.path(), &denoiser());
    let read = Model::load(place.path(), Device::Cpu).unwrap();
    let sampling = read.sampling();
    assert_eq!((sampling.sampler.name(), sampling.steps, sampling.eta), ("heun", 7, 0.25));
    let options = &sampling.options;
    assert_eq!(options.heun, Churn { churn: 3.0, sigmas: Some([0.1, 2.0]), noise: 1.007 });
    assert_eq!((options.ddim.noise, options.unipc.order), (DdimNoiseKind::SigmaHat, 3));
    assert_eq!((options.pc.snr, options.pc.steps, options.ddpm.variance_probes), (0.1, 2, 2));
    assert_eq!((options.ode.tolerance, options.langevin.steps_per_level), (1e-3, 4));
    // Everything else is as it was saved.
    *model.sampling_mut() = sampling.clone();
    model.about_mut().training = Some(TrainingSummary {
        data: "a set".into(),
        images: 9,
        steps: 3,
        seed: 1,
        loss: 0.5,
        precision: "f32".into(),
    });
    assert_eq!(read.description(), model.description());
    let (x, level) = (crate::images(2, 1), model.process().level(5).into());
    let estimate = |model: &Model| tch::no_grad(|| model.denoise(&x, level)).unwrap().x0;
    assert!(estimate(&read).equal(&estimate(&model)));
    // Saved again it has the present format and is the same.
    read.save(place.path(), |_| Ok(())).unwrap();
    let text = std::fs::read_to_string(place.path().join("tweedie.json")).unwrap();
    assert!(text.contains("\"format\": 3") && text.contains("\"kind\": \"denoiser\""), "{text}");
    assert_eq!(Model::load(place.path(), Device::Cpu).unwrap().description(), read.description());
}

#[test]
fn a_classifier_of_format_1_is_the_same_classifier() {
    let (classifier, place) = (classifier(), tempfile::tempdir().unwrap());
    classifier.save(place.path(), |_| Ok(())).unwrap();
    let mut old = json!({ "kind": "classifier" });
    let keys = ["format", "schedule", "steps", "conditioning", "range"];
    keys.into_iter().for_each(|key| old[key] = denoiser()[key].clone());
    (old["class_names"], old["training"]) = (json!(["a", "b", "c"]), Value::Null);
    write(place.path(), &old);
    let read = Classifier::load(place.path(), Device::Cpu).unwrap();
    assert_eq!(read.about(), classifier.about());
    let (x, level) = (crate::images(2, 1), classifier.process().level(5).into());
    let of = |it: &Classifier| tch::no_grad(|| it.log_probabilities(&x, level)).unwrap();
    assert!(of(&read).equal(&of(&classifier)));
}

#[test]
fn keys_that_format_1_did_not_have_are_refused_by_name() {
    let place = tempfile::tempdir().unwrap();
    model(Parameterization::V).save(place.path(), |_| Ok(())).unwrap();
    for pointer in ["", "/sampling", "/sampling/options", "/range"] {
        let mut old = denoiser();
        old.pointer_mut(pointer).unwrap()["of_tomorrow"] = json!(1);
        write(place.path(), &old);
        let sentence = refusal(Model::load(place.path(), Device::Cpu));
        assert!(sentence.contains("of_tomorrow") && sentence.contains("tweedie.json"), "{sentence}");
    }
    let mut old = denoiser();
    old.as_object_mut().unwrap().remove("parameterization");
    write(place.path(), &old);
    let sentence = refusal(Model::load(place.path(), Device::Cpu));
    assert!(sentence.contains("parameterization"), "{sentence}");
}

#[test]
fn declarations_that_cannot_be_followed_are_sentences() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    model(Parameterization::V).save(folder, |_| Ok(())).unwrap();
    let good: Value = serde_json::from_slice(&std::fs::read(folder.join("tweedie.json")).unwrap()).unwrap();
    for (key, value, words) in [
        ("format", json!(4), "format 4 of a newer tweedie"),
        ("format", json!(0), "format"),
        ("format", json!("two"), "format"),
        ("kind", json!("painter"), "unknown variant `painter`"),
        ("kind", json!("classifier"), "a denoiser is needed"),
        ("component", json!("elsewhere"), "elsewhere/config.json"),
        ("component", json!(7), "string"),
        ("denoiser", Value::Null, "no key `denoiser`"),
    ] {
        let mut wrong = good.clone();
        wrong[key] = value.clone();
        write(folder, &wrong);
        let sentence = refusal(Model::load(folder, Device::Cpu));
        assert!(sentence.contains(words), "{key} = {value}: {sentence}");
        assert!(sentence.contains(folder.to_str().unwrap()), "{sentence}");
    }
}

#[test]
fn a_class_that_no_registry_has_is_named_with_those_that_it_has() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    model(Parameterization::V).save(folder, |_| Ok(())).unwrap();
    let path = folder.join("unet/config.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"UNet2DModel\"", "\"Transformer\"");
    std::fs::write(&path, text).unwrap();
    let sentence = refusal(Model::load(folder, Device::Cpu));
    for words in ["unet/config.json", "Transformer", "UNet2DModel, PointMlp, NoisyClassifier"] {
        assert!(sentence.contains(words), "{sentence}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(refusal(Model::load(folder, Device::Cpu)).contains("unet/config.json"));
}

#[test]
fn each_kind_is_known_and_what_is_no_model_is_none() {
    let place = tempfile::tempdir().unwrap();
    let [one, other, none] = ["one", "other", "none"].map(|name| place.path().join(name));
    assert!(!Kind::is_model(&none));
    std::fs::create_dir(&none).unwrap();
    assert!(!Kind::is_model(&none) && !Kind::is_model(place.path()));
    model(Parameterization::V).save(&one, |_| Ok(())).unwrap();
    classifier().save(&other, |_| Ok(())).unwrap();
    assert!(Kind::is_model(&one) && Kind::is_model(&other));
    assert_eq!((Kind::of(&one).unwrap(), Kind::of(&other).unwrap()), (Kind::Denoiser, Kind::Classifier));
    assert!(refusal(Model::load(&other, Device::Cpu)).contains("a denoiser is needed"));
    assert!(refusal(Classifier::load(&one, Device::Cpu)).contains("a classifier of noisy images is needed"));
    // One that is spoiled is still a model's folder, and its own error is shown.
    std::fs::write(one.join("tweedie.json"), "{").unwrap();
    assert!(Kind::is_model(&one) && refusal(Kind::of(&one)).contains("not JSON"));
}
