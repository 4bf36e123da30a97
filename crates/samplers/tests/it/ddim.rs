//! DDIM: its relation to DDPM, its marginals, and its limit, the probability-flow equation.

use crate::linear::{Impulses, result_variance, textbook};
use crate::{Batch, Silent, Zeros, all_within, any_log_snrs, level, linear, path, within};
use ndarray::array;
use proptest::prelude::*;
use tweedie_math::{GaussianDenoiser, NoiseLevel, Spacing};
use tweedie_samplers::{
    Estimate, Path, ReverseVariance, StreamNoise, ddim, ddim_sigma, ddim_step, ddpm, ddpm_step,
};

proptest! {
    /// With η = 1 a step is DDPM's with the posterior's variance, for estimates that describe x and the same
    /// noise: between any two levels, of processes that preserve variance or not.
    #[test]
    fn eta_1_is_ddpm(
        log_snr in -8.0..8.0, gap in 0.01..8.0, sizes in [0.2..5.0, 0.2..5.0], clean in any::<bool>(),
        x in -3.0..3.0, x0 in -3.0..3.0, z in -3.0..3.0,
    ) {
        let scaled = |level: NoiseLevel, size: f64| {
            NoiseLevel::new(size * level.signal_rate(), size * level.noise_rate()).unwrap()
        };
        let from = scaled(level(log_snr), sizes[0]);
        let to = if clean { NoiseLevel::CLEAN } else { scaled(level(log_snr + gap), sizes[1]) };
        let eps = (x - from.signal_rate() * x0) / from.noise_rate();
        let estimate = Estimate { x0: array![[x0]], eps: array![[eps]], spread: None };
        let z = array![[z]];
        let sigma = ddim_sigma(from, to, 1.0).unwrap();
        let ours = ddim_step(&estimate, to, sigma, Some(&z)).unwrap();
        let variance = ReverseVariance::FixedSmall;
        let theirs = ddpm_step(&array![[x]], &estimate, from, to, variance, Some(&z)).unwrap();
        // √(n² − σ²) has lost up to half its digits where σ is nearly n, but is small there; ε is up to 500.
        all_within(&ours, &theirs, 1e-12 * (1.0 + eps.abs()) * sizes[1].max(1.0));
    }

    #[test]
    fn whole_walks_with_eta_1_are_ddpms(
        log_snrs in any_log_snrs(), variance in 0.1..4.0, seed in any::<u64>(),
    ) {
        let (path, noise) = (path(&log_snrs), StreamNoise::new(seed, 0));
        let denoiser = GaussianDenoiser { mean: 0.5, variance };
        let x = array![[0.3, -1.2], [2.0, 0.1]];
        let ours = ddim(&denoiser, x.clone(), &path, 1.0, &noise, &mut ()).unwrap();
        let theirs = ddpm(&denoiser, x, &path, ReverseVariance::FixedSmall, &noise, &mut ()).unwrap();
        all_within(&ours, &theirs, 1e-12);
    }

    /// If the data is a single point, every walk ends there, for any levels and any noise.
    #[test]
    fn a_point_is_always_found(
        log_snrs in any_log_snrs(), eta in 0.0..=1.0, mean in -2.0..2.0, x in -9.0..9.0,
    ) {
        let denoiser = GaussianDenoiser { mean, variance: 0.0 };
        let path = path(&log_snrs);
        let found = ddim(&denoiser, array![[x]], &path, eta, &StreamNoise::new(1, 0), &mut ()).unwrap();
        within(found[[0, 0]], mean, 1e-14 * mean.abs());
    }

    /// One step to clean data is the estimate of x_0, without noise for any η.
    #[test]
    fn one_step_is_the_estimate(log_snr in -8.0..8.0, eta in 0.0..=1.0, x in -5.0..5.0) {
        let denoiser = GaussianDenoiser { mean: 1.0, variance: 0.25 };
        let found = ddim(&denoiser, array![[x]], &path(&[log_snr]), eta, &Silent, &mut ()).unwrap();
        within(found[[0, 0]], denoiser.x0(x, level(log_snr)), 1e-14 * (1.0 + x.abs()));
    }

    /// Given the true x_0, a step takes N(s_t·x_0, n_t²) to N(s·x_0, n²) for every η: the family of eq. 7 has the marginals of the
    /// forward process.
    #[test]
    fn marginals_do_not_depend_on_eta(log_snr in -8.0..8.0, gap in 0.01..8.0, eta in 0.0..=1.0) {
        let (from, to) = (level(log_snr), level(log_snr + gap));
        let sigma = ddim_sigma(from, to, eta).unwrap();
        // The coefficients of x_0, ε and z, one per sample.
        let [x0, eps, z] = [0, 1, 2].map(|own| Batch::from_shape_fn((3, 1), |(i, _)| f64::from(i == own)));
        let estimate = Estimate { x0, eps, spread: None };
        let found = ddim_step(&estimate, to, sigma, Some(&z)).unwrap();
        prop_assert_eq!(found[[0, 0]], to.signal_rate());
        within(found[[1, 0]].hypot(found[[2, 0]]), to.noise_rate(), 1e-15);
    }

    /// For data N(0, 1) each level is an angle θ with s = cos θ, n = sin θ, and a step multiplies by the
    /// cosine of its angle: any sub-sequence has this closed form.
    #[test]
    fn unit_data_shrinks_by_cosines(mut times in prop::collection::hash_set(1usize..=1000, 1..60)) {
        let mut times: Vec<usize> = times.drain().collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let process = linear();
        let angle = |&t: &usize| process.alpha_bar(t).sqrt().acos();
        let angles: Vec<f64> = times.iter().chain([&0]).map(angle).collect();
        let expected: f64 = angles.windows(2).map(|pair| (pair[0] - pair[1]).cos()).product();
        let path = Path::of_times(&process, &times).unwrap();
        let denoiser = GaussianDenoiser { mean: 0.0, variance: 1.0 };
        let found = ddim(&denoiser, array![[1.0]], &path, 0.0, &Silent, &mut ()).unwrap();
        // acos near 1 has lost digits: √(2·1e-16) of an angle, whose cosine has them again.
        within(found[[0, 0]], expected, 1e-12);
    }

    /// Any sub-sequence of times, climbs included, leads to a sample; along the means it leads to the mean.
    #[test]
    fn any_sequence_of_times_can_be_walked(
        times in prop::collection::vec(1usize..=1000, 1..40), eta in 0.0..=1.0,
    ) {
        let mut times = times;
        times.dedup();
        let path = Path::of_times(&linear(), &times).unwrap();
        let denoiser = GaussianDenoiser { mean: 1.5, variance: 0.25 };
        let noise = StreamNoise::new(0, 0);
        let sample = ddim(&denoiser, array![[0.7, -2.0]], &path, eta, &noise, &mut ()).unwrap();
        // Twelve standard deviations: a sample of the data, not merely a number.
        prop_assert!(sample.iter().all(|x| f64::abs(x - 1.5) < 6.0), "{}", sample);
        let x = array![[1.5 * path.first().signal_rate()]];
        let middle = ddim(&denoiser, x, &path, eta, &Zeros, &mut ()).unwrap();
        within(middle[[0, 0]], 1.5, 1e-13);
    }

    /// The variance of the result by the papers' recursion (Song et al. 2021, eq. 12 and 16) in ᾱ.
    #[test]
    fn variances_follow_the_recursion(eta in 0.0..=1.0, c in 0.05..4.0, n in 2usize..100) {
        let process = linear();
        let times = Spacing::Trailing.times(1000, n, 0).unwrap();
        let path = Path::of_times(&process, &times).unwrap();
        let denoiser = GaussianDenoiser { mean: 0.0, variance: c };
        let found = result_variance(&path, 1.0, |x| ddim(&denoiser, x, &path, eta, &Impulses, &mut ()));
        let expected = textbook(&process, &times, c).iter().fold(1.0, |variance, step| {
            let sigma2 = eta * eta * step.beta_tilde;
            let direction = (1.0 - step.alpha_bar_to - sigma2).sqrt();
            let gain = step.alpha_bar_to.sqrt() * step.x0 + direction * step.eps;
            gain * gain * variance + sigma2
        });
        // 1 − ᾱ has lost four digits near clean data, where the papers' formulas are evaluated as printed.
        within(found, expected, 1e-10 * expected);
    }
}

/// The probability-flow equation of data N(m, c) takes x_T to m + √(c/(s_T²·c + n_T²))·(x_T − s_T·m). DDIM
/// with η = 0 is its Euler method (in n/s), so the error halves with the step.
#[test]
fn ddim_tends_to_the_probability_flow_at_first_order() {
    let data = GaussianDenoiser { mean: 0.5, variance: 0.25 };
    let steepest = level(-8.0);
    let angle = steepest.noise_rate().atan2(steepest.signal_rate());
    let x = 1.7;
    let exact = data.mean
        + (data.variance / data.marginal_variance(steepest)).sqrt()
            * (x - steepest.signal_rate() * data.mean);
    let error = |n: usize| {
        let levels = (0..=n).rev().map(|i| {
            let angle = angle * i as f64 / n as f64;
            NoiseLevel::new(angle.cos(), angle.sin()).unwrap()
        });
        let path = Path::new(levels.collect()).unwrap();
        let found: Batch = ddim(&data, array![[x]], &path, 0.0, &Silent, &mut ()).unwrap();
        found[[0, 0]] - exact
    };
    // What is left when the term in 1/n is taken away falls with 1/n²: the limit is exact.
    let extrapolated = |n: usize| 2.0 * error(2 * n) - error(n);
    for n in [40, 80, 160, 320] {
        let ratios = [error(n) / error(2 * n), extrapolated(n) / extrapolated(2 * n)];
        assert!((1.9..2.1).contains(&ratios[0]) && (3.6..4.4).contains(&ratios[1]), "{n} steps: {ratios:?}");
    }
    assert!(extrapolated(640).abs() < 1e-5, "{}", extrapolated(640));
}
