//! Both ends of continuous processes, and the laws of every process.

use crate::strategies::any_continuous;
use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{ContinuousCosine, Edm, NoiseLevel, Process, SubVpSde, VeSde, VpSde, laws};

/// Times so near to both ends as a number can be, and further.
fn near_ends(last: f64) -> Vec<f64> {
    let from_start = (1..=50).map(|i| last * 0.5f64.powi(i));
    let mut times: Vec<f64> = from_start.clone().chain(from_start.map(|t| last - t)).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

proptest! {
    /// The laws hold from 10⁻¹⁵ of the way on, and up to so near the end.
    #[test]
    fn laws_hold_near_both_ends(it in any_continuous()) {
        let times = near_ends(it.process.last_time());
        laws::rates_are_in_range(&*it.process, &times).unwrap();
        laws::times_and_levels_invert(&*it.process, &times).unwrap();
        laws::log_snr_names_levels(&*it.process, &times).unwrap();
    }

    /// Time 0 is clean data, and clean data is time 0; what is noisier than the last level is the last time.
    #[test]
    fn the_ends_are_themselves(it in any_continuous()) {
        let (process, last) = (&*it.process, it.process.last_time());
        prop_assert_eq!(process.at_time(0.0), Ok(NoiseLevel::CLEAN));
        prop_assert_eq!(process.time_of(NoiseLevel::CLEAN), 0.0);
        prop_assert_eq!(process.at_log_snr(f64::INFINITY), Ok(NoiseLevel::CLEAN));
        let end = process.at_time(last).unwrap();
        within(process.time_of(end), last, 1e-13 * last);
        prop_assert_eq!(process.time_of(NoiseLevel::new(0.0, 1.0).unwrap()), last);
        if end.signal_rate() > 0.0 {
            let beyond = NoiseLevel::new(end.signal_rate(), 2.0 * end.noise_rate()).unwrap();
            prop_assert_eq!(process.time_of(beyond), last);
        }
    }

    /// There are no trained levels, so that none is before.
    #[test]
    fn no_level_is_trained(it in any_continuous(), share in 0.0..1.0) {
        let level = it.process.at_time(share * it.process.last_time()).unwrap();
        prop_assert_eq!(it.process.trained_previous(level), None);
    }

    /// The default share of a time is that of the last time.
    #[test]
    fn a_share_of_the_time_is_a_share_of_the_last(it in any_continuous(), share in 0.0..1.0) {
        let level = it.process.at_time(share * it.process.last_time()).unwrap();
        prop_assert_eq!(it.process.time_share(level), it.process.time_of(level) / it.process.last_time());
    }
}

/// Noise that explodes is started from as it is; what preserves the variance, or stays below, starts from 1.
#[test]
fn sampling_starts_from_the_noise_there_is() {
    let start = |process: &dyn Process| process.start_std(process.at_time(process.last_time()).unwrap());
    assert_eq!(start(&VeSde::new(0.01, 50.0).unwrap()), 50.0);
    assert_eq!(start(&Edm::new(80.0).unwrap()), 80.0);
    assert_eq!(start(&VpSde::USUAL), 1.0);
    assert_eq!(start(&SubVpSde::USUAL), 1.0);
    assert_eq!(start(&ContinuousCosine::new(0.008).unwrap()), 1.0);
}

/// Right after time 0 the exploding noise is σ_min; cleaner levels have no time of their own.
#[test]
fn the_exploding_noise_jumps() {
    let process = VeSde::new(0.01, 50.0).unwrap();
    close(process.at_time(1e-15).unwrap().noise_rate(), 0.01, 1e-14);
    let cleaner = process.at_log_snr(-2.0 * 0.001f64.ln()).unwrap();
    close(cleaner.noise_rate(), 0.001, 1e-14);
    assert_eq!(process.time_of(cleaner), 0.0);
}
