//! Points against points: the discrepancy against its formula, and the verdict on halves of one set and on another set.

use crate::{normal, rows};
use tch::{Kind, Tensor};
use tweedie_data::{Dataset, PointKind, Points, Values};
use tweedie_evaluation::{Error, GaussianKernel, Scatter, judge_points};

/// Points of a built-in set from an index on, (n, 2).
fn points(kind: PointKind, from: u64, n: u64) -> Tensor {
    let set = Points::new(kind, 4);
    let values = (from..from + n).flat_map(|index| match set.values(index).unwrap() {
        Values::Floats(values) => values,
        Values::Bytes(_) => panic!("points are numbers"),
    });
    Tensor::from_slice(&values.collect::<Vec<f32>>()).reshape([n as i64, 2])
}

fn kernel(bandwidths: &[f64]) -> GaussianKernel {
    GaussianKernel { bandwidths: bandwidths.to_vec() }
}

/// Σ_{i≠j} k(x_i, x_j)/(n(n−1)) + the same of y − 2·Σ k(x_i, y_j)/(nm), pair by pair.
fn by_hand(kernel: &GaussianKernel, x: &Tensor, y: &Tensor) -> f64 {
    let (x, y) = (rows(x), rows(y));
    let k = |a: &[f64], b: &[f64]| {
        let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
        let of = |sigma: &f64| (-square / (2.0 * sigma * sigma)).exp();
        kernel.bandwidths.iter().map(of).sum::<f64>() / kernel.bandwidths.len() as f64
    };
    let within = |points: &[Vec<f64>]| {
        let n = points.len();
        let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|(i, j)| i != j);
        pairs.map(|(i, j)| k(&points[i], &points[j])).sum::<f64>() / (n * (n - 1)) as f64
    };
    let between = x.iter().flat_map(|a| y.iter().map(|b| k(a, b))).sum::<f64>();
    within(&x) + within(&y) - 2.0 * between / (x.len() * y.len()) as f64
}

#[test]
fn the_discrepancy_is_its_formula() {
    for (n, m, d) in [(30, 50, 2), (2, 2, 1), (17, 40, 5)] {
        let (x, y) = (normal(n, d, 1), normal(m, d, 2) * 1.3 + 0.4);
        for kernel in
            [kernel(&[0.7]), kernel(&[0.1, 0.5, 2.0]), GaussianKernel::of(&normal(20, d, 3)).unwrap()]
        {
            let (found, expected) = (kernel.mmd2(&x, &y).unwrap(), by_hand(&kernel, &x, &y));
            // Kernels are at most 1, and sums of some thousand are rounded at 1e-13 of them.
            assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
            assert!((kernel.mmd2(&y, &x).unwrap() - found).abs() < 1e-14);
        }
    }
}

/// The unbiased statistic leaves out the pairs of a point with itself within the sets, not between them: of a set with itself it is
/// −2·(1 − κ)/n, κ being the mean kernel of different points, which tends to 0. Points that are all the same are at 0.
#[test]
fn equal_sets_are_at_no_distance() {
    let kernel = kernel(&[0.4, 1.0]);
    for n in [10i64, 40, 400] {
        let x = normal(n, 2, 5);
        // Both sets far apart: 2κ is all that is left.
        let kappa = kernel.mmd2(&x, &(&x + 1e6)).unwrap() / 2.0;
        let found = kernel.mmd2(&x, &x).unwrap();
        let expected = -2.0 * (1.0 - kappa) / n as f64;
        assert!(expected < 0.0 && (found - expected).abs() < 1e-9, "{found} against {expected}");
    }
    let same = Tensor::ones([10, 2], (Kind::Double, tch::Device::Cpu));
    assert_eq!(kernel.mmd2(&same, &same).unwrap(), 0.0);
}

/// E MMD² of N(0, I) and N(a, I) is 2·c·(1 − e^(−‖a‖²/(2(σ² + 2)))) with c = (σ²/(σ² + 2))^(d/2).
#[test]
fn its_mean_is_the_known_one_for_gaussians() {
    let (sigma, shift, d) = (0.8f64, 0.5, 2);
    let total = sigma * sigma + 2.0;
    let scale = (sigma * sigma / total).powf(d as f64 / 2.0);
    let expected = 2.0 * scale * (1.0 - (-shift * shift * d as f64 / (2.0 * total)).exp());
    let kernel = kernel(&[sigma]);
    for (moved, truth) in [(0.0, 0.0), (shift, expected)] {
        let value = |seed: u64| {
            kernel.mmd2(&normal(60, d, 2 * seed), &(normal(60, d, 2 * seed + 1) + moved)).unwrap()
        };
        let values: Vec<f64> = (0..200).map(value).collect();
        let mean = values.iter().sum::<f64>() / 200.0;
        let error = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 199.0 / 200.0).sqrt();
        assert!((mean - truth).abs() < 4.0 * error, "{mean} ± {error} against {truth}");
    }
}

/// Bandwidths are multiples of the median distance: they grow with the data, and do not see where it lies.
#[test]
fn bandwidths_follow_the_median_distance() {
    let x = normal(101, 3, 7);
    let own = GaussianKernel::of(&x).unwrap().bandwidths;
    let all = rows(&x);
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    let mut distances: Vec<f64> =
        (0..101).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| distance(&all[i], &all[j])).collect();
    distances.sort_by(f64::total_cmp);
    // 5050 distances: LibTorch's median is the lower of the two in the middle.
    let median = distances[(distances.len() - 1) / 2];
    for (found, scale) in own.iter().zip([0.125, 0.25, 0.5, 1.0]) {
        assert!((found - scale * median).abs() < 1e-12, "{found} against {scale}·{median}");
    }
    let moved = GaussianKernel::of(&(x * 5.0 + 100.0)).unwrap().bandwidths;
    assert!(moved.iter().zip(&own).all(|(moved, own)| (moved / own - 5.0).abs() < 1e-9));
}

const N: u64 = 400;

/// The k-th set of real points, none of which is in two sets.
fn real(k: usize) -> Result<Tensor, Error> {
    Ok(points(PointKind::Moons, 1000 + N * k as u64, N))
}

#[test]
fn halves_of_one_set_are_within_the_floor_and_other_sets_beyond() {
    let judged = |samples: &Tensor| judge_points(samples, 40, false, false, &mut real).unwrap();
    let own = judged(&points(PointKind::Moons, 100_000, N));
    assert!(own.n == N as usize && own.floor.len() == 40 && !own.with_replacement);
    assert!(own.mmd2 <= own.floor_95, "{own}");
    // The quantile: 95 % of the 40 pairs are within it, so one or two beyond.
    let beyond = own.floor.iter().filter(|value| **value > own.floor_95).count();
    assert!((1..=2).contains(&beyond), "{beyond} beyond");
    assert!(own.to_string().contains("the samples are within it"), "{own}");
    // The floor is stated as the mean and the deviation of its pairs.
    assert_eq!(own.floor_scatter, Scatter::of(&own.floor));
    let Scatter { mean, deviation } = own.floor_scatter;
    assert!(own.to_string().contains(&format!("{mean:>12.3e} ± {deviation:.1e} (floor, 40 pairs)")), "{own}");
    for other in [PointKind::Rings, PointKind::EightGaussians, PointKind::Pinwheel] {
        let found = judged(&points(other, 0, N));
        assert!(found.mmd2 > 3.0 * found.floor_95, "{found}");
        assert!(found.to_string().contains("beyond"), "{found}");
        // The floor is the data's alone.
        assert_eq!((found.floor, found.kernel), (own.floor.clone(), own.kernel.clone()));
    }
    // A set that lost one of its moons, and one that is a little wider.
    let moons = points(PointKind::Moons, 200_000, 3 * N);
    let upper =
        moons.index_select(0, &moons.select(1, 1).gt(0.0).nonzero().squeeze_dim(1)).narrow(0, 0, N as i64);
    assert!(judged(&upper).mmd2 > own.floor_95);
    assert!(judged(&(points(PointKind::Moons, 300_000, N) * 1.3)).mmd2 > own.floor_95);
}

#[test]
fn too_few_points_are_refused() {
    let (one, two) = (normal(1, 2, 0), normal(2, 2, 1));
    for found in [
        GaussianKernel::of(&one).map(|_| 0.0),
        kernel(&[1.0]).mmd2(&one, &two),
        kernel(&[1.0]).mmd2(&two, &one),
        judge_points(&one, 1, true, false, &mut |k| Ok(normal(5, 2, k as u64))).map(|_| 0.0),
    ] {
        assert!(matches!(found, Err(Error::TooFew { found: 1, needed: 2, .. })), "{found:?}");
    }
    // What the source reports comes back as it is.
    let failing = |_| Err(Error::TooFew { what: "rows", found: 0, needed: 9 });
    assert!(judge_points(&two, 1, false, false, &mut { failing }).unwrap_err().to_string().contains("rows"));
}
