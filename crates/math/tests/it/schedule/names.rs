//! The names that schedules are written by, and their words.

use crate::strategies::any_schedule;
use proptest::prelude::*;
use tweedie_math::Schedule;

/// Every schedule with its text in configurations and in words.
fn all() -> Vec<(Schedule, &'static str, &'static str)> {
    let (beta_start, beta_end) = (0.25, 0.5);
    vec![
        (
            Schedule::Linear { beta_start, beta_end },
            r#"{"name":"linear","beta_start":0.25,"beta_end":0.5}"#,
            "β linear from 0.25 to 0.5",
        ),
        (
            Schedule::ScaledLinear { beta_start, beta_end },
            r#"{"name":"scaled_linear","beta_start":0.25,"beta_end":0.5}"#,
            "β linear from 0.25·1000/T to 0.5·1000/T",
        ),
        (
            Schedule::Quadratic { beta_start, beta_end },
            r#"{"name":"quadratic","beta_start":0.25,"beta_end":0.5}"#,
            "√β linear, β from 0.25 to 0.5",
        ),
        (Schedule::Constant { beta: 0.25 }, r#"{"name":"constant","beta":0.25}"#, "β 0.25 throughout"),
        (
            Schedule::WarmUp { beta_start, beta_end, share: 0.1 },
            r#"{"name":"warm_up","beta_start":0.25,"beta_end":0.5,"share":0.1}"#,
            "β linear from 0.25 to 0.5 over a share of 0.1, then constant",
        ),
        (Schedule::Binomial {}, r#"{"name":"binomial"}"#, "β = 1/(T − t + 1)"),
        (
            Schedule::COSINE,
            r#"{"name":"cosine","offset":0.008,"max_beta":0.999}"#,
            "cosine, offset 0.008, β at most 0.999",
        ),
        (
            Schedule::Sigmoid { beta_start, beta_end },
            r#"{"name":"sigmoid","beta_start":0.25,"beta_end":0.5}"#,
            "β a sigmoid from 0.25 to 0.5",
        ),
        (
            Schedule::SIGMOID_ALPHA_BAR,
            r#"{"name":"sigmoid_alpha_bar","start":-3.0,"end":3.0,"temperature":1.0,"max_beta":0.999}"#,
            "ᾱ a sigmoid from -3 to 3 of temperature 1, β at most 0.999",
        ),
        (
            Schedule::ZeroTerminalSnr { of: Box::new(Schedule::Binomial {}) },
            r#"{"name":"zero_terminal_snr","of":{"name":"binomial"}}"#,
            "β = 1/(T − t + 1), rescaled to end at pure noise",
        ),
        (
            Schedule::Explicit { betas: vec![0.25, 1.0] },
            r#"{"name":"explicit","betas":[0.25,1.0]}"#,
            "2 betas given one by one",
        ),
        (
            Schedule::ExplicitAlphaBars { alpha_bars: vec![0.5, 0.0] },
            r#"{"name":"explicit_alpha_bars","alpha_bars":[0.5,0.0]}"#,
            "2 ᾱ given one by one",
        ),
        (
            Schedule::RectifiedFlow { shift: 3.0 },
            r#"{"name":"rectified_flow","shift":3.0}"#,
            "rectified flow, shift 3",
        ),
        (
            Schedule::Vp { beta_min: 0.25, beta_max: 10.0 },
            r#"{"name":"vp","beta_min":0.25,"beta_max":10.0}"#,
            "continuous VP, β from 0.25 to 10",
        ),
        (
            Schedule::SubVp { beta_min: 0.25, beta_max: 10.0 },
            r#"{"name":"sub_vp","beta_min":0.25,"beta_max":10.0}"#,
            "continuous sub-VP, β from 0.25 to 10",
        ),
        (
            Schedule::Ve { sigma_min: 0.25, sigma_max: 10.0 },
            r#"{"name":"ve","sigma_min":0.25,"sigma_max":10.0}"#,
            "continuous VE, σ from 0.25 to 10",
        ),
        (
            Schedule::Edm { sigma_min: 0.25, sigma_max: 10.0 },
            r#"{"name":"edm","sigma_min":0.25,"sigma_max":10.0}"#,
            "EDM, σ from 0.25 to 10",
        ),
        (
            Schedule::ContinuousCosine { offset: 0.25 },
            r#"{"name":"continuous_cosine","offset":0.25}"#,
            "continuous cosine, offset 0.25",
        ),
    ]
}

/// Configurations are written by these names: a change of them breaks checkpoints.
#[test]
fn schedules_are_written_and_read_by_name() {
    for (schedule, json, words) in all() {
        assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        assert_eq!(serde_json::from_str::<Schedule>(json).unwrap(), schedule);
        assert_eq!(schedule.to_string(), words);
    }
}

proptest! {
    /// Not a digit is lost.
    #[test]
    fn any_schedule_comes_back((schedule, _) in any_schedule()) {
        let json = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    }
}

/// The parameters of continuous processes default to the papers'.
#[test]
fn parameters_of_continuous_processes_may_be_left_out() {
    let (beta_min, beta_max) = (0.1, 20.0);
    for (json, schedule) in [
        (r#"{"name":"vp"}"#, Schedule::Vp { beta_min, beta_max }),
        (r#"{"name":"vp","beta_max":10.0}"#, Schedule::Vp { beta_min, beta_max: 10.0 }),
        (r#"{"name":"sub_vp"}"#, Schedule::SubVp { beta_min, beta_max }),
        (r#"{"name":"ve"}"#, Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 }),
        (r#"{"name":"edm"}"#, Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 }),
        (r#"{"name":"edm","sigma_min":0.01}"#, Schedule::Edm { sigma_min: 0.01, sigma_max: 80.0 }),
        (r#"{"name":"continuous_cosine"}"#, Schedule::ContinuousCosine { offset: 0.008 }),
    ] {
        assert_eq!(serde_json::from_str::<Schedule>(json).unwrap(), schedule, "{json}");
        assert!(schedule.is_continuous(), "{json}");
        assert!(schedule.process(10).unwrap().is_continuous(), "{json}");
    }
    assert!(!Schedule::LINEAR.is_continuous() && !Schedule::RectifiedFlow { shift: 1.0 }.is_continuous());
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    for (json, word) in [
        (r#"{"name":"linear","beta_start":0.25,"beta_end":0.5,"beta_middle":0.3}"#, "beta_middle"),
        (r#"{"name":"linear","beta_start":0.25}"#, "beta_end"),
        (r#"{"name":"binomial","beta":0.25}"#, "beta"),
        (r#"{"name":"zero_terminal_snr","of":{"name":"liner"}}"#, "liner"),
        (r#"{"name":"vp","beta_start":0.25}"#, "beta_start"),
        (r#"{"name":"sub_vp","sigma_min":0.25}"#, "sigma_min"),
        (r#"{"name":"ve","beta_min":0.25}"#, "beta_min"),
        (r#"{"name":"edm","rho":7.0}"#, "rho"),
        (r#"{"name":"continuous_cosine","max_beta":0.999}"#, "max_beta"),
    ] {
        let refusal = serde_json::from_str::<Schedule>(json).map_err(|error| error.to_string());
        assert!(matches!(&refusal, Err(words) if words.contains(word)), "{json}: {refusal:?}");
    }
}
