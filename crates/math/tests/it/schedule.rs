//! The schedules against their formulas, known values, and what they refuse.

use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{DiscreteVp, Error, Schedule, Transition};

/// β_1 … β_T as the papers write them, straightforwardly.
fn betas_by_formula(schedule: &Schedule, steps: usize) -> Vec<f64> {
    let ramp = |low: f64, high: f64, i: usize| low + (high - low) * i as f64 / (steps as f64 - 1.0).max(1.0);
    let beta = |i: usize| match schedule {
        Schedule::Linear { beta_start, beta_end } => ramp(*beta_start, *beta_end, i),
        Schedule::Quadratic { beta_start, beta_end } => ramp(beta_start.sqrt(), beta_end.sqrt(), i).powi(2),
        Schedule::Cosine { offset, max_beta } => {
            let f = |i: usize| {
                let u = i as f64 / steps as f64;
                ((u + offset) / (1.0 + offset) * core::f64::consts::FRAC_PI_2).cos().powi(2)
            };
            (1.0 - f(i + 1) / f(i)).min(*max_beta)
        }
        Schedule::Explicit { betas } => betas[i],
        _ => panic!("a schedule without a formula here"),
    };
    (0..steps).map(beta).collect()
}

/// α_t, β_t and ᾱ_t against the betas of the formula.
///
/// The formula's own β has some roundings of 1, and the cosine's of 1/cos near its end; the process takes β_t
/// from the difference of two sums, hence a rounding of |ln ᾱ_t| more. The product of the α adds their
/// relative doubts.
fn check_betas(schedule: &Schedule, steps: usize) {
    let process = DiscreteVp::new(schedule, steps).unwrap();
    let betas = betas_by_formula(schedule, steps);
    // Without cancellation: 1 − ᾱ_1 is β_1 itself, however small.
    let n = process.level(1).noise_rate();
    close(n * n, betas[0], if matches!(schedule, Schedule::Cosine { .. }) { 1e-10 } else { 1e-15 });
    let (mut product, mut doubt) = (1.0, 0.0);
    for (t, beta) in (1..=steps).zip(betas) {
        product *= 1.0 - beta;
        let cosine = if matches!(schedule, Schedule::Cosine { .. }) { 1 + steps - t } else { steps };
        let of_formula = 8.0 * steps as f64 / cosine as f64;
        let rounding = f64::EPSILON * (of_formula + process.alpha_bar(t - 1).ln().abs());
        doubt += rounding / (1.0 - beta);
        within(process.beta(t), beta, rounding);
        within(process.alpha(t), 1.0 - beta, rounding);
        close(process.alpha_bar(t), product, doubt);
    }
}

#[test]
fn named_schedules_follow_their_formulas() {
    for steps in [1, 2, 10, 1000] {
        check_betas(&Schedule::Linear { beta_start: 1e-4, beta_end: 0.02 }, steps);
        check_betas(&Schedule::Quadratic { beta_start: 1e-4, beta_end: 0.02 }, steps);
        check_betas(&Schedule::COSINE, steps);
        check_betas(&Schedule::Cosine { offset: 0.1, max_beta: 0.5 }, steps);
    }
}

proptest! {
    #[test]
    fn linear_and_quadratic_follow_their_formulas(
        start in 1e-5..0.5, end in 1e-5..0.5, steps in 1usize..200,
    ) {
        check_betas(&Schedule::Linear { beta_start: start, beta_end: end }, steps);
        check_betas(&Schedule::Quadratic { beta_start: start, beta_end: end }, steps);
    }

    #[test]
    fn explicit_betas_come_back(
        log_beta in -40.0..-1.0f64, betas in prop::collection::vec(1e-6..0.9, 0..60), ends in any::<bool>(),
    ) {
        let mut betas = betas;
        betas.insert(0, log_beta.exp());
        if ends {
            betas.push(1.0);
        }
        let steps = betas.len();
        check_betas(&Schedule::Explicit { betas }, steps);
    }
}

/// Field notes 1.1 and 1.2, which print that many digits.
#[test]
fn known_values() {
    let linear = DiscreteVp::linear(1000, 1e-4, 0.02).unwrap();
    close(linear.alpha_bar(1000), 4.0358e-5, 1e-4);
    close(DiscreteVp::quadratic(1000, 1e-4, 0.02).unwrap().alpha_bar(1000), 7.33e-4, 1e-3);
    close(DiscreteVp::cosine(1000).unwrap().alpha_bar(1000), 2.43e-9, 2e-3);
    close(DiscreteVp::cosine(4000).unwrap().alpha_bar(4000), 1.52e-10, 4e-3);
    let posterior = Transition::between(linear.level(1), linear.level(2)).unwrap().posterior();
    close(posterior.variance, 5.45e-5, 1e-3);
}

/// The cosine's small betas from 60-digit decimals (Python's `decimal`), of which 1 − f(t)/f(t − 1) in f64
/// keeps eleven digits; an angle that has a rounding moves them by some.
#[test]
fn the_cosines_small_betas_keep_their_digits() {
    for (steps, t, beta) in [
        (1000, 1, 4.1284224821777805e-5),
        (1000, 2, 4.614175273669451e-5),
        (4000, 1, 9.865818813591633e-6),
        (4000, 2, 1.0169414884318671e-5),
    ] {
        close(DiscreteVp::cosine(steps).unwrap().beta(t), beta, 1e-13);
    }
}

/// With T·β held fixed, ever finer linear schedules tend to the continuous process, ᾱ = exp(−∫β): from below,
/// and with an error that halves with the step.
#[test]
fn finer_linear_schedules_tend_to_the_continuous_one() {
    let limit: f64 = (-0.5 * (0.1 + 20.0_f64)).exp();
    let error = |steps: usize| {
        let scale = steps as f64;
        let process = DiscreteVp::linear(steps, 0.1 / scale, 20.0 / scale).unwrap();
        1.0 - process.alpha_bar(steps) / limit
    };
    for steps in [1000, 2000, 4000] {
        let ratio = error(steps) / error(2 * steps);
        assert!(error(steps) > 0.0 && (1.9..2.1).contains(&ratio), "{steps} steps: ratio {ratio}");
    }
}

#[test]
fn bad_schedules_are_refused_by_name() {
    let parameter = |made: Result<DiscreteVp, Error>| match made {
        Err(Error::Parameter { name, found, .. }) => (name, found),
        other => panic!("expected a parameter to be refused, found {other:?}"),
    };
    let explicit = Schedule::Explicit { betas: vec![0.1, 0.2] };
    assert_eq!(parameter(DiscreteVp::linear(0, 1e-4, 0.02)), ("num_train_timesteps", 0.0));
    assert_eq!(parameter(DiscreteVp::cosine(0)), ("num_train_timesteps", 0.0));
    assert_eq!(parameter(DiscreteVp::from_betas(&[])), ("num_train_timesteps", 0.0));
    assert_eq!(parameter(DiscreteVp::new(&explicit, 3)), ("num_train_timesteps", 3.0));
    for bad in [0.0, -1e-4, 1.0, 2.0, f64::INFINITY] {
        assert_eq!(parameter(DiscreteVp::linear(10, bad, 0.02)), ("beta_start", bad));
        assert_eq!(parameter(DiscreteVp::quadratic(10, 1e-4, bad)), ("beta_end", bad));
        let cosine = Schedule::Cosine { offset: 0.008, max_beta: bad };
        assert_eq!(parameter(DiscreteVp::new(&cosine, 10)), ("max_beta", bad));
    }
    for bad in [-0.1, 1.1] {
        let cosine = Schedule::Cosine { offset: bad, max_beta: 0.999 };
        assert_eq!(parameter(DiscreteVp::new(&cosine, 10)), ("offset", bad));
    }
    assert_eq!(parameter(DiscreteVp::linear(10, f64::NAN, 0.02)).0, "beta_start");
    let cosine = Schedule::Cosine { offset: f64::NAN, max_beta: 0.999 };
    assert_eq!(parameter(DiscreteVp::new(&cosine, 10)).0, "offset");
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

/// Configurations are written by these names: a change of them breaks checkpoints.
#[test]
fn schedules_are_written_and_read_by_name() {
    for (schedule, json) in [
        (
            Schedule::Linear { beta_start: 0.25, beta_end: 0.5 },
            r#"{"name":"linear","beta_start":0.25,"beta_end":0.5}"#,
        ),
        (
            Schedule::Quadratic { beta_start: 0.25, beta_end: 0.5 },
            r#"{"name":"quadratic","beta_start":0.25,"beta_end":0.5}"#,
        ),
        (Schedule::COSINE, r#"{"name":"cosine","offset":0.008,"max_beta":0.999}"#),
        (Schedule::Explicit { betas: vec![0.25, 1.0] }, r#"{"name":"explicit","betas":[0.25,1.0]}"#),
    ] {
        assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        assert_eq!(serde_json::from_str::<Schedule>(json).unwrap(), schedule);
    }
    let unknown = r#"{"name":"linear","beta_start":0.25,"beta_end":0.5,"beta_middle":0.3}"#;
    let refusal = serde_json::from_str::<Schedule>(unknown).unwrap_err().to_string();
    assert!(refusal.contains("beta_middle"), "{refusal}");
}
