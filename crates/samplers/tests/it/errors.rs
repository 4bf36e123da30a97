//! What is refused, and how.

use crate::{Batch, Silent, level, linear, path};
use ndarray::array;
use tweedie_math::{GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{
    Denoiser, Error, Estimate, Levels, Path, ReverseVariance, StreamNoise, ddim, ddim_sigma, ddim_step, ddpm,
    ddpm_step,
};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 0.25 };

fn estimate() -> Estimate<Batch> {
    Estimate { x0: array![[0.5]], eps: array![[0.2]], spread: None }
}

/// An η outside [0, 1] is refused before the denoiser is evaluated.
#[test]
fn eta_lies_between_0_and_1() {
    for eta in [-1e-9, 1.0 + 1e-9, f64::INFINITY, f64::NAN] {
        let refused = ddim(&DATA, array![[1.0]], &path(&[0.0]), eta, &Silent, &mut ());
        let Err(Error::Parameter { name: "eta", found, .. }) = refused else {
            panic!("η = {eta}: {refused:?}")
        };
        assert_eq!(found.to_bits(), eta.to_bits());
    }
}

/// A σ that leaves no real share of the old noise is refused, and so is a σ without noise to spread.
#[test]
fn sigma_lies_between_0_and_the_noise() {
    let to = level(1.0);
    let z = array![[1.0]];
    for sigma in [-1e-9, to.noise_rate() * (1.0 + 1e-12), f64::NAN] {
        let refused = ddim_step(&estimate(), to, sigma, Some(&z));
        let is_named = matches!(&refused, Err(Error::Parameter { name: "sigma", .. }));
        assert!(is_named, "σ = {sigma}: {refused:?}");
    }
    assert!(ddim_step(&estimate(), to, to.noise_rate(), Some(&z)).is_ok());
    let without = ddim_step(&estimate(), to, 0.1, None);
    assert!(matches!(&without, Err(Error::Mismatch { .. })), "{without:?}");
}

#[test]
fn paths_that_cannot_be_walked() {
    let (process, noisy) = (linear(), level(-1.0));
    let refused = [
        Path::new(vec![]),
        Path::new(vec![noisy]),
        Path::new(vec![noisy, level(0.0), level(0.0), NoiseLevel::CLEAN]),
        Path::of_times(&process, &[]),
        Path::of_times(&process, &[0, 500]),
        Path::of_times(&process, &[1001, 500]),
        Path::of_times(&process, &[500, 500]),
        path(&[-1.0, 1.0]).until(level(-1.0)),
        path(&[-1.0, 1.0]).until(level(-2.0)),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert!(matches!(&refused, Err(Error::Path(_))), "path {i}: {refused:?}");
    }
    let outside = Path::of_times(&process, &[1001]).unwrap_err().to_string();
    assert!(outside.contains("1001") && outside.contains("1000"), "{outside}");
}

/// The step functions go from noisy to clean; the other direction is no reverse step.
#[test]
fn steps_in_the_wrong_direction() {
    let (noisy, clean) = (level(-1.0), level(1.0));
    let variance = ReverseVariance::FixedSmall;
    let ancestral = ddpm_step(&array![[1.0]], &estimate(), clean, noisy, variance, None);
    let expected = tweedie_math::Error::NotNoisier { from: noisy.log_snr(), to: clean.log_snr() };
    assert!(matches!(&ancestral, Err(Error::Math(error)) if *error == expected), "{ancestral:?}");
    let implicit = ddim_sigma(clean, noisy, 1.0);
    assert!(matches!(&implicit, Err(Error::Math(error)) if *error == expected), "{implicit:?}");
}

/// A learned variance needs a denoiser that predicts it, except in the last step, which adds no noise.
#[test]
fn a_learned_variance_has_to_be_learned() {
    let noise = StreamNoise::new(0, 0);
    let sample = |path| ddpm(&DATA, array![[1.0]], &path, ReverseVariance::Learned, &noise, &mut ());
    let refused = sample(path(&[-1.0, 1.0]));
    assert!(matches!(&refused, Err(Error::NoSpread)), "{refused:?}");
    assert!(sample(path(&[-1.0])).is_ok());
}

/// Estimates, states and noise of different shapes are refused, not broadcast.
#[test]
fn shapes_have_to_fit() {
    let (from, to) = (level(-1.0), level(1.0));
    let wide = array![[1.0, 2.0]];
    for refused in [
        ddpm_step(&wide, &estimate(), from, to, ReverseVariance::FixedLarge, None),
        ddpm_step(&array![[1.0]], &estimate(), from, to, ReverseVariance::FixedLarge, Some(&wide)),
        ddim_step(&estimate(), to, 0.1, Some(&wide)),
    ] {
        assert!(matches!(&refused, Err(Error::Mismatch { .. })), "{refused:?}");
    }
}

/// What a denoiser or a noise source reports comes out in its own words.
#[test]
fn what_others_report_comes_through() {
    struct Failing;
    impl Denoiser<Batch> for Failing {
        fn denoise(&self, _: &Batch, _: Levels<'_>) -> Result<Estimate<Batch>, Error> {
            Err(Error::other("the network is gone"))
        }
    }
    let of_denoiser = ddim(&Failing, array![[1.0]], &path(&[0.0]), 0.0, &Silent, &mut ()).unwrap_err();
    assert_eq!(of_denoiser.to_string(), "the network is gone");
    let of_noise = ddim(&DATA, array![[1.0]], &path(&[0.0, 1.0]), 0.5, &Silent, &mut ()).unwrap_err();
    assert!(of_noise.to_string().contains("unexpected draw"), "{of_noise}");
}
