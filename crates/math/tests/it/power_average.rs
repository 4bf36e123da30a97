//! Power-function averages: their width, their update, and putting one together from others.

use proptest::prelude::*;
use tweedie_math::power_average::{
    MOST_RESIDUAL, Snapshot, WIDEST, carried, combination, gamma_of, kept, std_of,
};

/// Two widths at `n` times up to 1.
fn snapshots(n: usize) -> Vec<Snapshot> {
    of_widths(&[0.05, 0.1], n)
}

fn of_widths(widths: &[f64], n: usize) -> Vec<Snapshot> {
    let gammas: Vec<f64> = widths.iter().map(|&std| gamma_of(std).unwrap()).collect();
    let at = |i: usize| i as f64 / n as f64;
    (1..=n).flat_map(|i| gammas.iter().map(move |&gamma| Snapshot { time: at(i), gamma })).collect()
}

/// An average at the time 1.
fn target(std: f64) -> Snapshot {
    Snapshot { time: 1.0, gamma: gamma_of(std).unwrap() }
}

/// The weight that an average gives to the time t.
fn profile(it: &Snapshot, t: f64) -> f64 {
    if t > it.time { 0.0 } else { (it.gamma + 1.0) / it.time * (t / it.time).powf(it.gamma) }
}

/// ∫₀¹ of a function that is smooth between the times i/n, by the midpoint rule with many points in each part.
fn integral(n: usize, of: impl Fn(f64) -> f64) -> f64 {
    let points = n * 500;
    (0..points).map(|i| of((i as f64 + 0.5) / points as f64)).sum::<f64>() / points as f64
}

proptest! {
    #[test]
    fn width_and_exponent_are_inverse(std in 0.001f64..WIDEST) {
        prop_assert!((std_of(gamma_of(std).unwrap()) - std).abs() < 1e-12);
    }

    #[test]
    fn the_update_weighs_time_by_its_power(gamma in 0.0f64..20.0) {
        // Averaging the function τ itself: ∫ τ·τ^γ / ∫ τ^γ = t·(γ + 1)/(γ + 2) in the limit of small steps.
        let n = 4000;
        let mut average = 0.0;
        for i in 1..=n {
            let share = kept(gamma, f64::from(i), 1.0);
            average = share * average + (1.0 - share) * f64::from(i);
        }
        let exact = f64::from(n) * (gamma + 1.0) / (gamma + 2.0);
        prop_assert!((average / exact - 1.0).abs() < 2.0 * (gamma + 1.0) / f64::from(n), "{average} {exact}");
    }

    /// A stored width at a stored time is that average itself, without an error.
    #[test]
    fn a_stored_average_is_returned(n in 1usize..12, which in 0usize..24) {
        let stored = snapshots(n);
        let which = which % stored.len();
        let found = combination(&stored, stored[which]).unwrap();
        let expected: Vec<f64> = (0..stored.len()).map(|i| if i == which { 1.0 } else { 0.0 }).collect();
        prop_assert_eq!(found.weights, expected);
        prop_assert_eq!(found.residual, 0.0);
    }

    /// Whatever is stored and requested, the weights add up to 1: an average of equal weights is these weights.
    #[test]
    fn weights_add_up_to_one(
        n in 1usize..16, narrow in 0.02f64..0.12, ratio in 1.1f64..2.2, std in 0.005f64..WIDEST,
    ) {
        let found = combination(&of_widths(&[narrow, narrow * ratio], n), target(std)).unwrap();
        let size: f64 = found.weights.iter().map(|weight| weight.abs()).sum();
        let sum: f64 = found.weights.iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-11 * size.max(1.0), "{sum} of {size}");
        prop_assert!((0.0..=2.0).contains(&found.residual), "{}", found.residual);
    }

    /// No other weights with the sum 1 are nearer to the profile.
    #[test]
    fn the_combination_is_the_nearest(std in 0.03f64..0.28, at in 0usize..7, by in -0.1f64..0.1) {
        let (n, stored) = (4, snapshots(4));
        let distance = |weights: &[f64]| {
            let difference = |t: f64| {
                let sum: f64 = weights.iter().zip(&stored).map(|(weight, it)| weight * profile(it, t)).sum();
                (sum - profile(&target(std), t)).powi(2)
            };
            integral(n, difference)
        };
        let found = combination(&stored, target(std)).unwrap();
        let best = distance(&found.weights);
        let size = integral(n, |t| profile(&target(std), t).powi(2));
        let relative = (best / size).sqrt();
        prop_assert!((relative - found.residual).abs() < 1e-3 * relative + 1e-5, "{relative} {}", found.residual);
        let mut other = found.weights;
        other[at] += by;
        other[at + 1] -= by;
        prop_assert!(distance(&other) >= best * (1.0 - 1e-6));
    }

    /// The average of a trajectory of weights at another width differs from the exact average by no more than the residual allows:
    /// |∫ (p − p_r)·θ| ≤ ‖p − p_r‖·‖θ − c‖. The trajectory is constant within steps, so that the updates are exact.
    #[test]
    fn the_residual_bounds_the_error_of_weights(
        std in 0.01f64..WIDEST, wave in 0.5f64..40.0, phase in 0.0f64..6.0, decay in 0.0f64..6.0,
    ) {
        let (n, steps) = (10, 1000);
        let theta = |i: usize| {
            let t = i as f64 / steps as f64;
            3.0 + (-decay * t).exp() * (wave * t + phase).sin()
        };
        let average = |it: &Snapshot| {
            let end = (it.time * steps as f64).round() as usize;
            (1..=end).fold(0.0, |average, i| {
                let share = kept(it.gamma, i as f64, 1.0);
                share * average + (1.0 - share) * theta(i)
            })
        };
        let stored = snapshots(n);
        let found = combination(&stored, target(std)).unwrap();
        let combined: f64 = found.weights.iter().zip(&stored).map(|(weight, it)| weight * average(it)).sum();
        let mean = (1..=steps).map(theta).sum::<f64>() / steps as f64;
        let size = ((1..=steps).map(|i| (theta(i) - mean).powi(2)).sum::<f64>() / steps as f64).sqrt();
        // ‖p_r‖² = (γ + 1)²/(2γ + 1).
        let gamma = target(std).gamma;
        let norm = (gamma + 1.0) / (2.0 * gamma + 1.0).sqrt();
        let error = (combined - average(&target(std))).abs();
        prop_assert!(error <= found.residual * norm * size + 1e-6, "{error} at {}", found.residual);
    }
}

/// Ten times of the recommended widths: inside and near them nearly nothing is lost. The widest average is not carried: without the
/// constraint its weights added up to .868.
#[test]
fn ten_snapshots_carry_a_range() {
    let stored = snapshots(10);
    let residual = |std: f64| combination(&stored, target(std)).unwrap().residual;
    for (std, expected) in [
        (0.02, 0.205),
        (0.03, 0.077),
        (0.07, 0.009),
        (0.15, 0.022),
        (0.2, 0.053),
        (0.25, 0.139),
        (0.288, 0.386),
    ] {
        assert!((residual(std) - expected).abs() < 0.0006, "{std}: {}", residual(std));
    }
    let ranges = carried(&stored, 1.0).unwrap();
    let [[low, high]] = ranges[..] else { panic!("{ranges:?}") };
    assert!(residual(low) <= MOST_RESIDUAL && residual(low - 0.005) > MOST_RESIDUAL, "{low}");
    assert!(residual(high) <= MOST_RESIDUAL && residual(high + 0.005) > MOST_RESIDUAL, "{high}");
    // The unit of time has no influence.
    let later: Vec<Snapshot> = stored.iter().map(|it| Snapshot { time: 1e5 * it.time, ..*it }).collect();
    let again = combination(&later, Snapshot { time: 1e5, ..target(0.2) }).unwrap();
    assert!((again.residual - residual(0.2)).abs() < 1e-9);
    // Two widths far apart carry no width between them.
    assert_eq!(carried(&of_widths(&[0.01, 0.25], 1), 1.0).unwrap().len(), 2);
}

/// The range that the paper calls nearly perfect: 80 times, .015 to .25.
#[test]
fn the_papers_snapshots_carry_its_range() {
    let stored = snapshots(80);
    for std in [0.015, 0.02, 0.05, 0.13, 0.2, 0.25] {
        let found = combination(&stored, target(std)).unwrap();
        assert!(found.residual < 0.02, "{std}: {}", found.residual);
    }
}

#[test]
fn what_has_no_answer_is_refused() {
    for std in [0.0, -0.1, 0.3, f64::NAN] {
        assert!(gamma_of(std).is_err(), "{std}");
    }
    assert!(combination(&[], target(0.1)).is_err());
    assert!(carried(&[], 1.0).is_err());
    // The paper's figures for its two stored widths, to two digits: γ = 16.97 and 6.94.
    assert!((gamma_of(0.05).unwrap() - 16.97).abs() < 0.01 && (gamma_of(0.10).unwrap() - 6.94).abs() < 0.01);
}

/// The meaning of the greatest residual: for weights that move as a random walk, θ(t) = W(t), the error of an average that is carried is
/// at most 6 % of its distance from the last weights. Both are integrals over W: of D(s) = ∫_s^1 (p − p_r), and of s^(γ + 1).
#[test]
fn a_carried_average_is_near_for_a_random_walk() {
    let (stored, points) = (snapshots(10), 20_000);
    let share = |std: f64| {
        let (it, found) = (target(std), combination(&stored, target(std)).unwrap());
        let (mut tail, mut squares) = (0.0, 0.0);
        for i in (0..points).rev() {
            let t = (f64::from(i) + 0.5) / f64::from(points);
            let sum: f64 =
                found.weights.iter().zip(&stored).map(|(weight, it)| weight * profile(it, t)).sum();
            tail += (sum - profile(&it, t)) / f64::from(points);
            squares += tail * tail / f64::from(points);
        }
        (found.residual, (squares * (2.0 * it.gamma + 3.0)).sqrt())
    };
    for std in [0.03, 0.04, 0.07, 0.15, 0.2, 0.23] {
        let (residual, share) = share(std);
        assert!(residual <= MOST_RESIDUAL && share < 0.06, "{std}: {share} at {residual}");
    }
    let (residual, share) = share(0.01);
    assert!(residual > MOST_RESIDUAL && (share - 0.67).abs() < 0.02, "{share} at {residual}");
}
