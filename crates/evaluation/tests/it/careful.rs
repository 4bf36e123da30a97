//! What is easily got wrong: ranks, copies, emptiness.

use crate::{SHAPE, images, normal};
use tweedie_data::Shapes;
use tweedie_evaluation::{Error, Extractor, Moments, frechet_distance, nearest, shapes_quality};

/// Of a rank-deficient set with itself the distance is to be non-negative up to 1e-9 of the spread.
#[test]
fn rank_deficient_sets_are_at_no_negative_distance() {
    let mut worst = 0.0f64;
    for (n, d) in [(2, 10), (20, 64), (50, 200), (100, 1024)] {
        let a = Moments::of(&normal(n, d, 1)).unwrap();
        let trace = a.covariance.trace().double_value(&[]);
        let relative = frechet_distance(&a, &a).unwrap() / trace;
        worst = worst.min(relative);
    }
    assert!(worst > -1e-9, "{worst:e}");
}

/// Noise has nothing of the data, so its distance is 1.
#[test]
fn nothing_accepted_is_as_far_as_can_be() {
    let noise: Vec<Vec<u8>> =
        (0..20u32).map(|i| (0..768u32).map(|at| ((at * 7919 + i * 104_729) % 251) as u8).collect()).collect();
    let found = shapes_quality(&noise, &Shapes::new(16, 16, 0).unwrap()).unwrap();
    assert_eq!((found.recognised(1.0), found.distance()), (0.0, 1.0));
}

/// No images at all are too few, not a complaint of LibTorch's.
#[test]
fn no_images_are_too_few() {
    let judge = Extractor::pixels(&images(0, 60), SHAPE).unwrap();
    let found = judge.read(&[], SHAPE);
    assert!(found.is_ok() || matches!(found, Err(Error::TooFew { .. })), "{found:?}");
}

/// A copy is at distance 0 of itself; ‖x‖² + ‖y‖² − 2x·y leaves the root of a rounding.
#[test]
fn a_copy_is_at_no_distance() {
    let among = normal(200, 84, 1) * 10.0 + 30.0;
    let far = nearest(&among, &among).unwrap().into_iter().map(|it| it.1).fold(0.0, f64::max);
    assert!(far < 1e-12, "{far:e}");
}

#[test]
fn a_short_sample_is_an_error() {
    let found = shapes_quality(&[vec![0; 10]], &Shapes::new(16, 16, 0).unwrap());
    assert!(found.unwrap_err().to_string().contains("10"));
}
