//! The options of single samplers: one group each, the flat keys of the first format, and options by their place.

use crate::refusal;
use serde_json::{Value, json};
use tweedie_models::sampling::{Sampler, SamplingConfig, takers_of};
use tweedie_samplers::DdimNoiseKind;

fn with(options: Value) -> Result<SamplingConfig, serde_json::Error> {
    serde_json::from_value(json!({ "options": options }))
}

/// Flat keys of the first format with a value, and their place.
fn pairs() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("ddim", "ddim.noise", json!("fresh")),
        ("churn", "heun.churn", json!(2.5)),
        ("churn_sigmas", "heun.sigmas", json!([0.5, 3.0])),
        ("churn_noise", "heun.noise", json!(1.5)),
        ("third_order", "dpmpp_3m.form", json!("published")),
        ("order", "unipc.order", json!(3)),
        ("tolerance", "ode.tolerance", json!(0.125)),
        ("corrector_snr", "pc.snr", json!(0.25)),
        ("corrector_steps", "pc.steps", json!(4)),
        ("corrector_norms", "pc.norms", json!("batch_mean")),
        ("langevin_steps", "langevin.steps", json!(9)),
        ("langevin_friction", "langevin.friction", json!(0.5)),
        ("langevin_epsilon", "langevin.epsilon", json!(1e-5)),
        ("variance_probes", "ddpm.variance_probes", json!(3)),
        ("after_clip", "clip.after_clip", json!("keep")),
        ("threshold", "clip.threshold", json!(0.75)),
        ("threshold_most", "clip.threshold_most", json!(2.0)),
    ]
}

#[test]
fn flat_keys_groups_and_places_are_the_same_options() {
    let (mut flat, mut groups, mut set) = (json!({}), json!({}), SamplingConfig::default());
    for (key, place, value) in pairs() {
        let (group, name) = place.split_once('.').unwrap();
        let by_place = {
            let mut config = SamplingConfig::default();
            config.set(place, value.clone()).unwrap();
            config
        };
        assert_ne!(by_place, SamplingConfig::default(), "{place} has no effect");
        assert_eq!(with(json!({ key: value })).unwrap(), by_place, "{key}");
        assert_eq!(with(json!({ group: { name: value } })).unwrap(), by_place, "{place}");
        set.set(place, value.clone()).unwrap();
        flat[key] = value.clone();
        groups[group][name] = value;
    }
    assert_eq!(with(flat).unwrap(), set);
    assert_eq!(with(groups).unwrap(), set);
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<SamplingConfig>(&text).unwrap(), set);
    assert!(text.contains("\"heun\":{\"churn\":2.5"), "groups are what is written: {text}");
    assert_eq!(set.options.ddim.noise, DdimNoiseKind::Fresh);
    // Both forms side by side.
    let mixed = with(json!({ "churn": 2.0, "heun": { "noise": 1.5 } })).unwrap();
    assert_eq!((mixed.options.heun.churn, mixed.options.heun.noise), (2.0, 1.5));
}

#[test]
fn defaults_are_not_written() {
    let text = serde_json::to_string(&SamplingConfig::default()).unwrap();
    assert!(!text.contains("options"), "{text}");
    assert_eq!(with(json!({})).unwrap(), SamplingConfig::default());
}

#[test]
fn unknown_keys_and_values_are_refused_by_name() {
    for options in [
        json!({ "wrong": 1 }),
        json!({ "heun": { "wrong": 1 } }),
        json!({ "wrong": { "churn": 1 } }),
        json!({ "ddim": "wrong" }),
    ] {
        assert!(refusal(with(options)).contains("wrong"));
    }
    let mut config = SamplingConfig::default();
    for place in ["heun.wrong", "wrong.churn", "wrong", "heun.churn.wrong", "", "."] {
        let sentence = refusal(config.set(place, json!(1)));
        assert!(sentence.starts_with(&format!("the sampling option {place}:")), "{sentence}");
    }
    let sentence = refusal(config.set("heun.churn", json!("much")));
    assert!(sentence.contains("heun.churn") && sentence.contains("much"), "{sentence}");
    assert_eq!(config, SamplingConfig::default(), "a refused option changes nothing");
}

#[test]
fn every_place_has_the_samplers_that_take_it() {
    assert_eq!(takers_of("heun.churn"), Some(&[Sampler::Heun][..]));
    assert_eq!(takers_of("eta"), Some(&[Sampler::Ddim, Sampler::EulerAncestral][..]));
    for place in ["clip.threshold", "steps", "levels"] {
        assert_eq!(takers_of(place), None, "every sampler takes {place}");
    }
    for (_, place, _) in pairs() {
        let is_clip = place.starts_with("clip.");
        assert_eq!(takers_of(place).is_none(), is_clip, "{place}");
    }
}

#[test]
fn values_outside_the_configuration_are_set_by_their_names() {
    let mut config = SamplingConfig::default();
    config.set("eta", json!(0.5)).unwrap();
    config.set("sampler", json!("heun")).unwrap();
    config.set("variance", json!("optimal")).unwrap();
    config.set("clip", json!(2.0)).unwrap();
    assert_eq!((config.eta, config.sampler, config.clip), (0.5, Sampler::Heun, Some(2.0)));
    // Null is what JSON makes of a number that is not finite; it does not stand for "none" here.
    for (place, value) in
        [("clip", Value::Null), ("clip.threshold", json!(f64::NAN)), ("eta", json!(f64::INFINITY))]
    {
        let sentence = refusal(config.set(place, value));
        assert!(sentence.contains(place) && sentence.contains("finite number"), "{sentence}");
    }
}
