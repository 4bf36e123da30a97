//! Rectified flow: a straight line, its levels, its times.

use proptest::prelude::*;
use tweedie_math::{Conditioning, DiscreteProcess, Error, NoiseLevel, Process, RectifiedFlow, Schedule};

proptest! {
    #[test]
    fn rates_add_up_to_one_and_time_finds_its_level(
        steps in 1usize..2000,
        shift in 0.1f64..10.0,
        share in 0.0f64..1.0,
    ) {
        let flow = RectifiedFlow::new(steps, shift).unwrap();
        let t = share * steps as f64;
        let level = flow.at_time(t).unwrap();
        prop_assert!((level.signal_rate() + level.noise_rate() - 1.0).abs() < 1e-15);
        prop_assert!((flow.time_of(level) - t).abs() < 1e-9 * steps as f64);
        // The same log-SNR at another scale is the same time.
        let scaled = NoiseLevel::new(3.0 * level.signal_rate(), 3.0 * level.noise_rate()).unwrap();
        prop_assert!((flow.time_of(scaled) - t).abs() < 1e-9 * steps as f64);
        let own = flow.at_log_snr(level.log_snr()).unwrap();
        prop_assert!((own.noise_rate() - level.noise_rate()).abs() < 1e-12);
    }

    #[test]
    fn every_trained_level_is_found(steps in 1usize..500, shift in 0.1f64..10.0) {
        let flow = RectifiedFlow::new(steps, shift).unwrap();
        for t in 0..=steps {
            prop_assert_eq!(flow.trained_time(flow.level(t)), Some(t));
            let before = (t > 0).then(|| flow.level(t - 1));
            prop_assert_eq!(flow.trained_previous(flow.level(t)), before);
        }
        prop_assert_eq!(flow.level(0), NoiseLevel::CLEAN);
        prop_assert_eq!(flow.level(steps).signal_rate(), 0.0);
    }
}

#[test]
fn without_a_shift_sigma_is_the_share_of_the_way_and_a_shift_moves_it() {
    let even = RectifiedFlow::new(10, 1.0).unwrap();
    assert!((1..=10).all(|t| (even.level(t).noise_rate() - t as f64 / 10.0).abs() < 1e-15));
    // Esser et al. 2024, eq. 23, at the middle: s/(1 + s).
    let shifted = RectifiedFlow::new(10, 3.0).unwrap();
    assert!((shifted.level(5).noise_rate() - 0.75).abs() < 1e-15);
}

#[test]
fn a_flow_is_conditioned_on_its_sigma_and_never_on_less_than_the_first() {
    let flow = RectifiedFlow::new(1000, 1.0).unwrap();
    let number = |level| Conditioning::NoiseRate { scale: 1000.0 }.number(&flow, level).unwrap();
    assert!((number(flow.level(250)) - 250.0).abs() < 1e-9);
    assert!((number(NoiseLevel::CLEAN) - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_no_flow_is_refused() {
    for (steps, shift) in
        [(0, 1.0), (10, 0.0), (10, -1.0), (10, f64::NAN), (10, f64::INFINITY), (1_000_001, 1.0)]
    {
        assert!(RectifiedFlow::new(steps, shift).is_err(), "{steps} {shift}");
    }
    let flow = RectifiedFlow::new(10, 1.0).unwrap();
    assert!(flow.at_time(-0.1).is_err() && flow.at_time(10.1).is_err() && flow.at_time(f64::NAN).is_err());
    assert!(flow.at_log_snr(f64::NAN).is_err());
    assert_eq!(Schedule::RectifiedFlow { shift: 1.0 }.log_alphas(10), Err(Error::NoBetas));
}
