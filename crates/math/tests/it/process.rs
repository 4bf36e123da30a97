//! Properties of discrete processes with any schedule.

use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{DiscreteProcess, DiscreteVp, Error, NoiseLevel, Process, Transition, laws};

/// A level above T is level T, ᾱ is the product of the α, and α + β is 1.
fn check_levels(process: &DiscreteVp) {
    let steps = process.steps();
    assert_eq!(process.level(0), NoiseLevel::CLEAN);
    assert_eq!(process.alpha_bar(0), 1.0);
    assert_eq!(process.level(steps + 1), process.level(steps));
    assert_eq!(process.levels(), (1..=steps).map(|t| process.level(t)).collect::<Vec<_>>());
    let mut product = 1.0;
    for t in 1..=steps {
        let level = process.level(t);
        close(level.signal_rate().powi(2), process.alpha_bar(t), 1e-15);
        assert!(process.alpha_bar(t) < process.alpha_bar(t - 1), "t = {t}: alpha_bar does not fall");
        product *= process.alpha(t);
        // Each α comes from the difference of two sums with a rounding of |ln ᾱ| each.
        let rounding = f64::EPSILON * (2.0 + process.alpha_bar(t - 1).ln().abs());
        close(process.alpha_bar(t), product, t as f64 * rounding);
        within(process.alpha(t) + process.beta(t), 1.0, f64::EPSILON);
        let kernel = Transition::between(process.level(t - 1), level).unwrap();
        let posterior = kernel.posterior();
        assert!(posterior.variance < kernel.variance, "t = {t}: {posterior:?} of {kernel:?}");
    }
}

/// Times: trained levels at whole ones, the others between them.
fn check_times(process: &DiscreteVp) {
    let steps = process.steps();
    assert_eq!(process.last_time(), steps as f64);
    assert_eq!(process.time_of(NoiseLevel::CLEAN), 0.0);
    for t in 1..=steps {
        let (cleaner, level) = (process.level(t - 1), process.level(t));
        assert_eq!(process.at_time(t as f64), Ok(level));
        // ln ᾱ is found within some roundings of its size, and a step of time, on either side, is more than β
        // of it.
        let log_alpha_bar = process.alpha_bar(t).ln().max(-745.0);
        let smaller = process.beta(t).min(process.beta(t + 1));
        let rounding = f64::EPSILON * (t as f64 + 16.0 * (1.0 - log_alpha_bar) / smaller);
        within(process.time_of(level), t as f64, rounding);
        assert_eq!(process.start_std(level), 1.0);
        if process.alpha(t) == 0.0 {
            // A last step to pure noise has no levels inside but in the limit.
            continue;
        }
        for fraction in [0.1, 0.5, 0.9] {
            let time = (t - 1) as f64 + fraction;
            let between = process.at_time(time).unwrap();
            within(process.time_of(between), time, rounding);
            assert!(cleaner.log_snr() > between.log_snr() && between.log_snr() > level.log_snr());
        }
    }
}

/// Levels by their log-SNR, and which of them are trained.
fn check_log_snrs(process: &DiscreteVp) {
    let steps = process.steps();
    assert_eq!(process.trained_time(NoiseLevel::CLEAN), Some(0));
    assert_eq!(process.trained_previous(NoiseLevel::CLEAN), None);
    for t in 1..=steps {
        let level = process.level(t);
        let found = process.at_log_snr(level.log_snr()).unwrap();
        assert_eq!(process.trained_time(found), Some(t));
        assert_eq!(process.trained_previous(found), Some(process.level(t - 1)));
        if level.signal_rate() > 0.0 {
            // Nearer than 1e-9 is the level itself; anything farther is not.
            let moved = |by: f64| NoiseLevel::variance_preserving(level.log_snr() + by).unwrap();
            for (by, trained) in [(5e-10, Some(t)), (-5e-10, Some(t)), (2e-9, None), (-2e-9, None)] {
                assert_eq!(process.trained_time(moved(by)), trained, "t = {t} moved by {by}");
            }
        }
        // The same level for a process that scales x otherwise.
        let scaled = NoiseLevel::new(3.0 * level.signal_rate(), 3.0 * level.noise_rate()).unwrap();
        assert_eq!(process.trained_time(scaled), Some(t));
        if process.alpha(t) > 0.0 {
            let between = process.at_time(t as f64 - 0.5).unwrap();
            assert_eq!(process.trained_time(between), None);
            assert_eq!(process.trained_previous(between), Some(process.level(t - 1)));
        }
    }
}

/// The public laws at every time, and what they do not cover.
fn check(process: &DiscreteVp) {
    let times: Vec<f64> = (0..=2 * process.steps()).map(|half| half as f64 / 2.0).collect();
    laws::rates_are_in_range(process, &times).unwrap();
    laws::noise_grows(process, &times).unwrap();
    laws::variance_is_preserved(process, &times).unwrap();
    laws::times_and_levels_invert(process, &times).unwrap();
    laws::log_snr_names_levels(process, &times).unwrap();
    laws::chain_is_closed_form(&process.levels()).unwrap();
    for t in 1..=process.steps() {
        laws::steps_are_the_papers(process, t).unwrap();
    }
    check_levels(process);
    check_times(process);
    check_log_snrs(process);
}

#[test]
fn named_schedules_obey_the_laws() {
    for steps in [1, 2, 10, 1000] {
        check(&DiscreteVp::linear(steps, 1e-4, 0.02).unwrap());
        check(&DiscreteVp::linear(steps, 0.02, 1e-4).unwrap());
        check(&DiscreteVp::quadratic(steps, 1e-4, 0.02).unwrap());
        check(&DiscreteVp::cosine(steps).unwrap());
    }
}

/// Sohl-Dickstein et al.'s β_t = 1/(T − t + 1), which ends at pure noise.
#[test]
fn a_schedule_that_ends_at_pure_noise_obeys_the_laws() {
    for steps in [1, 2, 100] {
        let betas: Vec<f64> = (1..=steps).map(|t| 1.0 / (steps - t + 1) as f64).collect();
        let process = DiscreteVp::from_betas(&betas).unwrap();
        check(&process);
        let last = process.level(steps);
        assert_eq!((last.signal_rate(), last.noise_rate()), (0.0, 1.0));
        // Half-way to nothing in ln ᾱ is nothing.
        assert_eq!(process.at_time(steps as f64 - 0.5), Ok(last));
        // A level that lies past the last finite one, but has signal, is at the start of the last step.
        let faint = NoiseLevel::new(1e-9, 1.0).unwrap();
        assert_eq!(process.time_of(faint), steps as f64 - 1.0);
    }
}

proptest! {
    #[test]
    fn any_betas_obey_the_laws(
        logs in prop::collection::vec(-13.0..-0.1, 1..50), ends in any::<bool>(),
    ) {
        let mut betas: Vec<f64> = logs.into_iter().map(f64::exp).collect();
        if ends {
            betas.push(1.0);
        }
        check(&DiscreteVp::from_betas(&betas).unwrap());
    }

    #[test]
    fn levels_and_times_outside_are_refused_or_clamped(log_beyond in -18.0..7.0f64) {
        let beyond = log_beyond.exp();
        let process = DiscreteVp::linear(100, 1e-3, 0.1).unwrap();
        for time in [-beyond, 100.0 + beyond] {
            assert_eq!(process.at_time(time), Err(Error::Time { time, last: 100.0 }));
        }
        let last = process.level(100).log_snr();
        let log_snr = last - beyond;
        assert_eq!(process.at_log_snr(log_snr), Err(Error::LogSnr { log_snr, last }));
        assert!(process.at_log_snr(last - 5e-10).is_ok());
        let noisier = NoiseLevel::variance_preserving(log_snr).unwrap();
        assert_eq!(process.time_of(noisier), 100.0);
        assert_eq!(process.trained_time(noisier), None);
    }
}

/// Far beyond where 1 − ᾱ rounds to 0 or 1, a level still knows its log-SNR: λ = ln(s²/n²), σ = e^(−λ/2).
#[test]
fn levels_keep_their_log_snr_at_both_ends() {
    for log_snr in [-700.0, -100.0, -40.0, -1.0, 0.0, 1.0, 40.0, 100.0, 700.0] {
        let level = NoiseLevel::variance_preserving(log_snr).unwrap();
        within(level.log_snr(), log_snr, 1e-15 * (1.0 + log_snr.abs()));
        // A rounding of the logarithm is its size times as large in the ratio.
        close(level.sigma(), (-0.5 * log_snr).exp(), 1e-15 * (1.0 + log_snr.abs()));
    }
    let nearly_pure = NoiseLevel::variance_preserving(-1400.0).unwrap();
    within(nearly_pure.log_snr(), -1400.0, 1e-12);
    assert_eq!((NoiseLevel::CLEAN.log_snr(), NoiseLevel::CLEAN.sigma()), (f64::INFINITY, 0.0));
    let pure = NoiseLevel::new(0.0, 2.0).unwrap();
    assert_eq!((pure.log_snr(), pure.sigma()), (f64::NEG_INFINITY, f64::INFINITY));
}

#[test]
fn what_is_not_a_number_is_refused() {
    let process = DiscreteVp::cosine(10).unwrap();
    assert!(matches!(process.at_time(f64::NAN), Err(Error::Time { time, .. }) if time.is_nan()));
    assert!(matches!(process.at_log_snr(f64::NAN), Err(Error::LogSnr { log_snr, .. }) if log_snr.is_nan()));
    assert_eq!(process.at_log_snr(f64::INFINITY), Ok(NoiseLevel::CLEAN));
    for (signal, noise) in
        [(-1.0, 1.0), (1.0, -1e-9), (0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0)]
    {
        assert!(matches!(NoiseLevel::new(signal, noise), Err(Error::Rates { .. })), "{signal}, {noise}");
    }
    assert!(matches!(NoiseLevel::from_log_alpha_bar(1e-9), Err(Error::Rates { .. })));
    assert!(matches!(NoiseLevel::variance_preserving(f64::NAN), Err(Error::Rates { .. })));
}
