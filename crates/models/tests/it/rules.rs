//! Rules for the levels of a path.

use crate::{STEPS, description, model, on, random, refusal, tiny};
use proptest::prelude::*;
use tweedie_math::{MOST_LEVELS, NoiseLevel, Parameterization, Schedule, Subsequence};
use tweedie_models::Model;
use tweedie_models::sampling::{LevelRule, Sampler, SamplingConfig};
use tweedie_networks::UNetConfig;

fn levels(model: &Model, rule: &str) -> Vec<NoiseLevel> {
    let sampling = SamplingConfig { levels: Some(rule.parse().unwrap()), ..SamplingConfig::default() };
    model.path(&sampling).unwrap().levels().to_vec()
}

proptest! {
    #[test]
    fn a_rule_is_what_it_is_written_as(n in 1..5000usize, shift in 0.1..9.0f64, rho in 1.0..9.0f64) {
        for text in [format!("flow:{n},{shift}"), format!("edm:{n}"), format!("karras:{n},{rho}"), format!("trailing:{n}")] {
            let rule: LevelRule = text.parse().unwrap();
            prop_assert_eq!(rule.to_string(), text.clone());
            let json = serde_json::to_string(&rule).unwrap();
            prop_assert_eq!(&json, &format!("\"{text}\""));
            prop_assert_eq!(serde_json::from_str::<LevelRule>(&json).unwrap(), rule);
        }
    }
}

#[test]
fn what_is_no_rule_is_said() {
    for (text, words) in [
        ("flow:x", "\"x\" is not a number of levels"),
        ("flow:3,y", "\"y\" is not a shift"),
        ("other:3", "\"other:3\""),
    ] {
        let sentence = refusal(text.parse::<LevelRule>());
        assert!(sentence.contains(words) && sentence.contains("edm:N"), "{sentence}");
    }
    let model = model(Parameterization::Epsilon);
    let zero = SamplingConfig { levels: Some("flow:0".parse().unwrap()), ..SamplingConfig::default() };
    assert!(refusal(model.path(&zero)).contains("number of steps"));
}

/// A number of levels that no process bounds has a bound of its own, also where no text was parsed.
#[test]
fn too_many_levels_are_refused() {
    for text in ["flow:1000001", "flow:1000001,2", "edm:1000001", "karras:1000001", "log_snr:1000001"] {
        let sentence = refusal(text.parse::<LevelRule>());
        assert_eq!(sentence, "the number of levels is 1000001; it must be at most 1000000");
    }
    let model = model(Parameterization::Epsilon);
    for n in [MOST_LEVELS + 1, usize::MAX] {
        for rule in [
            LevelRule::Flow { n, shift: 1.0 },
            LevelRule::Edm { n },
            LevelRule::Own(Subsequence::Karras { n, rho: 7.0 }),
            LevelRule::Own(Subsequence::UniformLogSnr { n }),
        ] {
            let sampling = SamplingConfig { levels: Some(rule), ..SamplingConfig::default() };
            let sentence = refusal(model.path(&sampling));
            assert!(sentence.starts_with("the number of steps is "), "{sentence}");
        }
    }
}

#[test]
fn karras_levels_are_visited_themselves() {
    let model = model(Parameterization::Epsilon);
    let found = levels(&model, "karras:6,7");
    assert_eq!(found.len(), 7);
    let (first, last) = (model.process().level(STEPS).sigma(), model.process().level(1).sigma());
    for (i, level) in found[..6].iter().enumerate() {
        let root = first.powf(1.0 / 7.0) + i as f64 / 5.0 * (last.powf(1.0 / 7.0) - first.powf(1.0 / 7.0));
        assert!((level.sigma() / root.powi(7) - 1.0).abs() < 1e-9, "level {i}");
    }
    // A network with a learned table of times knows the trained ones alone.
    let network = UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(STEPS as i64),
        ..tiny()
    };
    let table = random(&network, description(Parameterization::Epsilon), 1);
    assert!(levels(&table, "karras:6,7").iter().all(|&level| table.process().trained_time(level).is_some()));
}

#[test]
fn another_processs_levels_are_its_log_snrs_on_this_one() {
    let model = model(Parameterization::Epsilon);
    let found = levels(&model, "flow:4");
    let expected = [0.75, 0.5, 0.25].map(|t: f64| 2.0 * ((1.0 - t) / t).ln());
    assert_eq!(found[0], model.process().level(STEPS), "pure noise is this process' noisiest level");
    for (level, log_snr) in found[1..4].iter().zip(expected) {
        assert!((level.log_snr() - log_snr).abs() < 1e-9);
        let total = level.signal_rate().powi(2) + level.noise_rate().powi(2);
        assert!((total - 1.0).abs() < 1e-12, "in the process' own rates");
    }
    let edm = levels(&model, "edm:5");
    assert!((edm[4].sigma() - 0.002).abs() < 1e-12);
    assert_eq!(edm[0], model.process().level(STEPS), "nothing is noisier than the process");
    // From a flow on, EDM's levels are σ from 80 to .002 where the flow has them.
    let flow = on(Schedule::RectifiedFlow { shift: 1.0 }, Parameterization::Velocity);
    let flow = levels(&random(&tiny(), flow, 1), "edm:5");
    assert!(
        (flow[0].sigma() / 80.0 - 1.0).abs() < 1e-9
            && (flow[0].signal_rate() + flow[0].noise_rate() - 1.0).abs() < 1e-12
    );
}

/// With the adaptive solver, hooks are called at ten levels for any number of steps, down to the first trained level.
#[test]
fn an_adaptive_solver_goes_down_to_the_first_level() {
    let model = model(Parameterization::Epsilon);
    let sampling = SamplingConfig { sampler: Sampler::Ode, ..SamplingConfig::default() };
    for steps in [1, 2, 9] {
        let path = model.path(&SamplingConfig { steps, ..sampling.clone() }).unwrap();
        assert_eq!((path.first(), path.n_steps()), (model.process().level(STEPS), 11));
        assert_eq!(path.levels()[10..], [model.process().level(1), NoiseLevel::CLEAN]);
    }
    let requested = SamplingConfig { levels: Some("trailing:4".parse().unwrap()), ..sampling };
    assert_eq!(model.path(&requested).unwrap().n_steps(), 4);
}

/// A path that ends cleaner than the first trained level does not climb back to it.
#[test]
fn no_path_climbs_at_its_end() {
    let model = model(Parameterization::Epsilon);
    for rule in ["edm:5", "flow:300", "trailing:5", "karras:5"] {
        for ends_clean in [true, false] {
            let levels = Some(rule.parse().unwrap());
            let path =
                model.path(&SamplingConfig { levels, ends_clean, ..SamplingConfig::default() }).unwrap();
            assert!(!path.steps().any(|step| step.ascends()), "{rule}");
        }
    }
}
