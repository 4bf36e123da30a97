//! The distance between the samples of two samplers.

use tweedie_applications::comparison::Distance;

/// The root mean square over all samples is not the mean of their root mean squares: of 1 and 3 it is √5, not 2.
#[test]
fn a_distance_is_a_root_mean_square() {
    let found = Distance::of(&[1.0, 9.0]);
    assert!((found.rms - 5f64.sqrt()).abs() < 1e-15);
    assert_eq!(found.of_samples, [1.0, 3.0]);
    // The mean square is 5 ± 4, and d√m = dm/(2·√m).
    assert!((found.error - 4.0 / (2.0 * 5f64.sqrt())).abs() < 1e-15);
    assert_eq!(Distance::of(&[0.0, 0.0]), Distance { rms: 0.0, error: 0.0, of_samples: vec![0.0, 0.0] });
}
