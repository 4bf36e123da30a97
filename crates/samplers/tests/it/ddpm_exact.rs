//! DDPM with the optimal reverse variance is exact on Gaussian data; how the denoiser comes to know it.

use crate::linear::Impulses;
use crate::order::slope;
use crate::{Batch, Zeros, any_log_snrs, level, within};
use ndarray::{Array2, array};
use proptest::prelude::*;
use tweedie_math::{GaussianData, GaussianDenoiser, Mixture, NoiseLevel, Oracle};
use tweedie_samplers::{
    Denoiser, Divergence, Error, Exact, Path, ReverseVariance, Spread, Step, StreamNoise, WithX0Variance,
    ddpm,
};

use ReverseVariance::{FixedLarge, FixedSmall, Optimal};

/// The variance after each step, by pushing unit coefficients from a start with the marginal's own.
fn variances(data: GaussianDenoiser, path: &Path, variance: ReverseVariance) -> Vec<f64> {
    let denoiser = WithX0Variance::new(data, Divergence::Exact, &Zeros);
    let n_steps = path.n_steps();
    let mut x = Batch::zeros((n_steps + 1, 1));
    x[[n_steps, 0]] = data.marginal_variance(path.first()).sqrt();
    let mut found = Vec::new();
    let mut look = |_: &Step, x: &Batch| found.push(x.iter().map(|value| value * value).sum());
    ddpm(&denoiser, x, path, variance, &Impulses, &mut look).unwrap();
    found
}

/// A descending path through any log-SNRs.
fn descending(mut log_snrs: Vec<f64>, scale: impl Fn(usize) -> f64) -> Path {
    log_snrs.push(8.5);
    log_snrs.sort_by(f64::total_cmp);
    log_snrs.dedup();
    let scaled = |(i, log_snr): (usize, f64)| {
        let level = level(log_snr);
        NoiseLevel::new(scale(i) * level.signal_rate(), scale(i) * level.noise_rate()).unwrap()
    };
    Path::new(log_snrs.into_iter().enumerate().map(scaled).collect()).unwrap()
}

proptest! {
    /// The marginal's variance is exact at every level, of any path through processes of any units.
    #[test]
    fn the_optimal_variance_is_exact_at_every_level(
        log_snrs in any_log_snrs(), c in 0.01..4.0, scales in prop::collection::vec(0.3..3.0, 9),
    ) {
        let data = GaussianDenoiser { mean: 0.0, variance: c };
        let path = descending(log_snrs, |i| scales[i]);
        for (found, level) in variances(data, &path, Optimal).iter().zip(&path.levels()[1..]) {
            within(*found, data.marginal_variance(*level), 1e-12 * found);
        }
    }

    /// The fixed ones are off by what they leave out or add too much, carried on by the squared slopes of the mean:
    /// off_s = gain²·off_t + added − optimal.
    #[test]
    fn fixed_variances_are_off_by_their_recursion(log_snrs in any_log_snrs(), c in 0.01..4.0) {
        let data = GaussianDenoiser { mean: 0.0, variance: c };
        let path = descending(log_snrs, |_| 1.0);
        for variance in [FixedSmall, FixedLarge] {
            let mut off = 0.0;
            for (found, pair) in variances(data, &path, variance).iter().zip(path.levels().windows(2)) {
                let (alpha_t, alpha_s) = (pair[0].signal_rate().powi(2), pair[1].signal_rate().powi(2));
                let (one_t, one_s) = (pair[0].noise_rate().powi(2), pair[1].noise_rate().powi(2));
                // Ho et al. 2020, eq. 7, with β from the log-SNRs: 1 − ᾱ_t/ᾱ_s cancels.
                let beta = -one_t * (pair[0].log_snr() - pair[1].log_snr()).exp_m1();
                let beta_tilde = one_s / one_t * beta;
                let c1 = alpha_s.sqrt() * beta / one_t;
                let c2 = (alpha_t / alpha_s).sqrt() * one_s / one_t;
                let total = alpha_t * c + one_t;
                let gain = c1 * alpha_t.sqrt() * c / total + c2;
                let optimal = beta_tilde + c1 * c1 * c * one_t / total;
                off = gain * gain * off + if variance == FixedSmall { beta_tilde } else { beta } - optimal;
                within(found - data.marginal_variance(pair[1]), off, 1e-12);
            }
        }
    }

    /// Along every axis the trace is exact: of any covariance the mean over the elements of Cov(x_0 | x_t).
    #[test]
    fn a_full_covariances_trace_is_found(root in prop::collection::vec(-1.0..1.0, 9), log_snr in -6.0..6.0) {
        let root = Array2::from_shape_vec((3, 3), root).unwrap();
        let data = GaussianData::new(vec![0.3, -1.0, 0.0], &(root.dot(&root.t()) + 0.05 * Array2::<f64>::eye(3)));
        let (data, at) = (data.unwrap(), level(log_snr));
        let x = array![[0.1, -0.4, 2.0], [1.0, 0.0, 0.0]];
        let found = x0_variance(&Exact(&data), &x, at, Divergence::Exact, 0);
        for (found, row) in found.iter().zip(x.rows()) {
            let expected = data.x0_covariance(&row.to_vec(), at).diag().sum() / 3.0;
            within(*found, expected, 1e-13 * expected);
        }
    }
}

fn x0_variance(
    denoiser: &Exact<'_, impl Oracle>,
    x: &Batch,
    at: NoiseLevel,
    how: Divergence,
    seed: u64,
) -> Vec<f64> {
    let noise = StreamNoise::new(seed, 0);
    let estimate = WithX0Variance::new(*denoiser, how, &noise).denoise(x, at.into()).unwrap();
    match estimate.spread {
        Some(Spread::X0Variance(variances)) => variances,
        other => panic!("{other:?}"),
    }
}

/// Probes are unbiased: the mean of 800 single ones lies within four of its own standard errors (one in 16,000) of the trace. And they
/// do vary: the covariance is not diagonal.
#[test]
fn probes_are_unbiased() {
    let tilted = GaussianData::new(vec![0.0, 0.5], &array![[0.3, 0.2], [0.2, 0.2]]).unwrap();
    let round = GaussianData::isotropic(vec![-1.0, 0.0], 0.1).unwrap();
    let data = Mixture::new(vec![(0.5, tilted), (0.5, round)]).unwrap();
    let (x, at) = (array![[-0.4, 0.2]], level(1.0));
    let exact = x0_variance(&Exact(&data), &x, at, Divergence::Exact, 0)[0];
    within(exact, data.x0_covariance(&[-0.4, 0.2], at).diag().sum() / 2.0, 1e-14);
    let each: Vec<f64> =
        (0..800).map(|seed| x0_variance(&Exact(&data), &x, at, Divergence::Probes(1), seed)[0]).collect();
    let mean = each.iter().sum::<f64>() / 800.0;
    let error = (each.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 799.0 / 800.0).sqrt();
    assert!(error > 1e-4, "the probes agree, and judge nothing");
    within(mean, exact, 4.0 * error);
    // Many at once are their mean: the error falls with the root of their number.
    let many = x0_variance(&Exact(&data), &x, at, Divergence::Probes(800), 7)[0];
    within(many, exact, 4.0 * error);
}

/// With the optimal variance the step to clean data, which adds no noise, is all that is missed: Var(x_0 | x_1) = n²·c/(s²c + n²),
/// first order in the last n².
#[test]
fn only_the_last_step_is_missed() {
    let data = GaussianDenoiser { mean: 0.0, variance: 0.25 };
    let missed = |log_snr: f64| {
        let levels = [level(-9.0), level(0.0), level(log_snr), NoiseLevel::CLEAN];
        let found = variances(data, &Path::new(levels.into()).unwrap(), Optimal)[2];
        within(data.variance - found, data.x0_variance(level(log_snr)), 1e-12);
        data.variance - found
    };
    let noise = [6.0, 8.0, 10.0];
    let found = slope(noise.map(|log_snr| (level(log_snr).noise_rate(), missed(log_snr))));
    within(found, 2.0, 0.02);
}

/// At pure noise the Jacobian is 0, so that the variance is 0 and the step has the variance β̃. The network cannot be conditioned on a
/// level that differs from that of x.
#[test]
fn where_the_variance_cannot_be_known_it_says_so() {
    let data = GaussianDenoiser { mean: 0.0, variance: 0.25 };
    let denoiser = WithX0Variance::new(data, Divergence::Exact, &Zeros);
    let x: Batch = array![[0.3]];
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    let path = Path::new(vec![pure, level(0.0)]).unwrap();
    let of =
        |variance| ddpm(&denoiser, x.clone(), &path, variance, &StreamNoise::new(0, 0), &mut ()).unwrap();
    assert_eq!(of(Optimal), of(FixedSmall));
    let other = denoiser.denoise_conditioned(&x, level(0.0).into(), level(1.0).into()).unwrap_err();
    assert!(matches!(other, Error::OtherLevel), "{other}");
    let path = Path::new(vec![level(0.0), level(1.0)]).unwrap();
    let unsaid = ddpm(&data, x, &path, Optimal, &Zeros, &mut ()).unwrap_err().to_string();
    assert!(unsaid.contains("wrap it in WithX0Variance"), "{unsaid}");
}
