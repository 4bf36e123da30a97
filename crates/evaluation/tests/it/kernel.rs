//! The kernel distance: against the direct sum, unbiased, with an error that is its own.

use crate::{normal, rows};
use tch::Tensor;
use tweedie_evaluation::{Error, Estimate, kernel_distance};

/// The definition, one pair at a time.
fn direct(a: &Tensor, b: &Tensor) -> f64 {
    let (a, b) = (rows(a), rows(b));
    let kernel = |x: &Vec<f64>, y: &Vec<f64>| {
        let product: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
        (product / x.len() as f64 + 1.0).powi(3)
    };
    let within = |set: &[Vec<f64>]| {
        let mut sum = 0.0;
        for i in 0..set.len() {
            sum += (0..set.len()).filter(|&j| j != i).map(|j| kernel(&set[i], &set[j])).sum::<f64>();
        }
        sum / (set.len() * (set.len() - 1)) as f64
    };
    let across: f64 = a.iter().map(|x| b.iter().map(|y| kernel(x, y)).sum::<f64>()).sum();
    within(&a) + within(&b) - 2.0 * across / (a.len() * b.len()) as f64
}

#[test]
fn it_is_the_direct_sum() {
    for (n, m, d) in [(40, 40, 5), (101, 57, 12), (40, 333, 3)] {
        let (a, b) = (normal(n, d, 1) * 1.5, normal(m, d, 2) + 0.2);
        let (found, expected) = (kernel_distance(&a, &b).unwrap().value, direct(&a, &b));
        // The sums are of some thousand kernels of about 10, each rounded at 1e-16.
        assert!((found - expected).abs() < 1e-11, "{found} against {expected}");
        let turned = kernel_distance(&b, &a).unwrap();
        assert!((turned.value - found).abs() < 1e-11);
    }
}

/// The jackknife's definition: leave out a group of both sides at a time. Where groups are equal, any order of groups does.
#[test]
fn its_error_is_the_jackknifes() {
    let (a, b) = (normal(60, 4, 3), normal(80, 4, 4) + 0.3);
    let without = |x: &Tensor, g: i64| {
        let size = x.size()[0] / 20;
        Tensor::cat(&[x.narrow(0, 0, g * size), x.narrow(0, (g + 1) * size, (19 - g) * size)], 0)
    };
    let values: Vec<f64> = (0..20).map(|g| direct(&without(&a, g), &without(&b, g))).collect();
    let mean = values.iter().sum::<f64>() / 20.0;
    let expected = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() * 19.0 / 20.0).sqrt();
    let found = kernel_distance(&a, &b).unwrap().error;
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} against {expected}");
}

/// Estimates over many seeds: their mean, their spread, and the mean of the errors they report.
fn over_seeds(shift: f64) -> [f64; 3] {
    let seeds = 160;
    let estimate = |seed: u64| {
        kernel_distance(&normal(60, 6, 2 * seed), &(normal(60, 6, 2 * seed + 1) + shift)).unwrap()
    };
    let all: Vec<Estimate> = (0..seeds).map(estimate).collect();
    let mean = |of: &dyn Fn(&Estimate) -> f64| all.iter().map(of).sum::<f64>() / seeds as f64;
    let value = mean(&|it| it.value);
    let spread = mean(&|it| (it.value - value).powi(2)).sqrt();
    [value, spread, mean(&|it| it.error)]
}

/// Draws of one distribution: 0 on average. There the statistic's first-order part vanishes, and a jackknife counts its
/// second-order part twice in the variance (a little more, groups of three being left out of 60): the error is about 1.5 of
/// the spread, on the careful side.
#[test]
fn of_one_distribution_it_is_zero_on_average() {
    let [mean, spread, error] = over_seeds(0.0);
    let standard_error = spread / 160f64.sqrt();
    assert!(mean.abs() < 4.0 * standard_error, "{mean} ± {standard_error}");
    // A spread of 160 draws is known to 1/√320 = 6 %; of a skewed distribution to perhaps 12 %.
    assert!((1.0..1.9).contains(&(error / spread)), "reported {error}, found {spread}");
}

/// Draws of different distributions: the expectation is known, E k(x, y) of independent normal draws being elementary.
#[test]
fn a_shift_is_found_with_an_honest_error() {
    let shift = 0.4;
    let [mean, spread, error] = over_seeds(shift);
    assert!((0.8..1.3).contains(&(error / spread)), "reported {error}, found {spread}");
    // With t = x·y/d of mean m, variance v and third central moment τ: E (t + 1)³ = (m + 1)³ + 3(m + 1)·v + τ; for
    // x ~ N(a·1, I) and y ~ N(b·1, I) they are m = ab, v = (1 + a² + b²)/d and τ = 6ab/d².
    let d = 6.0;
    let expectation = |a: f64, b: f64| {
        let (m, v, third) = (a * b, (1.0 + a * a + b * b) / d, 6.0 * a * b / (d * d));
        (m + 1.0).powi(3) + 3.0 * (m + 1.0) * v + third
    };
    let truth = expectation(0.0, 0.0) + expectation(shift, shift) - 2.0 * expectation(0.0, shift);
    assert!((mean - truth).abs() < 4.0 * spread / 160f64.sqrt(), "{mean} against {truth}");
    let one = kernel_distance(&normal(400, 6, 1), &(normal(400, 6, 2) + shift)).unwrap();
    assert!(one.value > 5.0 * one.error, "{one:?}");
}

#[test]
fn forty_on_each_side_are_needed() {
    for (n, m) in [(39, 100), (100, 39), (0, 100)] {
        let error = kernel_distance(&normal(n, 3, 1), &normal(m, 3, 2)).unwrap_err();
        assert!(matches!(error, Error::TooFew { needed: 40, .. }), "{error}");
        assert!(error.to_string().contains("kernel distance"), "{error}");
    }
    assert!(kernel_distance(&normal(50, 3, 1), &normal(50, 4, 2)).is_err(), "of different features");
}
