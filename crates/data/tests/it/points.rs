//! The built-in sets of points: deterministic by index, standardized, and of the forms that are documented.

use crate::likely;
use std::f64::consts::{PI, TAU};
use tweedie_data::{Dataset, Error, PointKind, Points, Values};
use tweedie_math::DataShape;

const N: u64 = 20_000;

fn point(set: &Points, index: u64) -> [f64; 2] {
    let Values::Floats(values) = set.values(index).unwrap() else { panic!("points are numbers") };
    [f64::from(values[0]), f64::from(values[1])]
}

#[test]
fn a_point_depends_on_its_kind_seed_and_index_alone() {
    for kind in PointKind::ALL {
        let set = Points::new(kind, 5);
        let forwards: Vec<_> = (0..50).map(|index| set.get(index).unwrap()).collect();
        let (again, other) = (Points::new(kind, 5), Points::new(kind, 6));
        for index in (0..50).rev() {
            assert_eq!(again.get(index).unwrap(), forwards[index as usize], "{kind}");
            assert_ne!(other.get(index).unwrap().values, forwards[index as usize].values, "{kind}");
        }
        let far = [1 << 32, 1 << 63, u64::MAX].map(|index| point(&set, index));
        assert!(
            far[0] != far[1] && far[1] != far[2] && far.as_flattened().iter().all(|x| x.is_finite()),
            "{kind}"
        );
    }
}

#[test]
fn every_kind_is_described() {
    for kind in PointKind::ALL {
        let set = Points::new(kind, 0);
        assert_eq!((set.kind(), set.name(), set.shape()), (kind, kind.to_string(), DataShape::point(2)));
        assert_eq!(
            (set.len(), set.may_flip(), set.moments()),
            (None, false, Some((vec![0.0; 2], vec![1.0; 2])))
        );
        let names = set.class_names();
        assert_eq!(names.is_empty(), kind == PointKind::Checkerboard);
        for index in 0..200 {
            let label = set.label(index);
            let name = label.map_or(String::new(), |label| names[label as usize].clone());
            assert_eq!((label.is_some(), set.caption(index)), (!names.is_empty(), name));
        }
    }
}

/// Means 0, variances 1 and no NaN, each within five of the statistic's own standard errors.
#[test]
fn coordinates_are_standardized() {
    for kind in PointKind::ALL {
        let set = Points::new(kind, 3);
        let points: Vec<[f64; 2]> = (0..N).map(|index| point(&set, index)).collect();
        for side in 0..2 {
            let within = |what: &str, expected: f64, value: &dyn Fn(f64) -> f64| {
                let values: Vec<f64> = points.iter().map(|point| value(point[side])).collect();
                let mean = values.iter().sum::<f64>() / N as f64;
                let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / N as f64;
                let error = (variance / N as f64).sqrt();
                assert!((mean - expected).abs() < 5.0 * error, "{kind}: {what} {side} is {mean} ± {error}");
            };
            within("the mean", 0.0, &|x| x);
            within("the variance", 1.0, &|x| x * x);
        }
    }
}

#[test]
fn parts_are_equally_likely() {
    for kind in PointKind::ALL {
        let set = Points::new(kind, 4);
        let n_parts = set.class_names().len();
        let mut counts = vec![0; n_parts];
        (0..N).filter_map(|index| set.label(index)).for_each(|label| counts[label as usize] += 1);
        counts.into_iter().for_each(|count| likely(count, N as usize, 1.0 / n_parts as f64));
    }
}

/// The raw points of a kind with their parts: standardization undone with the measured scale of the formula.
fn raw(kind: PointKind, mean: [f64; 2], scale: [f64; 2]) -> Vec<([f64; 2], usize)> {
    let set = Points::new(kind, 9);
    let undo = |index| {
        let point = point(&set, index);
        ([0, 1].map(|i| point[i] * scale[i] + mean[i]), set.label(index).unwrap_or(0) as usize)
    };
    (0..N).map(undo).collect()
}

/// The mean squared distance from the documented curve or centre is that of the noise across it.
#[track_caller]
fn noise_is(distances: impl Iterator<Item = f64>, deviation: f64) {
    let squares: Vec<f64> = distances.map(|distance| distance * distance).collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    let error = mean * (2.0 / squares.len() as f64).sqrt();
    assert!((mean - deviation * deviation).abs() < 5.0 * error + 0.02 * mean, "{} ± {error}", mean.sqrt());
}

#[test]
fn rings_and_gaussians_lie_where_they_should() {
    let scale = (7.0 / 3.0 + 0.0064f64).sqrt();
    let rings = raw(PointKind::Rings, [0.0; 2], [scale; 2]);
    noise_is(rings.iter().map(|([x, y], part)| x.hypot(*y) - (*part as f64 + 1.0)), 0.08);
    let blobs = raw(PointKind::EightGaussians, [0.0; 2], [8.25f64.sqrt(); 2]);
    let off = |([x, y], part): &([f64; 2], usize)| {
        let angle = TAU * *part as f64 / 8.0;
        [x - 4.0 * angle.cos(), y - 4.0 * angle.sin()]
    };
    for side in 0..2 {
        noise_is(blobs.iter().map(|blob| off(blob)[side]), 0.5);
    }
}

#[test]
fn moons_are_half_circles_that_face_each_other() {
    let apart = 2.0 / PI - 0.25;
    let scale = [0.76f64.sqrt(), (0.51 - 4.0 / (PI * PI) + apart * apart).sqrt()];
    let moons = raw(PointKind::Moons, [0.5, 0.25], scale);
    for ([x, y], part) in &moons {
        // Brought to the half circle above the origin.
        let (x, y) = if *part == 0 { (*x, *y) } else { (1.0 - x, 0.5 - y) };
        assert!(y > -0.55 && (x.hypot(y) - 1.0).abs() < 0.55, "{x} {y}");
    }
    let radius =
        |([x, y], part): &([f64; 2], usize)| if *part == 0 { x.hypot(*y) } else { (1.0 - x).hypot(0.5 - y) };
    noise_is(moons.iter().map(|moon| radius(moon) - 1.0), 0.1);
}

#[test]
fn the_checkerboards_light_fields_are_empty() {
    let scale = (4.0f64 / 3.0).sqrt();
    let mut counts = [0; 16];
    for ([x, y], _) in raw(PointKind::Checkerboard, [0.0; 2], [scale; 2]) {
        // 32-bit rounding may carry a point onto the edge of its field.
        let field = |value: f64| ((value + 2.0 - 1e-6).floor() as usize).min(3);
        counts[4 * field(y) + field(x)] += 1;
    }
    for (at, count) in counts.into_iter().enumerate() {
        if (at / 4 + at % 4) % 2 == 0 {
            likely(count, N as usize, 1.0 / 8.0);
        } else {
            assert!(count <= 1, "{count} points in a light field");
        }
    }
}

/// A spiral's second arm is the first turned by half a turn; a pinwheel's blades are one blade turned by fifths.
#[test]
fn arms_are_turned_copies_of_one() {
    let square = (3.0 * PI).powi(2) / 4.0 + 0.09;
    for (kind, scale) in [
        (PointKind::Spirals, [(square + 0.75).sqrt(), (square - 0.75).sqrt()]),
        (PointKind::Pinwheel, [0.55f64.sqrt(); 2]),
    ] {
        let parts = Points::new(kind, 0).class_names().len();
        let mut sums = vec![[0.0f64; 5]; parts];
        for ([x, y], part) in raw(kind, [0.0; 2], scale) {
            let (sine, cosine) = (-TAU * part as f64 / parts as f64).sin_cos();
            let (x, y) = (cosine * x - sine * y, sine * x + cosine * y);
            for (sum, value) in sums[part].iter_mut().zip([x, y, x * x, y * y, 1.0]) {
                *sum += value;
            }
        }
        for sum in &sums {
            for i in 0..2 {
                let (mean, first) = (sum[i] / sum[4], sums[0][i] / sums[0][4]);
                let error = (sum[i + 2] / sum[4] / sum[4]).sqrt() * 2.0f64.sqrt();
                assert!((mean - first).abs() < 5.0 * error, "{kind}: {mean} and {first} ± {error}");
            }
        }
    }
}

#[test]
fn kinds_have_names() {
    for kind in PointKind::ALL {
        assert_eq!(kind.name().parse::<PointKind>().unwrap(), kind);
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        assert_eq!(serde_json::from_str::<PointKind>(&format!("\"{kind}\"")).unwrap(), kind);
    }
    let error = "moon".parse::<PointKind>().unwrap_err();
    assert!(matches!(error, Error::Parameter { .. }));
    assert_eq!(
        error.to_string(),
        "the kind of points is moon; it must be one of moons, rings, checkerboard, spirals, pinwheel, eight_gaussians"
    );
}
