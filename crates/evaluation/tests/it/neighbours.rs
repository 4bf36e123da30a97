//! Precision, recall and nearest neighbours against brute force.

use crate::{normal, rows};
use tch::Tensor;
use tweedie_evaluation::{Error, PrecisionRecall, nearest, precision_recall};

/// Distances here may be found by ‖x‖² + ‖y‖² − 2·x·y: of points of length 10 that is the root of 1e-16·100, 1e-7.
const ROUNDING: f64 = 1e-6;

fn distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

/// Kynkäänniemi et al. 2019, eqs. 1 and 2, one pair at a time.
fn share(points: &Tensor, balls: &Tensor, k: usize) -> f64 {
    let (points, balls) = (rows(points), rows(balls));
    let radius = |ball: &Vec<f64>| {
        let mut all: Vec<f64> = balls.iter().map(|other| distance(ball, other)).collect();
        all.sort_by(f64::total_cmp);
        all[k]
    };
    let radii: Vec<f64> = balls.iter().map(radius).collect();
    let inside = |point: &&Vec<f64>| balls.iter().zip(&radii).any(|(ball, r)| distance(point, ball) <= *r);
    points.iter().filter(inside).count() as f64 / points.len() as f64
}

#[test]
fn they_are_the_definition() {
    for (n, m, d, k) in [(100, 80, 3, 3), (60, 700, 8, 1), (50, 50, 2, 10)] {
        let (data, samples) = (normal(n, d, 1), normal(m, d, 2) * 0.8 + 0.4);
        let found = precision_recall(&data, &samples, k).unwrap();
        let k = k as usize;
        let expected =
            PrecisionRecall { precision: share(&samples, &data, k), recall: share(&data, &samples, k) };
        assert_eq!(found, expected, "{n}, {m}, {d}, {k}");
    }
}

#[test]
fn identical_sets_agree_and_distant_ones_do_not() {
    let data = normal(600, 4, 1);
    let same = precision_recall(&data, &data, 3).unwrap();
    assert_eq!((same.precision, same.recall), (1.0, 1.0));
    let far = precision_recall(&data, &(normal(600, 4, 2) + 100.0), 3).unwrap();
    assert_eq!((far.precision, far.recall), (0.0, 0.0));
}

#[test]
fn one_mode_of_two_is_precise_and_forgets() {
    let two = |n: i64, seed: u64| Tensor::cat(&[normal(n, 4, seed), normal(n, 4, seed + 1) + 50.0], 0);
    let data = two(300, 1);
    let found = precision_recall(&data, &normal(600, 4, 5), 3).unwrap();
    assert!(found.precision > 0.7 && found.recall <= 0.5, "{found:?}");
    // Half of each set lies where the other has nothing.
    let spread = Tensor::cat(&[normal(300, 4, 7), normal(300, 4, 8) - 50.0], 0);
    let found = precision_recall(&data, &spread, 3).unwrap();
    assert!(found.precision <= 0.5 && found.recall <= 0.5, "{found:?}");
    // All samples at nearly one place inside the data.
    let point = normal(600, 4, 9) * 1e-3;
    let found = precision_recall(&data, &point, 3).unwrap();
    assert!(found.precision == 1.0 && found.recall < 0.01, "{found:?}");
}

#[test]
fn a_manifold_needs_more_points_than_neighbours() {
    for (n, m) in [(3, 50), (50, 3)] {
        let error = precision_recall(&normal(n, 2, 1), &normal(m, 2, 2), 3).unwrap_err();
        assert!(matches!(error, Error::TooFew { found: 3, needed: 4, .. }), "{error}");
    }
}

/// More rows than are compared at once, and few columns.
#[test]
fn the_nearest_are_those_of_brute_force() {
    for (n, m, d) in [(1, 1, 1), (700, 40, 6), (30, 1300, 2)] {
        let (points, among) = (normal(n, d, 1), normal(m, d, 2));
        let found = nearest(&points, &among).unwrap();
        assert_eq!(found.len(), n as usize);
        let (points, among) = (rows(&points), rows(&among));
        for (point, (place, far)) in points.iter().zip(found) {
            let least = among.iter().map(|other| distance(point, other)).min_by(f64::total_cmp).unwrap();
            assert!((distance(point, &among[place]) - least).abs() < ROUNDING);
            assert!((far - least).abs() < ROUNDING, "{far} against {least}");
        }
    }
}

/// What was learned by heart is found as itself.
#[test]
fn a_copy_is_its_own_neighbour() {
    let among = normal(200, 5, 1);
    let copies = among.narrow(0, 20, 70);
    for (i, (place, far)) in nearest(&copies, &among).unwrap().into_iter().enumerate() {
        assert!(place == 20 + i && far < ROUNDING, "{i}: {place} at {far}");
    }
}
