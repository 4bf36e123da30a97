//! `ndarray` arrays as states: what every [`State`] has to do.

use crate::Batch;
use ndarray::{Array, Array1, Array3, array};
use proptest::prelude::*;
use tweedie_samplers::{Coefficient, Error, State};

use Coefficient::{PerSample, Same};

proptest! {
    /// Sums are linear, term by term, with one factor or one per sample.
    #[test]
    fn sums_are_element_by_element(a in [-2.0..2.0, -2.0..2.0], b in -2.0..2.0, values in any::<[i8; 4]>()) {
        let x = Array::from_iter(values.map(f64::from)).into_shape_with_order((2, 2)).unwrap();
        let y: Batch = array![[1.0, -2.0], [0.5, 3.0]];
        let found = Batch::combine(&[(PerSample(&a), &x), (Same(b), &y)]).unwrap();
        for ((i, j), &found) in found.indexed_iter() {
            prop_assert_eq!(found, a[i] * x[[i, j]] + b * y[[i, j]]);
        }
        prop_assert_eq!(x.mul(&y).unwrap(), &x * &y);
        prop_assert_eq!(State::clamp(&x, -50.0, 60.0).unwrap(), x.mapv(|value| value.clamp(-50.0, 60.0)));
        prop_assert_eq!(State::exp(&y).unwrap(), y.mapv(f64::exp));
        prop_assert_eq!(x.share(), x);
    }

    /// `like` writes sample by sample in row-major order for any memory order of the array.
    #[test]
    fn samples_are_written_in_row_major_order(turned in any::<bool>()) {
        let mut like = Array3::<f32>::zeros((2, 3, 4));
        if turned {
            like = Array3::zeros((4, 3, 2)).reversed_axes();
        }
        let made = like
            .like(&mut |i, values| {
                values.iter_mut().enumerate().for_each(|(e, value)| *value = (100 * i + e) as f64);
            })
            .unwrap();
        prop_assert_eq!((made.n_samples(), made.shape()), (2, &[2, 3, 4][..]));
        for ((i, j, k), &value) in made.indexed_iter() {
            prop_assert_eq!(value, (100 * i + 4 * j + k) as f32);
        }
    }
}

/// A vector is a batch of numbers; an empty batch is a batch.
#[test]
fn batches_of_numbers_and_of_nothing() {
    let x: Array1<f64> = array![1.0, 2.0, 3.0];
    assert_eq!(x.n_samples(), 3);
    let scaled = Array1::combine(&[(PerSample(&[1.0, 10.0, 100.0]), &x)]).unwrap();
    assert_eq!(scaled, array![1.0, 20.0, 300.0]);
    let empty = Batch::zeros((0, 5));
    assert_eq!(Batch::combine(&[(Same(2.0), &empty)]).unwrap(), empty);
}

/// A denoiser that went wrong must be seen: what is not a number is not moved into the range.
#[test]
fn clamping_keeps_what_is_not_a_number() {
    let x: Batch = array![[f64::NAN, 2.0]];
    let clamped = State::clamp(&x, -1.0, 1.0).unwrap();
    assert!(clamped[[0, 0]].is_nan(), "{clamped}");
}

/// What does not fit together is refused, with what was found and what was expected.
#[test]
fn misfits_are_refused() {
    let (x, y): (Batch, Batch) = (array![[1.0, 2.0]], array![[1.0], [2.0]]);
    let refusal = |result: Result<Batch, Error>| match result {
        Err(Error::Mismatch { found, expected, .. }) => (found, expected),
        other => panic!("expected a mismatch, found {other:?}"),
    };
    let shapes = || ("[2, 1]".to_string(), "[1, 2]".to_string());
    assert_eq!(refusal(Batch::combine(&[(Same(1.0), &x), (Same(1.0), &y)])), shapes());
    assert_eq!(refusal(x.mul(&y)), shapes());
    let factors = refusal(Batch::combine(&[(PerSample(&[1.0, 2.0, 3.0]), &y)]));
    assert_eq!(factors, ("3".to_string(), "2".to_string()));
    refusal(Batch::combine(&[]));
}
