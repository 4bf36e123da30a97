//! The numbers that networks are conditioned on.

use crate::strategies::{any_continuous_schedule, any_schedule};
use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{Conditioning, DiscreteProcess, Error, NoiseLevel, Schedule};

/// Every way, the same factor where there is one.
fn all(scale: f64) -> [Conditioning; 5] {
    use Conditioning::{Index, LogSigma, NoiseRate, Sigma, Time};
    [Index, NoiseRate { scale }, Time { scale }, Sigma, LogSigma]
}

/// The same level of x multiplied by 3.
fn scaled(level: NoiseLevel) -> NoiseLevel {
    NoiseLevel::new(3.0 * level.signal_rate(), 3.0 * level.noise_rate()).unwrap()
}

/// The index is an integer at every trained level, to the last bit.
fn check_indices(process: &dyn DiscreteProcess) {
    for t in 1..=process.steps() {
        for level in [process.level(t), scaled(process.level(t))] {
            assert_eq!(Conditioning::Index.number(process, level), Ok((t - 1) as f64));
        }
    }
}

#[test]
fn indices_of_usual_schedules_are_exact() {
    for schedule in [
        Schedule::LINEAR,
        Schedule::COSINE,
        Schedule::RectifiedFlow { shift: 3.0 },
        Schedule::Vp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 },
        Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 },
    ] {
        check_indices(&*schedule.process(1000).unwrap());
    }
}

/// Table 1 of Karras et al. 2022: ln(σ)/4 is 0 at σ = 1.
#[test]
fn known_numbers() {
    let edm = Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 }.process(18).unwrap();
    let at = |sigma: f64| NoiseLevel::new(1.0, sigma).unwrap();
    let number = |of: Conditioning, sigma| of.number(&*edm, at(sigma)).unwrap();
    assert_eq!(number(Conditioning::LogSigma, 1.0), 0.0);
    close(number(Conditioning::LogSigma, 4f64.exp()), 1.0, 1e-15);
    close(number(Conditioning::LogSigma, (-4f64).exp()), -1.0, 1e-15);
    assert_eq!(number(Conditioning::Sigma, 2.5), 2.5);
    // The time of EDM is σ, and 40 is half of 80.
    assert_eq!(number(Conditioning::Time { scale: 1000.0 }, 40.0), 500.0);
    // The time of the VP process does not depend on the number of levels.
    let half = NoiseLevel::from_log_alpha_bar(-(0.05 + 0.125 * 19.9)).unwrap();
    for (steps, expected) in [(2, 499.5), (1000, 499.5), (1, 999.0)] {
        // A single level is the last one, and cleaner levels have its number.
        let vp = Schedule::Vp { beta_min: 0.1, beta_max: 20.0 }.process(steps).unwrap();
        within(Conditioning::Time { scale: 999.0 }.number(&*vp, half).unwrap(), expected, 1e-10);
    }
    // A discrete process' share of time is t/T.
    let linear = Schedule::LINEAR.process(1000).unwrap();
    within(Conditioning::Time { scale: 1.0 }.number(&*linear, linear.level(250)).unwrap(), 0.25, 1e-12);
}

proptest! {
    #[test]
    fn indices_are_exact((schedule, steps) in any_schedule()) {
        check_indices(&*schedule.process(steps).unwrap());
    }

    /// What is cleaner than level 1 is replaced by level 1.
    #[test]
    fn no_number_is_of_a_level_cleaner_than_the_first(
        (schedule, steps) in any_schedule(), share in 0.0..0.9, scale in 0.1..1000.0,
    ) {
        let process = schedule.process(steps).unwrap();
        let first = process.level(1);
        let cleaner = process.at_time(share).unwrap();
        prop_assume!(first.signal_rate() > 0.0);
        for of in all(scale) {
            let number = of.number(&*process, first).unwrap();
            let of_clean = of.number(&*process, NoiseLevel::CLEAN).unwrap();
            prop_assert_eq!(of.number(&*process, cleaner), Ok(of_clean));
            // The noise rate of level 1 itself is read by way of its log-SNR.
            close(of_clean, number, 1e-13);
        }
        prop_assert_eq!(Conditioning::Index.number(&*process, first), Ok(0.0));
    }

    /// No number decreases from a trained level to a noisier one, and the number does not depend on the scale of x.
    #[test]
    fn numbers_grow_with_the_noise((schedule, steps) in any_schedule(), scale in 0.1..1000.0) {
        let process = schedule.process(steps).unwrap();
        for of in all(scale) {
            let mut before = f64::NEG_INFINITY;
            for level in (1..=steps).map(|t| process.level(t)).filter(|level| level.signal_rate() > 0.0) {
                let number = of.number(&*process, level).unwrap();
                // Through a time, whose roundings are large where a β is as small as 1e-9.
                let rounding = 1e-6 * (1.0 + scale + number.abs());
                prop_assert!(number >= before - rounding, "{:?}: {} after {}", of, number, before);
                within(of.number(&*process, scaled(level)).unwrap(), number, rounding);
                before = number;
            }
        }
    }

    /// Continuous processes: the own noise rate, σ and time between the levels.
    #[test]
    fn numbers_between_the_levels(
        (schedule, steps) in any_continuous_schedule(), share in 0.0..1.0, scale in 0.1..1000.0,
    ) {
        let process = schedule.process(steps).unwrap();
        let t = 1.0 + share * (steps - 1) as f64;
        let level = process.at_time(t).unwrap();
        prop_assume!(level.signal_rate() > 0.0);
        let number = |of: Conditioning| of.number(&*process, level).unwrap();
        // By way of the log-SNR and its roundings.
        close(number(Conditioning::NoiseRate { scale }), scale * level.noise_rate(), 1e-13);
        prop_assert_eq!(number(Conditioning::Time { scale }), scale * process.time_share(level));
        prop_assert_eq!(number(Conditioning::Sigma), level.sigma());
        within(number(Conditioning::Index), t - 1.0, 1e-9 * steps as f64);
    }

    #[test]
    fn levels_beyond_the_last_are_refused((schedule, steps) in any_schedule(), scale in 0.1..1000.0) {
        let process = schedule.process(steps).unwrap();
        let last = process.level(steps);
        for of in all(scale) {
            if last.signal_rate() > 0.0 {
                let beyond = NoiseLevel::new(last.signal_rate(), 1.001 * last.noise_rate()).unwrap();
                let refused = of.number(&*process, beyond);
                prop_assert!(matches!(refused, Err(Error::LogSnr { .. })), "{:?}", refused);
            } else {
                // Pure noise has a time and a noise rate, but no σ.
                let is_refused = matches!(of.number(&*process, last), Err(Error::Singular { .. }));
                prop_assert_eq!(is_refused, matches!(of, Conditioning::Sigma | Conditioning::LogSigma));
            }
        }
    }
}

/// Checkpoints are written by these names.
#[test]
fn conditionings_are_written_by_name() {
    let json = [
        r#""index""#,
        r#"{"noise_rate":{"scale":1000.0}}"#,
        r#"{"time":{"scale":1000.0}}"#,
        r#""sigma""#,
        r#""log_sigma""#,
    ];
    for (of, json) in all(1000.0).into_iter().zip(json) {
        assert_eq!(serde_json::to_string(&of).unwrap(), json);
        assert_eq!(serde_json::from_str::<Conditioning>(json).unwrap(), of);
    }
}
