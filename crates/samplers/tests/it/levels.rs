//! One level per sample: as good as one call per sample.

use crate::{Batch, level};
use ndarray::{Array3, Axis, array, concatenate};
use proptest::prelude::*;
use tweedie_math::GaussianDenoiser;
use tweedie_samplers::{Denoiser, Error, Estimate};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 0.25 };

proptest! {
    /// The exact denoiser on a batch is its formula on each element, with each sample's own level.
    #[test]
    fn the_exact_denoiser_is_its_formula(log_snrs in [-8.0..8.0, -8.0..8.0, -8.0..8.0], x in -3.0..3.0) {
        let levels = log_snrs.map(level);
        let value = |(i, j, k)| -> f64 { x + [0.1, 1.0, 3.0][i] - (2 * j + k) as f64 };
        let x = Array3::from_shape_fn((3, 2, 2), value);
        let Estimate { x0, eps, spread } = DATA.denoise(&x, &levels).unwrap();
        prop_assert!(spread.is_none());
        for ((i, j, k), &x) in x.indexed_iter() {
            // The line through two values has a rounding of each, and an ε̂ of up to x/n.
            let tolerance = 1e-14 * (1.0 + x.abs()) * (1.0 + DATA.eps(x, levels[i]).abs());
            crate::within(x0[[i, j, k]], DATA.x0(x, levels[i]), tolerance);
            crate::within(eps[[i, j, k]], DATA.eps(x, levels[i]), tolerance);
        }
    }

    #[test]
    fn each_sample_has_its_own_level(log_snrs in [-8.0..8.0, -8.0..8.0], x in -3.0..3.0) {
        let levels = log_snrs.map(level);
        let x = array![[x, 1.0], [-1.0, x]];
        let together = DATA.denoise(&x, &levels).unwrap();
        let apart = [0, 1].map(|i| DATA.denoise(&x.select(Axis(0), &[i]), &levels[i..=i]).unwrap());
        let join = |part: fn(&Estimate<Batch>) -> &Batch| {
            concatenate(Axis(0), &[part(&apart[0]).view(), part(&apart[1]).view()]).unwrap()
        };
        prop_assert_eq!(together.x0, join(|estimate| &estimate.x0));
        prop_assert_eq!(together.eps, join(|estimate| &estimate.eps));
        // One level stands for all.
        let same = DATA.denoise(&x, &[levels[0]; 2]).unwrap();
        prop_assert_eq!(same.eps, DATA.denoise(&x, &levels[..1]).unwrap().eps);
    }
}

/// Neither one level nor one per sample is refused, with both numbers.
#[test]
fn another_number_of_levels_is_refused() {
    let x = array![[1.0], [2.0], [3.0]];
    for n in [0, 2, 4] {
        match DATA.denoise(&x, &vec![level(0.0); n]) {
            Err(Error::Mismatch { found, expected, .. }) => {
                assert_eq!((found, expected), (n.to_string(), "1 or 3".to_string()));
            }
            other => panic!("{n} levels for 3 samples: {other:?}"),
        }
    }
}
