//! What is no schedule is refused by the name of the parameter.

use tweedie_math::{DiscreteVp, Error, Schedule};

/// The name and value that a schedule of ten levels is refused by.
#[track_caller]
fn refused(schedule: &Schedule) -> (&'static str, f64) {
    refused_of(schedule, 10)
}

#[track_caller]
fn refused_of(schedule: &Schedule, steps: usize) -> (&'static str, f64) {
    match DiscreteVp::new(schedule, steps) {
        Err(Error::Parameter { name, found, .. }) => (name, found),
        other => panic!("expected {schedule:?} to be refused, found {other:?}"),
    }
}

/// No levels, more than memory holds, and another number of them than was given one by one.
#[test]
fn a_wrong_number_of_levels_is_refused() {
    let explicit = Schedule::Explicit { betas: vec![0.1, 0.2] };
    let alpha_bars = Schedule::ExplicitAlphaBars { alpha_bars: vec![0.9, 0.2] };
    for schedule in [&Schedule::LINEAR, &Schedule::COSINE, &Schedule::Binomial {}, &explicit, &alpha_bars] {
        for steps in [0, 1_000_001] {
            assert_eq!(refused_of(schedule, steps), ("num_train_timesteps", steps as f64));
        }
    }
    for steps in [1, 3] {
        assert_eq!(refused_of(&explicit, steps), ("num_train_timesteps", steps as f64));
        assert_eq!(refused_of(&alpha_bars, steps), ("num_train_timesteps", steps as f64));
    }
    assert!(DiscreteVp::from_betas(&[]).is_err());
}

#[test]
fn a_bad_beta_of_a_formula_is_refused_by_name() {
    let good = 0.02;
    for bad in [0.0, -1e-4, 1.0, 2.0, f64::INFINITY] {
        let of = |make: fn(f64, f64) -> Schedule| {
            assert_eq!(refused(&make(bad, good)), ("beta_start", bad));
            assert_eq!(refused(&make(good, bad)), ("beta_end", bad));
            // What is not a number is equal to nothing, but named.
            assert_eq!(refused(&make(f64::NAN, good)).0, "beta_start");
            assert_eq!(refused(&make(good, f64::NAN)).0, "beta_end");
        };
        of(|beta_start, beta_end| Schedule::Linear { beta_start, beta_end });
        of(|beta_start, beta_end| Schedule::ScaledLinear { beta_start, beta_end });
        of(|beta_start, beta_end| Schedule::Quadratic { beta_start, beta_end });
        of(|beta_start, beta_end| Schedule::Sigmoid { beta_start, beta_end });
        for share in [0.0, 0.5, 1.0] {
            assert_eq!(
                refused(&Schedule::WarmUp { beta_start: bad, beta_end: good, share }),
                ("beta_start", bad)
            );
            assert_eq!(
                refused(&Schedule::WarmUp { beta_start: good, beta_end: bad, share }),
                ("beta_end", bad)
            );
        }
        assert_eq!(refused(&Schedule::Cosine { offset: 0.008, max_beta: bad }), ("max_beta", bad));
        let sigmoid = Schedule::SigmoidAlphaBar { start: -3.0, end: 3.0, temperature: 1.0, max_beta: bad };
        assert_eq!(refused(&sigmoid), ("max_beta", bad));
    }
}

/// The constant schedule has one β, called that.
#[test]
fn a_bad_constant_beta_is_refused_by_name() {
    for bad in [0.0, -1e-4, 1.0, 2.0, f64::INFINITY] {
        assert_eq!(refused(&Schedule::Constant { beta: bad }), ("beta", bad));
    }
}

#[test]
fn other_parameters_are_refused_by_name() {
    for bad in [-0.1, 1.1, f64::INFINITY] {
        assert_eq!(refused(&Schedule::Cosine { offset: bad, max_beta: 0.999 }), ("offset", bad));
        assert_eq!(
            refused(&Schedule::WarmUp { beta_start: 1e-4, beta_end: 0.02, share: bad }),
            ("share", bad)
        );
    }
    assert_eq!(refused(&Schedule::Cosine { offset: f64::NAN, max_beta: 0.999 }).0, "offset");
    assert_eq!(refused(&Schedule::WarmUp { beta_start: 1e-4, beta_end: 0.02, share: f64::NAN }).0, "share");
    let sigmoid =
        |start, end, temperature| Schedule::SigmoidAlphaBar { start, end, temperature, max_beta: 0.999 };
    for bad in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(refused(&sigmoid(-3.0, 3.0, bad)), ("temperature", bad));
    }
    assert_eq!(refused(&sigmoid(-3.0, 3.0, f64::NAN)).0, "temperature");
    // Ends so far out that nothing is left of the sigmoid, and in the wrong order.
    for bad in [-701.0, f64::NEG_INFINITY] {
        assert_eq!(refused(&sigmoid(bad, 3.0, 1.0)), ("start", bad));
        assert_eq!(refused(&sigmoid(-3.0, -bad, 1.0)), ("end", -bad));
    }
    assert_eq!(refused(&sigmoid(f64::NAN, 3.0, 1.0)).0, "start");
    assert_eq!(refused(&sigmoid(-3.0, f64::NAN, 1.0)).0, "end");
    for end in [-3.0, -4.0] {
        assert_eq!(refused(&sigmoid(-3.0, end, 1.0)), ("start", -3.0));
    }
}

/// 1000/T times .02 is a variance for T above 20 only.
#[test]
fn a_scaled_schedule_of_few_levels_is_refused() {
    let schedule = Schedule::ScaledLinear { beta_start: 1e-4, beta_end: 0.02 };
    for steps in 1..=20 {
        assert_eq!(refused_of(&schedule, steps), ("num_train_timesteps", steps as f64));
    }
    assert!(DiscreteVp::new(&schedule, 21).is_ok());
    // Whichever end is the greater.
    let falling = Schedule::ScaledLinear { beta_start: 0.02, beta_end: 1e-4 };
    assert_eq!(refused_of(&falling, 20), ("num_train_timesteps", 20.0));
    assert!(DiscreteVp::new(&falling, 21).is_ok());
}

#[test]
fn a_bad_beta_is_named_with_its_time() {
    for (betas, time, bad) in [
        (vec![0.0, 0.1], 1, 0.0),
        (vec![0.1, -0.1], 2, -0.1),
        (vec![0.1, 1.0, 0.1], 2, 1.0),
        (vec![0.1, 0.2, 1.5], 3, 1.5),
    ] {
        assert_eq!(DiscreteVp::from_betas(&betas), Err(Error::Beta { time, beta: bad }));
    }
    let not_a_number = DiscreteVp::from_betas(&[0.1, f64::NAN]);
    assert!(matches!(not_a_number, Err(Error::Beta { time: 2, beta }) if beta.is_nan()));
}

#[test]
fn a_bad_alpha_bar_is_named_with_its_time() {
    for (alpha_bars, time, alpha_bar, before) in [
        (vec![1.0, 0.1], 1, 1.0, 1.0),
        (vec![1.5, 0.1], 1, 1.5, 1.0),
        (vec![0.9, 0.9], 2, 0.9, 0.9),
        (vec![0.9, 0.95], 2, 0.95, 0.9),
        (vec![0.9, -0.1], 2, -0.1, 0.9),
        (vec![0.9, 0.0, 0.0], 2, 0.0, 0.9),
    ] {
        let schedule = Schedule::ExplicitAlphaBars { alpha_bars };
        let steps = if time == 2 && alpha_bar == 0.0 { 3 } else { 2 };
        assert_eq!(DiscreteVp::new(&schedule, steps), Err(Error::AlphaBar { time, alpha_bar, before }));
    }
    let schedule = Schedule::ExplicitAlphaBars { alpha_bars: vec![0.9, f64::NAN] };
    let not_a_number = DiscreteVp::new(&schedule, 2);
    assert!(matches!(not_a_number, Err(Error::AlphaBar { time: 2, alpha_bar, .. }) if alpha_bar.is_nan()));
}
