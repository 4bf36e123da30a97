//! The Fréchet distance against closed forms and its laws.

use crate::normal;
use tch::{Kind, Tensor};
use tweedie_evaluation::{Error, Moments, frechet_distance};

fn gaussian(mean: &[f64], covariance: &[f64]) -> Moments {
    let d = mean.len() as i64;
    let covariance = Tensor::from_slice(covariance).reshape([d, d]);
    Moments { mean: Tensor::from_slice(mean), covariance, n: 2 }
}

fn diagonal(mean: &[f64], variances: &[f64]) -> Moments {
    let covariance = Tensor::from_slice(variances).diag(0);
    Moments { mean: Tensor::from_slice(mean), covariance, n: 2 }
}

fn between(a: &Moments, b: &Moments) -> f64 {
    frechet_distance(a, b).unwrap()
}

/// Moments of 300 draws in 7 dimensions, correlated and shifted.
fn drawn(seed: u64) -> Tensor {
    normal(300, 7, seed).matmul(&normal(7, 7, seed + 1000)) + normal(1, 7, seed + 2000)
}

fn trace(moments: &Moments) -> f64 {
    moments.covariance.trace().double_value(&[])
}

#[test]
fn moments_are_those_of_the_definition() {
    let found = Moments::of(&Tensor::from_slice(&[1f32, 0.0, 3.0, 0.0, 5.0, 6.0]).reshape([3, 2])).unwrap();
    let of = |x: &Tensor| Vec::<f64>::try_from(x.flatten(0, -1)).unwrap();
    assert_eq!((of(&found.mean), found.n), (vec![3.0, 2.0], 3));
    assert_eq!(of(&found.covariance), [4.0, 6.0, 6.0, 12.0]);
    let error = Moments::of(&normal(1, 4, 0)).unwrap_err();
    assert!(matches!(error, Error::TooFew { found: 1, needed: 2, .. }), "{error}");
}

#[test]
fn of_equal_sets_it_is_zero() {
    for seed in 0..5 {
        let moments = Moments::of(&drawn(seed)).unwrap();
        assert!(between(&moments, &moments).abs() < 1e-12 * trace(&moments));
    }
}

/// Diagonal covariances: ‖μ₁ − μ₂‖² + Σ (σ₁ − σ₂)².
#[test]
fn of_independent_coordinates_it_is_a_sum() {
    let a = diagonal(&[1.0, -2.0, 0.5], &[4.0, 0.25, 1.0]);
    let b = diagonal(&[0.0, 1.0, 0.5], &[1.0, 1.0, 1e-4]);
    let expected = 1.0 + 9.0 + 1.0 + 0.25 + 0.99 * 0.99;
    assert!((between(&a, &b) - expected).abs() < 1e-12 * expected);
}

#[test]
fn a_shift_counts_its_square() {
    let features = drawn(3);
    let shift = Tensor::from_slice(&[0.0, 3.0, 0.0, 0.0, -4.0, 0.0, 12.0]);
    let (a, b) = (Moments::of(&features).unwrap(), Moments::of(&(&features + shift)).unwrap());
    // The means lose no more than the rounding of the features, 1e-16 of a few dozen.
    assert!((between(&a, &b) - 169.0).abs() < 1e-10 * (169.0 + trace(&a)));
}

/// For 2×2 matrices tr √M = √(tr M + 2·√det M), also where the covariances do not commute.
#[test]
fn in_two_dimensions_the_root_is_known() {
    let (a, b) = ([2.0, 0.9, 0.9, 1.0], [0.5, -0.3, -0.3, 3.0]);
    let trace_of_product = a[0] * b[0] + 2.0 * a[1] * b[1] + a[3] * b[3];
    let determinant = |m: [f64; 4]| m[0] * m[3] - m[1] * m[2];
    let root = (trace_of_product + 2.0 * (determinant(a) * determinant(b)).sqrt()).sqrt();
    let expected = 3.0 + 3.5 - 2.0 * root;
    let found = between(&gaussian(&[0.0; 2], &a), &gaussian(&[0.0; 2], &b));
    assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
}

#[test]
fn it_is_symmetric_and_knows_no_axes() {
    for seed in 0..5 {
        let (x, y) = (drawn(seed), drawn(seed + 50) * 0.7);
        let (a, b) = (Moments::of(&x).unwrap(), Moments::of(&y).unwrap());
        let plain = between(&a, &b);
        assert!((plain - between(&b, &a)).abs() < 1e-11 * plain);
        let (rotation, _) = Tensor::linalg_qr(&normal(7, 7, seed + 100), "reduced");
        let turned = [x, y].map(|it| Moments::of(&it.matmul(&rotation)).unwrap());
        assert!((plain - between(&turned[0], &turned[1])).abs() < 1e-11 * plain);
    }
}

#[test]
fn it_grows_with_the_square_of_the_scale() {
    for scale in [1e-3, 0.5, 40.0, 1e4] {
        let of = |seed: u64, scale: f64| Moments::of(&(drawn(seed) * scale)).unwrap();
        let (plain, scaled) = (between(&of(1, 1.0), &of(2, 1.0)), between(&of(1, scale), &of(2, scale)));
        assert!((scaled / (plain * scale * scale) - 1.0).abs() < 1e-11, "scale {scale}");
    }
}

/// Two draws of the same distribution: positive, and less for more of them.
#[test]
fn a_finite_number_of_draws_costs_something() {
    let of = |n: i64, seed: u64| Moments::of(&normal(n, 6, seed)).unwrap();
    let costs: Vec<f64> = [100, 1000, 10_000].iter().map(|&n| between(&of(n, 1), &of(n, 2))).collect();
    assert!(costs[0] > costs[1] && costs[1] > costs[2] && costs[2] > 0.0, "{costs:?}");
}

/// Covariances of rank 1 along one axis each: closed form although neither has an inverse.
#[test]
fn singular_covariances_have_a_distance() {
    let (a, b) = (diagonal(&[0.0; 3], &[4.0, 0.0, 0.0]), diagonal(&[0.0; 3], &[9.0, 0.0, 0.0]));
    assert!((between(&a, &b) - 1.0).abs() < 1e-12);
    let other = diagonal(&[0.0; 3], &[0.0, 9.0, 0.0]);
    assert!((between(&a, &other) - 13.0).abs() < 1e-12);
    let nothing = diagonal(&[0.0; 3], &[0.0; 3]);
    assert!((between(&a, &nothing) - 4.0).abs() < 1e-12);
    assert_eq!(between(&nothing, &nothing), 0.0);
}

/// More dimensions than draws: the distance is finite, and what rounding makes of the absent dimensions is small. It is the
/// root of a rounding error, 1e-8 of the spread for each of the dimensions that are absent.
#[test]
fn fewer_draws_than_dimensions_do_no_harm() {
    for (n, d) in [(2, 10), (20, 64), (50, 200)] {
        let (x, y) = (normal(n, d, 1), normal(n, d, 2));
        let (a, b) = (Moments::of(&x).unwrap(), Moments::of(&y).unwrap());
        let rounding = 1e-8 * (d - n + 1) as f64 * trace(&a) / (n - 1) as f64;
        let (same, other) = (between(&a, &a), between(&a, &b));
        assert!(same.abs() < 2.0 * rounding, "{n} in {d}: {same} of {}", trace(&a));
        assert!(other.is_finite() && other > 0.1 * trace(&a), "{n} in {d}: {other}");
        let all = Tensor::cat(&[&x, &x], 0).to_kind(Kind::Float);
        assert!(between(&Moments::of(&all).unwrap(), &a).is_finite());
    }
}
