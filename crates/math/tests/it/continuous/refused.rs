//! What continuous processes refuse, by name.

use tweedie_math::{ContinuousCosine, Edm, Error, Process, SubVpSde, VeSde, VpSde};

fn name<T: core::fmt::Debug>(made: Result<T, Error>) -> &'static str {
    match made {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("expected a parameter to be refused, found {other:?}"),
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(VpSde::new(bad, 20.0)), "beta_min");
        assert_eq!(name(VpSde::new(0.1, bad)), "beta_max");
        assert_eq!(name(SubVpSde::new(bad, 20.0)), "beta_min");
        assert_eq!(name(SubVpSde::new(0.1, bad)), "beta_max");
        assert_eq!(name(VeSde::new(bad, 50.0)), "sigma_min");
        assert_eq!(name(VeSde::new(0.01, bad)), "sigma_max");
        assert_eq!(name(Edm::new(bad)), "sigma_max");
    }
    for bad in [-0.1, 1.1, f64::NAN] {
        assert_eq!(name(ContinuousCosine::new(bad)), "offset");
    }
    // In the wrong order; equal rates of noise are a process, equal noises are none.
    assert_eq!(name(VpSde::new(1.0, 0.9)), "beta_max");
    assert!(VpSde::new(1.0, 1.0).is_ok());
    assert_eq!(name(VeSde::new(1.0, 0.9)), "sigma_max");
    assert_eq!(name(VeSde::new(1.0, 1.0)), "sigma_max");
}

#[test]
fn times_and_log_snrs_outside_are_refused() {
    let all: [&dyn Process; 5] = [
        &VpSde::USUAL,
        &SubVpSde::USUAL,
        &VeSde::new(0.01, 50.0).unwrap(),
        &ContinuousCosine::new(0.008).unwrap(),
        &Edm::new(80.0).unwrap(),
    ];
    for process in all {
        let last = process.last_time();
        for time in [-1e-9, last * (1.0 + 1e-9), f64::INFINITY] {
            assert_eq!(process.at_time(time), Err(Error::Time { time, last }));
        }
        assert!(matches!(process.at_time(f64::NAN), Err(Error::Time { time, .. }) if time.is_nan()));
        assert!(
            matches!(process.at_log_snr(f64::NAN), Err(Error::LogSnr { log_snr, .. }) if log_snr.is_nan())
        );
        let end = process.at_time(last).unwrap().log_snr();
        if end.is_finite() {
            // What is within the doubt of a log-SNR is the last level.
            assert!(process.at_log_snr(end - 5e-10).is_ok());
            let log_snr = end - 2e-9;
            assert_eq!(process.at_log_snr(log_snr), Err(Error::LogSnr { log_snr, last: end }));
        } else {
            assert_eq!(process.at_log_snr(end), process.at_time(last));
        }
    }
}
