//! Numbers that become single precision, and their text.

use tweedie_math::number::{GREATEST, LEAST, is_finite, is_not_negative, is_positive};
use tweedie_math::{Conditioning, Error, Parameterization, RectifiedFlow, Schedule, Short, Weighting};

#[test]
fn the_limits_are_those_of_single_precision() {
    assert_eq!((GREATEST, LEAST), (f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE)));
    assert!((1.0 / LEAST as f32).is_finite());
}

#[test]
fn a_number_is_checked_as_what_it_becomes() {
    for value in [1.0, 1e-38 * 1.2, 3.4e38] {
        assert!(is_finite(value) && is_positive(value) && is_not_negative(value), "{value:e}");
        assert!(is_finite(-value) && !is_positive(-value) && !is_not_negative(-value), "{value:e}");
    }
    assert!(is_not_negative(0.0) && !is_positive(0.0) && !is_positive(1e-39) && !is_positive(5e-324));
    for value in [1e39, 1e308, f64::INFINITY, f64::NAN] {
        assert!(!is_finite(value) && !is_positive(value) && !is_not_negative(value), "{value:e}");
    }
}

#[test]
fn a_number_in_a_message_is_short() {
    for (value, text) in [
        (1e308, "1e308"),
        (-1.5e300, "-1.5e300"),
        (5e-324, "5e-324"),
        (0.0, "0"),
        (0.25, "0.25"),
        (-3.0, "-3"),
        (1e15, "1000000000000000"),
        (0.0001, "0.0001"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        assert_eq!(Short(value).to_string(), text);
    }
    let refused = RectifiedFlow::new(10, 1e308).unwrap_err().to_string();
    assert!(refused.contains("shift is 1e308; ") && refused.len() < 120, "{refused}");
}

/// The error names the parameter.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, by: &str) {
    assert!(matches!(&result, Err(Error::Parameter { name, .. }) if *name == by), "{by}: {result:?}");
}

#[test]
fn parameters_beyond_single_precision_are_refused_by_name() {
    for value in [1e308, 1e-300] {
        let of = |schedule: Schedule| schedule.process(10);
        refused(of(Schedule::RectifiedFlow { shift: value }), "shift");
        refused(of(Schedule::Vp { beta_min: value, beta_max: 20.0 }), "beta_min");
        refused(of(Schedule::Ve { sigma_min: value, sigma_max: 50.0 }), "sigma_min");
        refused(Parameterization::Edm { sigma_data: value }.check(), "sigma_data");
        refused(Weighting::MinSnr { gamma: value }.check(), "gamma");
        refused(Weighting::P2 { k: value, gamma: 1.0 }.check(), "k");
        refused(Weighting::Edm { sigma_data: value }.check(), "sigma_data");
    }
    refused(Schedule::Ve { sigma_min: 0.01, sigma_max: 1e300 }.process(10), "sigma_max");
    refused(Schedule::Edm { sigma_min: 0.01, sigma_max: 1e300 }.process(10), "sigma_max");
    refused(Weighting::P2 { k: 1.0, gamma: 1e308 }.check(), "gamma");
    refused(Conditioning::Time { scale: 1e308 }.check(), "the conditioning's scale");
    refused(Conditioning::NoiseRate { scale: f64::NAN }.check(), "the conditioning's scale");
}

#[test]
fn a_process_without_noise_in_single_precision_is_refused() {
    for schedule in [
        Schedule::Linear { beta_start: 1e-100, beta_end: 0.02 },
        Schedule::Edm { sigma_min: 1e-300, sigma_max: 80.0 },
    ] {
        refused(schedule.process(10), "the noise of level 1");
    }
}
