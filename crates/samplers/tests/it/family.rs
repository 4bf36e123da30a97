//! DDIM's family: what each choice of σ adds, and which samplers are one under two names.

use crate::linear::{Impulses, result_variance};
use crate::{Batch, all_within, any_log_snrs, level, path, within};
use ndarray::{Array2, array};
use proptest::prelude::*;
use tweedie_math::{GaussianDenoiser, NoiseLevel, RectifiedFlow, Transition};
use tweedie_samplers::{
    DdimNoise, Denoiser, Error, Estimate, Levels, Path, ReverseVariance, StreamNoise, ddim, ddim_sigma,
    ddim_step, ddim_with, ddpm, euler, euler_ancestral,
};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.4, variance: 0.3 };

fn ordered(mut log_snrs: Vec<f64>) -> Vec<f64> {
    log_snrs.sort_by(f64::total_cmp);
    log_snrs.dedup();
    log_snrs
}

/// A denoiser that predicts the same x_0 for every x.
struct Truth(f64);

impl Denoiser<Batch> for Truth {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        let x0 = Array2::from_elem(x.raw_dim(), self.0);
        let eps = (x - at.get(0).signal_rate() * &x0) / at.get(0).noise_rate();
        Ok(Estimate { x0, eps, spread: None })
    }
}

proptest! {
    /// η is a choice of σ: with that choice written down the bits are the same.
    #[test]
    fn eta_is_one_choice_of_sigmas(log_snrs in any_log_snrs(), eta in 0.0..=1.0, seed in any::<u64>()) {
        let (path, noise) = (path(&log_snrs), StreamNoise::new(seed, 0));
        // A climb has no σ of its own.
        let sigmas: Vec<f64> = path
            .steps()
            .map(|step| if step.ascends() { 0.0 } else { ddim_sigma(step.from, step.to, eta).unwrap() })
            .collect();
        let x = array![[0.3, -1.2], [2.0, 0.1]];
        let sample = |added| ddim_with(&DATA, x.clone(), &path, added, &noise, &mut ()).unwrap();
        prop_assert_eq!(sample(DdimNoise::Sigmas(&sigmas)), sample(DdimNoise::Eta(eta)));
    }

    /// Theorem 1: where x̂_0 is the true x_0 every σ in [0, n_s] takes N(s_t·x_0, n_t²) to N(s·x_0, n_s²), over whole paths.
    #[test]
    fn the_true_x0_keeps_every_marginal(
        log_snrs in any_log_snrs(), shares in prop::collection::vec(0.0..=1.0, 8), x0 in -2.0..2.0,
    ) {
        let levels: Vec<NoiseLevel> = ordered(log_snrs).into_iter().chain([9.0]).map(level).collect();
        let path = Path::new(levels).unwrap();
        let sigmas: Vec<f64> =
            path.steps().zip(&shares).map(|(step, share)| share * step.to.noise_rate()).collect();
        let end = path.levels()[path.n_steps()];
        for added in [DdimNoise::Sigmas(&sigmas), DdimNoise::Fresh, DdimNoise::Eta(shares[0])] {
            // With x_0 = 0 the walk is linear.
            let start = path.first().noise_rate().powi(2);
            let found = result_variance(&path, start, |x| {
                ddim_with(&Truth(0.0), x, &path, added, &Impulses, &mut ())
            });
            within(found, end.noise_rate().powi(2), 1e-14);
            // And its mean is s·x_0.
            let x = array![[path.first().signal_rate() * x0]];
            let mean = ddim_with(&Truth(x0), x, &path, added, &crate::Zeros, &mut ()).unwrap();
            within(mean[[0, 0]], end.signal_rate() * x0, 1e-12);
        }
    }

    /// σ̂ adds β − β̃ more variance than η = 1 in each step, and none in the step to clean data. It is DDPM with the forward step's
    /// variance.
    #[test]
    fn sigma_hat_adds_the_forward_steps_variance(log_snr in -8.0..8.0, gap in 0.01..8.0) {
        let step = |to| Path::new(vec![level(log_snr), to]).unwrap();
        let added = |path: &Path, added| {
            result_variance(path, 0.0, |x| ddim_with(&Truth(0.0), x, path, added, &Impulses, &mut ()))
        };
        let path = step(level(log_snr + gap));
        let kernel = Transition::between(level(log_snr + gap), level(log_snr)).unwrap();
        let more = added(&path, DdimNoise::SigmaHat) - added(&path, DdimNoise::Eta(1.0));
        within(more, kernel.variance - kernel.posterior().variance, 1e-15);
        prop_assert_eq!(added(&step(NoiseLevel::CLEAN), DdimNoise::SigmaHat), 0.0);
    }

    #[test]
    fn sigma_hat_is_ddpm_with_the_larger_variance(log_snrs in any_log_snrs(), seed in any::<u64>()) {
        let (path, noise) = (path(&log_snrs), StreamNoise::new(seed, 0));
        let x = array![[0.3, -1.2], [2.0, 0.1]];
        let hat = ddim_with(&DATA, x.clone(), &path, DdimNoise::SigmaHat, &noise, &mut ()).unwrap();
        let large = ddpm(&DATA, x, &path, ReverseVariance::FixedLarge, &noise, &mut ()).unwrap();
        all_within(&hat, &large, 1e-12);
    }

    /// Four names of one sampler, and two of another, where x̂_0 and ε̂ describe the same x.
    #[test]
    fn one_sampler_has_several_names(log_snrs in any_log_snrs(), eta in 0.0..=1.0, seed in any::<u64>()) {
        let (path, noise) = (path(&log_snrs), StreamNoise::new(seed, 0));
        let x = array![[0.3, -1.2], [2.0, 0.1]];
        let of_ddim = |eta| ddim(&DATA, x.clone(), &path, eta, &noise, &mut ()).unwrap();
        let ancestral = |eta| euler_ancestral(&DATA, x.clone(), &path, eta, &noise, &mut ()).unwrap();
        let small = ddpm(&DATA, x.clone(), &path, ReverseVariance::FixedSmall, &noise, &mut ()).unwrap();
        all_within(&of_ddim(1.0), &small, 1e-12);
        all_within(&ancestral(1.0), &small, 1e-12);
        all_within(&of_ddim(eta), &ancestral(eta), 1e-12);
        let plain = euler(&DATA, x.clone(), &path, &noise, &mut ()).unwrap();
        all_within(&of_ddim(0.0), &plain, 1e-12);
        all_within(&ancestral(0.0), &plain, 0.0);
    }

    /// On a rectified flow DDIM's step is Euler's in t, x + (t' − t)·u, from pure noise on.
    #[test]
    fn on_a_flow_ddim_is_eulers_step(t in 0.01..=1.0, share in 0.0..0.99, x in -3.0..3.0) {
        let flow = RectifiedFlow::new(1000, 1.0).unwrap();
        let (from, to) = (flow.at_sigma(t).unwrap(), flow.at_sigma(t * share).unwrap());
        let estimate = DATA.denoise(&array![[x]], from.into()).unwrap();
        let velocity = &estimate.eps - &estimate.x0;
        let expected = x + (t * share - t) * velocity[[0, 0]];
        let found = ddim_step(&estimate, to, 0.0, None).unwrap();
        // ε̂ is of the size of x/t.
        within(found[[0, 0]], expected, 1e-14 / t);
    }
}

/// No other number of σ is taken than one a step, nor a σ beyond the noise there is.
#[test]
fn sigmas_out_of_range_are_refused() {
    let path = path(&[-2.0, 0.0, 2.0]);
    let most = path.levels()[1].noise_rate();
    let sentence = |sigmas: &[f64]| {
        let noise = StreamNoise::new(0, 0);
        let added = DdimNoise::Sigmas(sigmas);
        ddim_with(&DATA, array![[1.0]], &path, added, &noise, &mut ()).map_err(|error| error.to_string())
    };
    assert!(sentence(&[most, 0.1, 0.0]).is_ok());
    assert_eq!(sentence(&[0.0; 2]).unwrap_err(), "sigmas of a path: found 2, expected 3");
    let beyond = most * (1.0 + 1e-15);
    for sigmas in [[beyond, 0.0, 0.0], [-0.1, 0.0, 0.0], [f64::NAN, 0.0, 0.0], [0.0, 0.0, 1e-9]] {
        let refused = sentence(&sigmas).unwrap_err();
        assert!(refused.starts_with("sigma is "), "{refused}");
    }
}
