//! The weights of the losses in use: the papers' tables, their ends, and what they are written as.

use crate::strategies::{any_output, any_vp, any_weighting};
use crate::{close, level, three_levels};
use proptest::prelude::*;
use tweedie_math::bound::eps_weight;
use tweedie_math::{Error, FirstVariance, NoiseLevel, Parameterization, Process, Weighting, reverse_steps};

use Parameterization::{Edm, Epsilon, Score, V, Velocity, X0};

fn on_x0(weighting: Weighting, level: NoiseLevel) -> f64 {
    weighting.on_x0(level, None).unwrap()
}

fn on_eps(weighting: Weighting, level: NoiseLevel) -> f64 {
    weighting.on_eps(level, None).unwrap()
}

fn on_v(weighting: Weighting, level: NoiseLevel) -> f64 {
    weighting.on(V, level, None).unwrap()
}

proptest! {
    /// The weight of each paper on the paper's quantity, with SNR = s²/n² of a variance-preserving level.
    #[test]
    fn weights_of_the_papers(log_snr in -12.0..12.0f64, gamma in 0.1..20.0, k in 0.1..3.0, sigma_data in 0.1..2.0) {
        let (at, snr) = (level(log_snr, 1.0), log_snr.exp());
        close(on_eps(Weighting::Simple {}, at), 1.0, 0.0);
        close(on_x0(Weighting::Simple {}, at), snr, 1e-13);
        close(on_x0(Weighting::SnrPlusOne {}, at), snr + 1.0, 1e-13);
        close(on_v(Weighting::SnrPlusOne {}, at), 1.0, 1e-13);
        close(on_x0(Weighting::TruncatedSnr {}, at), snr.max(1.0), 1e-13);
        close(on_eps(Weighting::TruncatedSnr {}, at), (1.0 / snr).max(1.0), 1e-13);
        // Hang et al. 2023, sec. 3.4: min(SNR, γ) on x_0, over SNR on ε, over SNR + 1 on v.
        let min_snr = Weighting::MinSnr { gamma };
        close(on_x0(min_snr, at), snr.min(gamma), 1e-13);
        close(on_eps(min_snr, at), snr.min(gamma) / snr, 1e-13);
        close(on_v(min_snr, at), snr.min(gamma) / (snr + 1.0), 1e-13);
        // Choi et al. 2022, eq. 8, which is of ε.
        let p2 = Weighting::P2 { k, gamma };
        close(on_eps(p2, at), (k + snr).powf(-gamma), 1e-12);
        close(on_x0(p2, at), snr * (k + snr).powf(-gamma), 1e-12);
        close(on_x0(Weighting::P2 { k, gamma: 0.0 }, at), on_x0(Weighting::Simple {}, at), 1e-15);
        // Karras et al. 2022, table 1: λ(σ), and 1 on F.
        let edm = Weighting::Edm { sigma_data };
        let (sigma2, data2) = (at.sigma().powi(2), sigma_data * sigma_data);
        close(on_x0(edm, at), (sigma2 + data2) / (sigma2 * data2), 1e-13);
        close(edm.on(Edm { sigma_data }, at, None).unwrap(), 1.0, 1e-13);
    }

    /// The bound's own is β_t/(2α_t·(1 − ᾱ_t)) on ε (Ho et al. 2020, eq. 12 with σ² = β), which is the weight of its term.
    #[test]
    fn the_bounds_weight_is_the_bounds(process in any_vp()) {
        for t in (1..=process.steps()).filter(|t| process.level(*t).signal_rate() > 0.0) {
            let level = process.level(t);
            let found = Weighting::Vlb {}.on_eps(level, process.trained_previous(level)).unwrap();
            let (alpha, beta) = (process.alpha(t), process.beta(t));
            let n2 = level.noise_rate().powi(2);
            // β comes from the difference of two log-SNRs.
            let size = 2.0 + level.log_snr().abs() + process.level(t - 1).log_snr().abs().min(100.0);
            let doubt = 16.0 * f64::EPSILON * size / beta;
            close(found, beta / (2.0 * alpha * n2), doubt);
            if t > 1 {
                let steps = reverse_steps(&[process.level(t - 1), level], FirstVariance::OwnForward).unwrap();
                close(found, eps_weight(&steps[1], steps[1].log_large), 1e-13);
            }
        }
    }

    /// On x_0 and on ε are what they are called.
    #[test]
    fn units_are_what_they_are_called(weighting in any_weighting(), [before, at, _] in three_levels()) {
        let before = Some(before);
        close(weighting.on(X0, at, before).unwrap(), weighting.on_x0(at, before).unwrap(), 1e-14);
        close(weighting.on(Epsilon, at, before).unwrap(), weighting.on_eps(at, before).unwrap(), 1e-14);
        let snr = at.log_snr().exp();
        close(weighting.on_x0(at, before).unwrap(), weighting.on_eps(at, before).unwrap() * snr, 1e-12);
    }

    /// Positive and finite wherever there is signal and noise.
    #[test]
    fn weights_are_positive(weighting in any_weighting(), output in any_output(), [before, at, _] in three_levels()) {
        let weight = weighting.on(output, at, Some(before)).unwrap();
        prop_assert!(weight > 0.0 && weight.is_finite(), "{}", weight);
    }

    /// At pure noise the weights of ε and of the score are those of ε, and the weights of outputs that determine x_0 have their limits.
    #[test]
    fn weights_of_pure_noise(noise in 0.1..10.0, gamma in 0.1..20.0, weighting in any_weighting()) {
        let pure = NoiseLevel::new(0.0, noise).unwrap();
        let weight = |weighting: Weighting, output| weighting.on(output, pure, Some(level(0.0, 1.0)));
        prop_assert_eq!(weight(Weighting::Simple {}, Epsilon), Ok(1.0));
        prop_assert_eq!(weight(Weighting::Simple {}, X0), Ok(0.0));
        prop_assert_eq!(weight(Weighting::TruncatedSnr {}, X0), Ok(1.0));
        prop_assert_eq!(weight(Weighting::MinSnr { gamma }, Epsilon), Ok(1.0));
        // ε = −n·score.
        close(weight(Weighting::Simple {}, Score).unwrap(), noise * noise, 1e-14);
        for output in [X0, V, Velocity, Edm { sigma_data: 0.5 }] {
            let weight = weight(weighting, output).unwrap();
            prop_assert!(weight.is_finite(), "{:?}: {}", output, weight);
        }
    }

    /// At clean data an output that determines ε has the weight of an error of ε. So do v and a velocity, which are ε plus a multiple
    /// of x there.
    #[test]
    fn weights_of_clean_data(k in 0.1..3.0, sigma_data in 0.1..2.0) {
        let weight = |weighting: Weighting, output| weighting.on(output, NoiseLevel::CLEAN, None);
        prop_assert_eq!(weight(Weighting::Simple {}, Epsilon), Ok(1.0));
        prop_assert_eq!(weight(Weighting::MinSnr { gamma: 5.0 }, X0), Ok(5.0));
        prop_assert_eq!(weight(Weighting::MinSnr { gamma: 5.0 }, Epsilon), Ok(0.0));
        prop_assert_eq!(weight(Weighting::Simple {}, V), Ok(1.0));
        prop_assert_eq!(weight(Weighting::SnrPlusOne {}, Velocity), Ok(1.0));
        prop_assert_eq!(weight(Weighting::Edm { sigma_data }, Edm { sigma_data }), Ok(1.0));
        // SNR/(k + SNR) tends to 1, over its square to nothing.
        prop_assert_eq!(weight(Weighting::P2 { k, gamma: 1.0 }, X0), Ok(1.0));
        prop_assert_eq!(weight(Weighting::P2 { k, gamma: 2.0 }, X0), Ok(0.0));
    }
}

#[test]
fn the_bounds_weight_needs_the_level_before() {
    let at = level(0.0, 1.0);
    assert_eq!(Weighting::Vlb {}.on_x0(at, None), Err(Error::NoPrevious));
    assert_eq!(Weighting::Vlb {}.on_eps(at, None), Err(Error::NoPrevious));
    assert_eq!(Weighting::Vlb {}.on(V, at, None), Err(Error::NoPrevious));
    let noisier = level(-1.0, 1.0);
    assert!(matches!(Weighting::Vlb {}.on_x0(at, Some(noisier)), Err(Error::NotNoisier { .. })));
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let name = |weighting: Weighting| match weighting.check() {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("expected {weighting:?} to be refused, found {other:?}"),
    };
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Weighting::MinSnr { gamma: bad }), "gamma");
        assert_eq!(name(Weighting::P2 { k: bad, gamma: 1.0 }), "k");
        assert_eq!(name(Weighting::P2 { k: 1.0, gamma: bad }), "gamma");
        assert_eq!(name(Weighting::Edm { sigma_data: bad }), "sigma_data");
    }
    assert_eq!(name(Weighting::MinSnr { gamma: 0.0 }), "gamma");
    assert_eq!(name(Weighting::P2 { k: 0.0, gamma: 1.0 }), "k");
    assert_eq!(name(Weighting::Edm { sigma_data: 0.0 }), "sigma_data");
    assert_eq!(Weighting::P2 { k: 1.0, gamma: 0.0 }.check(), Ok(()));
    for good in
        [Weighting::Simple {}, Weighting::SnrPlusOne {}, Weighting::TruncatedSnr {}, Weighting::Vlb {}]
    {
        assert_eq!(good.check(), Ok(()));
    }
}

/// Configurations are written by these names: a change of them breaks checkpoints.
#[test]
fn weightings_are_written_and_read_by_name() {
    for (weighting, json) in [
        (Weighting::Simple {}, r#"{"name":"simple"}"#),
        (Weighting::SnrPlusOne {}, r#"{"name":"snr_plus_one"}"#),
        (Weighting::TruncatedSnr {}, r#"{"name":"truncated_snr"}"#),
        (Weighting::MinSnr { gamma: 5.0 }, r#"{"name":"min_snr","gamma":5.0}"#),
        (Weighting::P2 { k: 1.0, gamma: 0.5 }, r#"{"name":"p2","k":1.0,"gamma":0.5}"#),
        (Weighting::Edm { sigma_data: 0.5 }, r#"{"name":"edm","sigma_data":0.5}"#),
        (Weighting::Vlb {}, r#"{"name":"vlb"}"#),
    ] {
        assert_eq!(serde_json::to_string(&weighting).unwrap(), json);
        assert_eq!(serde_json::from_str::<Weighting>(json).unwrap(), weighting);
    }
    for (json, word) in [
        (r#"{"name":"min_snr"}"#, "gamma"),
        (r#"{"name":"min_snr","gamma":5.0,"k":1.0}"#, "k"),
        (r#"{"name":"simple","gamma":5.0}"#, "gamma"),
        (r#"{"name":"simpel"}"#, "simpel"),
    ] {
        let refusal = serde_json::from_str::<Weighting>(json).map_err(|error| error.to_string());
        assert!(matches!(&refusal, Err(words) if words.contains(word)), "{json}: {refusal:?}");
    }
}
