//! Continuous processes seen through T levels.

use crate::strategies::{any_continuous_schedule, any_shares};
use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{
    ContinuousCosine, Discretised, Edm, Error, NoiseLevel, Process, Schedule, SubVpSde, VeSde, VpSde, laws,
};

/// The continuous process of a schedule, the time of level 1, and the exponent of the spread.
fn inner(schedule: &Schedule) -> (Box<dyn Process>, f64, f64) {
    match *schedule {
        Schedule::Vp { beta_min, beta_max } => (Box::new(VpSde::new(beta_min, beta_max).unwrap()), 1e-3, 1.0),
        Schedule::SubVp { beta_min, beta_max } => {
            (Box::new(SubVpSde::new(beta_min, beta_max).unwrap()), 1e-3, 1.0)
        }
        // As near to 0 as makes no difference of σ.
        Schedule::Ve { sigma_min, sigma_max } => {
            (Box::new(VeSde::new(sigma_min, sigma_max).unwrap()), 1e-300, 1.0)
        }
        Schedule::Edm { sigma_min, sigma_max } => (Box::new(Edm::new(sigma_max).unwrap()), sigma_min, 7.0),
        Schedule::ContinuousCosine { offset } => {
            (Box::new(ContinuousCosine::new(offset).unwrap()), 1e-3, 1.0)
        }
        ref other => panic!("{other:?} is not continuous"),
    }
}

proptest! {
    /// The public laws at every level, between them, below level 1 and near both ends.
    #[test]
    fn laws_of_processes_hold((schedule, steps) in any_continuous_schedule(), shares in any_shares()) {
        let process = schedule.process(steps).unwrap();
        let mut times: Vec<f64> = (0..=2 * steps).map(|half| half as f64 / 2.0).collect();
        times.extend(shares.iter().map(|share| share * steps as f64));
        times.extend((1..=50).flat_map(|i| [0.5f64.powi(i), steps as f64 * (1.0 - 0.5f64.powi(i))]));
        times.sort_by(f64::total_cmp);
        laws::rates_are_in_range(&*process, &times).unwrap();
        laws::times_and_levels_invert(&*process, &times).unwrap();
        laws::log_snr_names_levels(&*process, &times).unwrap();
        // The noise next to pure noise, nearer to 1 than a rounding, need not grow.
        times.dedup_by(|later, earlier| *later - *earlier < 1e-6 * steps as f64);
        laws::noise_grows(&*process, &times).unwrap();
        if matches!(schedule, Schedule::Vp { .. } | Schedule::ContinuousCosine { .. }) {
            laws::variance_is_preserved(&*process, &times).unwrap();
        }
        let levels: Vec<NoiseLevel> = (1..=steps).map(|t| process.level(t)).collect();
        laws::chain_is_closed_form(&levels).unwrap();
    }

    /// `time_of` inverts `at_time` in [0, T], also for x multiplied by anything.
    #[test]
    fn times_come_back((schedule, steps) in any_continuous_schedule(), share in 0.0..=1.0, below in 0.0..1.0) {
        let process = schedule.process(steps).unwrap();
        let last = steps as f64;
        for t in [below, share * last, last] {
            let level = process.at_time(t).unwrap();
            let has_no_inverse = steps == 1 && process.level(1).signal_rate() == 0.0 && t > 0.0 && t < 1.0;
            if has_no_inverse {
                prop_assert_eq!(level, process.level(1));
                continue;
            }
            // Each way has some roundings of T, and of a time that the process finds from logarithms of up to 50 in size, at its
            // slowest where level 1 of the sub-VP process has a β of .02: 1e-15 of the last time for each rounding.
            within(process.time_of(level), t, 1e-12 * last);
            let size = 7.0;
            let other = NoiseLevel::new(size * level.signal_rate(), size * level.noise_rate()).unwrap();
            within(process.time_of(other), t, 1e-12 * last);
        }
    }

    /// Level T is the noisiest of the process and level 1 that of its first time; the log-SNR falls from one to the next.
    #[test]
    fn levels_fall_from_the_first_to_the_noisiest((schedule, steps) in any_continuous_schedule()) {
        let (own, first, rho) = inner(&schedule);
        let process = schedule.process(steps).unwrap();
        prop_assert!(process.is_continuous());
        prop_assert_eq!((process.steps(), process.last_time()), (steps, steps as f64));
        prop_assert_eq!(process.level(0), NoiseLevel::CLEAN);
        prop_assert_eq!(process.level(steps), own.at_time(own.last_time()).unwrap());
        prop_assert_eq!(process.level(steps + 1), process.level(steps));
        if steps > 1 {
            prop_assert_eq!(process.level(1), own.at_time(first).unwrap());
        }
        let [low, high] = [first, own.last_time()].map(|time| time.powf(1.0 / rho));
        for t in 1..=steps {
            let level = process.level(t);
            prop_assert_eq!(process.at_time(t as f64), Ok(level));
            prop_assert!(level.log_snr() < process.level(t - 1).log_snr());
            prop_assert_eq!(process.trained_time(level), Some(t));
            prop_assert_eq!(process.trained_previous(level), None);
            prop_assert_eq!(process.start_std(level), own.start_std(level));
            prop_assert_eq!(process.time_share(level), own.time_of(level) / own.last_time());
            if steps > 1 && t < steps {
                let share = (t - 1) as f64 / (steps - 1) as f64;
                let expected = own.at_time((low + share * (high - low)).powf(rho)).unwrap();
                within(level.log_snr(), expected.log_snr(), 1e-12 * (1.0 + level.log_snr().abs()));
            }
        }
        for between in (1..steps).map(|t| process.at_time(t as f64 + 0.5).unwrap()) {
            prop_assert_eq!(process.trained_time(between), None);
        }
    }

    /// Below level 1 the time is the share of its σ.
    #[test]
    fn below_the_first_level_time_is_sigma((schedule, steps) in any_continuous_schedule(), t in 1e-9..1.0) {
        let process = schedule.process(steps).unwrap();
        prop_assume!(process.level(1).signal_rate() > 0.0);
        let level = process.at_time(t).unwrap();
        // A rounding of the log-SNR is its size times as large in σ.
        close(level.sigma(), t * process.level(1).sigma(), 1e-14 * (1.0 + level.log_snr().abs()));
        prop_assert_eq!(process.at_log_snr(level.log_snr()).unwrap().is_clean(), false);
    }

    #[test]
    fn what_is_outside_is_refused_or_clamped((schedule, steps) in any_continuous_schedule(), beyond in 1e-6..10.0f64) {
        let process = schedule.process(steps).unwrap();
        let last = steps as f64;
        for time in [-beyond, last + beyond] {
            prop_assert_eq!(process.at_time(time), Err(Error::Time { time, last }));
        }
        prop_assert!(process.at_time(f64::NAN).is_err() && process.at_log_snr(f64::NAN).is_err());
        prop_assert_eq!(process.time_of(NoiseLevel::new(0.0, 1.0).unwrap()), last);
        prop_assert_eq!(process.time_of(NoiseLevel::CLEAN), 0.0);
        let end = process.level(steps);
        if end.signal_rate() > 0.0 {
            let noisier = NoiseLevel::new(end.signal_rate(), (1.0 + beyond) * end.noise_rate()).unwrap();
            prop_assert_eq!(process.time_of(noisier), last);
            prop_assert_eq!(process.trained_time(noisier), None);
            let refused = process.at_log_snr(noisier.log_snr());
            prop_assert!(matches!(refused, Err(Error::LogSnr { .. })), "{:?}", refused);
        }
    }
}

/// A million levels are still distinguished.
#[test]
fn a_million_levels_are_found() {
    const MOST: usize = 1_000_000;
    for schedule in [
        Schedule::Vp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::SubVp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 },
        Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 },
        Schedule::ContinuousCosine { offset: 0.008 },
    ] {
        let process = schedule.process(MOST).unwrap();
        for t in [1, 2, 3, 1000, MOST / 2, MOST - 2, MOST - 1, MOST] {
            assert_eq!(process.trained_time(process.level(t)), Some(t), "{schedule}");
        }
        for steps in [0, MOST + 1] {
            let refused = schedule.process(steps).map(|_| ());
            let is_named = matches!(refused, Err(Error::Parameter { name: "num_train_timesteps", .. }));
            assert!(is_named, "{schedule}: {refused:?}");
        }
        assert_eq!(schedule.log_alphas(10), Err(Error::NoBetas));
        let rescaled = Schedule::ZeroTerminalSnr { of: Box::new(schedule) };
        assert_eq!(rescaled.process(10).map(|_| ()), Err(Error::NoBetas));
    }
}

/// 18 levels follow Karras et al. 2022, eq. 5, and both ends are exact.
#[test]
fn edm_levels_are_the_papers() {
    let process = Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 }.process(18).unwrap();
    let sigma = |i: usize| {
        let (low, high) = (0.002f64.powf(1.0 / 7.0), 80f64.powf(1.0 / 7.0));
        (high + i as f64 / 17.0 * (low - high)).powi(7)
    };
    assert_eq!((process.level(1).sigma(), process.level(18).sigma()), (0.002, 80.0));
    for t in 1..=18 {
        close(process.level(t).sigma(), sigma(18 - t), 1e-13);
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let name = |made: Result<Discretised, Error>| match made {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("expected a parameter to be refused, found {other:?}"),
    };
    for bad in [0.0, -1.0, 1.0, 2.0, f64::NAN] {
        assert_eq!(name(Discretised::new(VpSde::USUAL, 10, bad, 1.0)), "first_time", "{bad}");
    }
    // A first level whose noise is too small for a number.
    let cosine = ContinuousCosine::new(0.0).unwrap();
    assert_eq!(name(Discretised::new(cosine, 10, 1e-200, 1.0)), "first_time");
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Discretised::new(VpSde::USUAL, 10, 1e-3, bad)), "rho", "{bad}");
    }
    let refused = |schedule: Schedule| match schedule.process(10).map(|_| ()) {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("expected {schedule} to be refused, found {other:?}"),
    };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(Schedule::Vp { beta_min: bad, beta_max: 20.0 }), "beta_min");
        assert_eq!(refused(Schedule::SubVp { beta_min: 0.1, beta_max: bad }), "beta_max");
        assert_eq!(refused(Schedule::Ve { sigma_min: bad, sigma_max: 50.0 }), "sigma_min");
        assert_eq!(refused(Schedule::Edm { sigma_min: bad, sigma_max: 80.0 }), "sigma_min");
        assert_eq!(refused(Schedule::Edm { sigma_min: 0.002, sigma_max: bad }), "sigma_max");
    }
    assert_eq!(refused(Schedule::Edm { sigma_min: 80.0, sigma_max: 80.0 }), "sigma_min");
    assert_eq!(refused(Schedule::Ve { sigma_min: 50.0, sigma_max: 50.0 }), "sigma_max");
    assert_eq!(refused(Schedule::ContinuousCosine { offset: -0.1 }), "offset");
}
