//! The options of samplers: their defaults, their names in files, and their ranges.

use crate::{Silent, within};
use ndarray::array;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tweedie_math::{GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{
    Adaptive, Annealed, AnnealedOptions, Churn, ClipOptions, Corrector, DdimNoiseKind, DdimOptions,
    DdpmOptions, Draw, EpsAfterClip, Error, NoNoise, NoiseSource, Norms, Path, ReverseVariance, ThirdOrder,
    ThirdOrderOptions, UniPc, UniPcKernel, ddim, level_ratio, step_size, technique_4,
};

/// The default is written as given, an empty table is the default, and an unknown name is refused.
#[track_caller]
fn check_default<T>(expected: serde_json::Value)
where
    T: Serialize + DeserializeOwned + Default + PartialEq + std::fmt::Debug,
{
    assert_eq!(serde_json::to_value(T::default()).unwrap(), expected);
    assert_eq!(serde_json::from_value::<T>(json!({})).unwrap(), T::default());
    assert_eq!(serde_json::from_value::<T>(expected).unwrap(), T::default());
    let unknown = serde_json::from_value::<T>(json!({"no_such_option": 1})).unwrap_err().to_string();
    assert!(unknown.starts_with("unknown field `no_such_option`"), "{unknown}");
}

#[test]
fn defaults_and_names() {
    check_default::<DdpmOptions>(json!({"variance_probes": 1}));
    check_default::<DdimOptions>(json!({"noise": "eta"}));
    check_default::<Churn>(json!({"churn": 0.0, "sigmas": null, "noise": 1.0}));
    check_default::<ThirdOrderOptions>(json!({"form": "corrected"}));
    check_default::<UniPc>(json!({"order": 2, "kernel": "exp_h"}));
    check_default::<Adaptive>(json!({"tolerance": 1e-4, "most_steps": 1000}));
    check_default::<Corrector>(json!({"snr": 0.16, "steps": 1, "norms": "per_sample"}));
    check_default::<AnnealedOptions>(json!({"steps": 5, "friction": null, "epsilon": null, "denoise": true}));
    check_default::<ClipOptions>(
        json!({"after_clip": "rederive", "threshold": null, "threshold_most": null}),
    );
    let name = |value: serde_json::Value, expected: &str| assert_eq!(value, expected);
    name(json!(DdimNoiseKind::SigmaHat), "sigma_hat");
    name(json!(DdimNoiseKind::Fresh), "fresh");
    name(json!(ThirdOrder::Published), "published");
    name(json!(UniPcKernel::H), "h");
    name(json!(Norms::BatchMean), "batch_mean");
    name(json!(EpsAfterClip::Keep), "keep");
    name(json!(ReverseVariance::default()), "fixed_small");
    let variances = [ReverseVariance::FixedLarge, ReverseVariance::Learned, ReverseVariance::Optimal];
    assert_eq!(json!(variances), json!(["fixed_large", "learned", "optimal"]));
}

/// Each option out of its range is named, with its value; the values at the edges pass.
#[test]
fn ranges() {
    #[track_caller]
    fn named(refused: Result<(), Error>, option: &str, value: f64) {
        let Err(Error::Parameter { name, found, .. }) = refused else { panic!("{option}: {refused:?}") };
        assert_eq!((name, found.to_bits()), (option, value.to_bits()));
    }
    // A finite number may be infinite in single precision, and a positive one 0.
    let positive = [0.0, -1.0, 1e-300, 1e308, f64::INFINITY, f64::NAN];
    let not_negative = [-1e-300, 1e308, f64::INFINITY, f64::NAN];
    named(DdpmOptions { variance_probes: 0 }.check(), "the number of variance probes", 0.0);
    for order in [0, 4] {
        let how = UniPc { order, ..UniPc::default() };
        named(how.check(), "the order", order as f64);
    }
    for value in not_negative {
        named(Churn { churn: value, ..Churn::default() }.check(), "churn", value);
        named(Churn { noise: value, ..Churn::default() }.check(), "the churn's noise", value);
        let friction = Some(value);
        named(
            AnnealedOptions { friction, ..AnnealedOptions::default() }.check(),
            "Langevin's friction",
            value,
        );
    }
    for value in [-1e-300, f64::INFINITY, f64::NAN] {
        let sigmas = |sigmas| Churn { sigmas: Some(sigmas), ..Churn::default() }.check();
        named(sigmas([value, 1.0]), "the least sigma of churn", value);
        named(sigmas([0.0, value]), "the greatest sigma of churn", value);
    }
    named(Churn { sigmas: Some([2.0, 1.0]), ..Churn::default() }.check(), "the greatest sigma of churn", 1.0);
    for value in positive {
        named(Corrector { snr: value, ..Corrector::default() }.check(), "the corrector's snr", value);
        let epsilon = Some(value);
        named(AnnealedOptions { epsilon, ..AnnealedOptions::default() }.check(), "Langevin's epsilon", value);
        let threshold_most = Some(value);
        named(
            ClipOptions { threshold_most, ..ClipOptions::default() }.check(),
            "the greatest threshold",
            value,
        );
        named(Adaptive { tolerance: value, ..Adaptive::default() }.check(), "the tolerance", value);
    }
    for value in [0.0, -0.1, 1.1, f64::NAN] {
        let threshold = Some(value);
        named(ClipOptions { threshold, ..ClipOptions::default() }.check(), "the threshold's quantile", value);
    }
    named(Adaptive { tolerance: 0.9e-6, most_steps: 1 }.check(), "the tolerance", 0.9e-6);
    named(Adaptive { most_steps: 0, ..Adaptive::default() }.check(), "the greatest number of steps", 0.0);
    let no_steps = AnnealedOptions { steps_per_level: 0, ..AnnealedOptions::default() };
    named(no_steps.check(), "the number of Langevin steps", 0.0);
    for many in [1 << 30, usize::MAX] {
        let n = many as f64;
        named(DdpmOptions { variance_probes: many }.check(), "the number of variance probes", n);
        let how = Adaptive { most_steps: many, ..Adaptive::default() };
        named(how.check(), "the greatest number of steps", n);
        named(Corrector { steps: many, ..Corrector::default() }.check(), "the number of corrector steps", n);
        let how = AnnealedOptions { steps_per_level: many, ..AnnealedOptions::default() };
        named(how.check(), "the number of Langevin steps", n);
    }

    let tolerance = Adaptive { tolerance: 1e-7, most_steps: 1 }.check().unwrap_err().to_string();
    assert!(tolerance.starts_with("the tolerance is 1e-7; it must be at least 1e-6"), "{tolerance}");

    DdpmOptions::default().check().unwrap();
    DdimOptions { noise: DdimNoiseKind::Fresh }.check().unwrap();
    ThirdOrderOptions { form: ThirdOrder::Published }.check().unwrap();
    Churn { churn: 0.0, sigmas: Some([0.5, 0.5]), noise: 0.0 }.check().unwrap();
    Adaptive { tolerance: 1e-6, most_steps: 1 }.check().unwrap();
    Corrector { steps: 0, ..Corrector::default() }.check().unwrap();
    AnnealedOptions { friction: Some(0.0), epsilon: Some(1e-9), ..AnnealedOptions::default() }
        .check()
        .unwrap();
    ClipOptions { threshold: Some(1.0), threshold_most: Some(1e-3), ..ClipOptions::default() }
        .check()
        .unwrap();
}

fn path(sigmas: &[f64]) -> Path {
    let levels = sigmas.iter().map(|&sigma| NoiseLevel::new(1.0, sigma).unwrap());
    Path::new(levels.chain([NoiseLevel::CLEAN]).collect()).unwrap()
}

proptest! {
    /// On a geometric path technique 4 is the step size for its ratio; in any units, since σ is noise/signal.
    #[test]
    fn technique_4_is_the_step_size(last in 0.01..1.0, ratio in 1.05..3.0, n in 2i32..8, steps in 1usize..10) {
        let sigmas: Vec<f64> = (0..n).rev().map(|i| last * f64::powi(ratio, i)).collect();
        let found = technique_4(&path(&sigmas), 16, steps).unwrap();
        // Both are points of one grid, whose factors are 1.01 in the coarse pass.
        within(found / step_size(last, ratio, steps).unwrap(), 1.0, 1e-3);
        let scaled = sigmas.iter().map(|sigma| NoiseLevel::new(0.5, 0.5 * sigma).unwrap());
        let scaled = Path::new(scaled.chain([NoiseLevel::CLEAN]).collect()).unwrap();
        within(technique_4(&scaled, 16, steps).unwrap() / found, 1.0, 1e-3);
    }
}

/// Without an ε the options take technique 4's for the path; with one, that.
#[test]
fn annealed_options_are_resolved_for_a_path() {
    let path_of_3 = path(&[1.0, 0.5, 0.25]);
    let options = AnnealedOptions { steps_per_level: 3, friction: Some(0.5), epsilon: None, denoise: false };
    let epsilon = technique_4(&path_of_3, 16, 3).unwrap();
    let expected = Annealed { epsilon, steps_per_level: 3, friction: Some(0.5), denoise: false };
    assert_eq!(options.resolve(&path_of_3, 16).unwrap(), expected);
    let given = AnnealedOptions { epsilon: Some(0.01), ..options };
    assert_eq!(given.resolve(&path_of_3, 16).unwrap(), Annealed { epsilon: 0.01, ..expected });
    // A single level has no ratio of its own.
    let single = technique_4(&path(&[0.3]), 64, 5).unwrap();
    assert_eq!(single, step_size(0.3, level_ratio(64).unwrap(), 5).unwrap());
    let refused = AnnealedOptions { steps_per_level: 0, ..options }.resolve(&path_of_3, 16);
    assert!(matches!(refused, Err(Error::Parameter { name: "the number of Langevin steps", .. })));
    let rising = technique_4(&path(&[0.1, 0.5]), 16, 5);
    assert!(matches!(rising, Err(Error::Parameter { name: "the ratio of the levels", .. })), "{rising:?}");
}

/// A deterministic sampler runs without noise; any other fails where it draws.
#[test]
fn no_noise_is_for_deterministic_samplers() {
    let data = GaussianDenoiser { mean: 0.2, variance: 0.25 };
    let path = path(&[2.0, 1.0]);
    let run = |eta| ddim(&data, array![[0.5]], &path, eta, &NoNoise, &mut ());
    assert_eq!(run(0.0).unwrap(), ddim(&data, array![[0.5]], &path, 0.0, &Silent, &mut ()).unwrap());
    let refused = run(0.5).unwrap_err();
    assert!(matches!(refused, Error::Other(_)), "{refused:?}");
    assert!(refused.to_string().starts_with("NoNoise is for deterministic samplers"), "{refused}");
    let draw = Draw { purpose: tweedie_math::random::Purpose::ACCEPT, visit: 0, draw: 0 };
    let uniform = NoNoise.uniform_per_sample(&array![[0.0]], draw);
    assert!(matches!(uniform, Err(Error::Uniform)), "{uniform:?}");
}
