//! Ways between two latent codes.

use crate::{Batch, within};
use ndarray::{Axis, array, concatenate, s};
use proptest::prelude::*;
use tweedie_samplers::slerp;

/// A few codes of six numbers.
fn codes(n: usize) -> impl Strategy<Value = Batch> {
    let numbers = prop::collection::vec(-3.0..3.0, n * 6);
    numbers.prop_map(move |numbers| Batch::from_shape_vec((n, 6), numbers).unwrap())
}

fn norm(x: &Batch) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn angle(a: &Batch, b: &Batch) -> f64 {
    ((a * b).sum() / (norm(a) * norm(b))).clamp(-1.0, 1.0).acos()
}

/// The greatest difference of two elements.
fn off(a: &Batch, b: &Batch) -> f64 {
    (a - b).iter().fold(0.0, |most: f64, off| most.max(off.abs()))
}

proptest! {
    /// The ends are the codes, and the way back is the way.
    #[test]
    fn ends_and_symmetry(a in codes(1), b in codes(1), share in 0.0..=1.0) {
        prop_assume!(angle(&a, &b) > 0.1 && angle(&a, &b) < 3.0);
        let between = |share| slerp(&a, &b, share).unwrap();
        prop_assert_eq!(between(0.0), a.clone());
        prop_assert!(off(&between(1.0), &b) < 1e-14);
        // 1 − (1 − share) has a rounding, and 1/sin of the angle, up to 10, is before all.
        prop_assert!(off(&between(share), &slerp(&b, &a, 1.0 - share).unwrap()) < 1e-13);
    }

    /// Codes of one norm are joined by an arc: the norm stays, and the angle grows in proportion to the share. acos loses half its digits
    /// near 1, where two codes are near each other.
    #[test]
    fn norms_stay_and_angles_add(a in codes(1), b in codes(1), share in 0.01..0.99) {
        prop_assume!(norm(&a) > 0.5 && norm(&b) > 0.5 && angle(&a, &b) > 0.1 && angle(&a, &b) < 3.0);
        let b = &b * (norm(&a) / norm(&b));
        let found = slerp(&a, &b, share).unwrap();
        within(norm(&found), norm(&a), 1e-13 * norm(&a));
        within(angle(&a, &found), share * angle(&a, &b), 1e-7);
        within(angle(&found, &b), (1.0 - share) * angle(&a, &b), 1e-7);
    }

    /// Codes of one or of opposite directions are joined by the line, as are those with a code of zeros.
    #[test]
    fn parallel_codes_are_joined_by_the_line(a in codes(1), factor in -2.0..2.0, share in 0.0..=1.0) {
        let b = factor * &a;
        prop_assert!(off(&slerp(&a, &b, share).unwrap(), &((1.0 - share) * &a + share * &b)) < 1e-14);
        let zero = 0.0 * &a;
        prop_assert!(off(&slerp(&a, &zero, share).unwrap(), &((1.0 - share) * &a)) < 1e-14);
    }

    /// Each sample has its own angle: alone or in a batch, the same bits.
    #[test]
    fn samples_have_their_own_angles(a in codes(3), b in codes(3), share in 0.0..=1.0) {
        let alone = |i: usize| {
            let own = |x: &Batch| x.slice(s![i..=i, ..]).to_owned();
            slerp(&own(&a), &own(&b), share).unwrap()
        };
        let parts = [alone(0), alone(1), alone(2)];
        let parts: Vec<_> = parts.iter().map(Batch::view).collect();
        prop_assert_eq!(slerp(&a, &b, share).unwrap(), concatenate(Axis(0), &parts).unwrap());
    }
}

/// Half the way between two axes is the diagonal.
#[test]
fn half_the_way_is_the_diagonal() {
    let found = slerp(&array![[2.0, 0.0]], &array![[0.0, 2.0]], 0.5).unwrap();
    let half = 2.0_f64.sqrt();
    assert!(off(&found, &array![[half, half]]) < 1e-15);
}
