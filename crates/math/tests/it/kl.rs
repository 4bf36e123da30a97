//! The divergence of two Gaussians: sign, monotonicity, limits, and accuracy where it nearly vanishes. (By integration:
//! `laws`.)

use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::gaussian::{kl, u_minus_log1p};

proptest! {
    #[test]
    fn positive_but_between_equals(shift in 1e-6..3.0, v1 in 1e-6..1e6, v2 in 1e-6..1e6) {
        prop_assert_eq!(kl(0.0, v1, v1), 0.0);
        prop_assert!(kl(shift, v1, v1) > 0.0);
        prop_assert!(v1 == v2 || kl(0.0, v1, v2) > 0.0);
        prop_assert_eq!(kl(shift, v1, v2), kl(-shift, v1, v2));
    }

    /// It grows with the distance of the means, and with the ratio of the variances away from 1.
    #[test]
    fn it_grows_with_the_difference(shift in 0.0..3.0, more in 0.01..3.0, v1 in 0.05..5.0, v2 in 0.05..5.0) {
        prop_assert!(kl(shift + more, v1, v2) > kl(shift, v1, v2));
        let farther = if v1 > v2 { v1 * (1.0 + more) } else { v1 / (1.0 + more) };
        prop_assert!(kl(shift, farther, v2) > kl(shift, v1, v2));
    }

    /// Units do not matter: both variables may be multiplied by the same factor.
    #[test]
    fn it_has_no_units(shift in -3.0..3.0, v1 in 0.05..5.0, v2 in 0.05..5.0, unit in 0.01..100.0) {
        let rescaled = kl(shift * unit, v1 * unit * unit, v2 * unit * unit);
        // Rescaling moves the ratio r by some roundings, each of which moves the divergence by (r − 1)/2
        // times as much.
        let excess = f64::abs(v1 / v2 - 1.0);
        within(rescaled, kl(shift, v1, v2), 1e-15 * excess + 1e-14 * kl(shift, v1, v2));
    }

    /// For nearly equal variances it is u²/4 − u³/6 + u⁴/8 − …, to the last digits; u is exact for v₂ = 1.
    #[test]
    fn nearly_equal_variances_keep_their_digits(exponent in 10..45, minus in any::<bool>()) {
        let u = if minus { -0.5f64.powi(exponent) } else { 0.5f64.powi(exponent) };
        // The next term of the bracket is u⁵/6 of at most 1e-15.
        let expansion = u * u * (1.0 / 4.0 - u / 6.0 + u * u / 8.0 - u * u * u / 10.0 + u.powi(4) / 12.0);
        close(kl(0.0, 1.0 + u, 1.0), expansion, 2e-15);
    }
}

/// u − ln(1 + u) from 60-digit decimals (Python's `decimal`), on both sides of where the series takes over.
#[test]
fn u_minus_log1p_at_known_points() {
    for (u, expected) in [
        (0.5, 0.09453489189183562),
        (-0.5, 0.19314718055994531),
        (0.0301, 0.0004441150924893412),
        (0.0299, 0.00043828985038098906),
        (-0.0301, 0.0004623055826399617),
        (-0.0299, 0.00045612001489919734),
        (0.001, 4.996669164668332e-7),
        (-0.001, 5.003335835335002e-7),
        (1e-8, 4.999999966666667e-17),
        (-1e-8, 5.000000033333334e-17),
        (-0.999, 5.908755278982136),
        (20.0, 16.955477562276577),
    ] {
        // Outside the series the difference of two numbers near u = .03 leaves 2/u roundings.
        let tolerance = if f64::abs(u) > 0.03 { 1e-14 } else { 5e-16 };
        close(u_minus_log1p(u), expected, tolerance);
    }
    assert_eq!(u_minus_log1p(0.0), 0.0);
    assert_eq!(u_minus_log1p(-1.0), f64::INFINITY);
}

/// A point is infinitely far from any density; equal points are equal.
#[test]
fn a_point_is_infinitely_far_from_a_density() {
    assert_eq!(kl(0.3, 0.0, 1.0), f64::INFINITY);
    assert_eq!(kl(0.0, 0.0, 0.0), 0.0);
}

/// Any density, and any other point, is infinitely far from a point.
#[test]
fn everything_else_is_infinitely_far_from_a_point() {
    assert_eq!(kl(0.0, 1.0, 0.0), f64::INFINITY);
    assert_eq!(kl(0.3, 1.0, 0.0), f64::INFINITY);
    assert_eq!(kl(0.3, 0.0, 0.0), f64::INFINITY);
}
