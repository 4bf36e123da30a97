//! Dynamic thresholding.

use crate::{Batch, all_within, level};
use ndarray::{Axis, array};
use proptest::prelude::*;
use tweedie_samplers::{Clipped, Denoiser, EpsAfterClip, Error, Estimate, Levels, Thresholded};

/// A denoiser that predicts x̂_0 = x and ε̂ = 0.
struct Same;

impl Denoiser<Batch> for Same {
    fn denoise(&self, x: &Batch, _: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        Ok(Estimate { x0: x.clone(), eps: 0.0 * x, spread: None })
    }
}

fn thresholded(x: &Batch, quantile: f64, bound: f64, most: Option<f64>) -> Batch {
    let denoiser = Thresholded { inner: Same, quantile, bound, most, eps: EpsAfterClip::Rederive };
    let Estimate { x0, eps, .. } = denoiser.denoise(x, level(0.0).into()).unwrap();
    // Both still describe x.
    let (s, n) = (level(0.0).signal_rate(), level(0.0).noise_rate());
    all_within(&(s * &x0 + n * eps), x, 1e-13);
    x0
}

fn clipped(x: &Batch, bound: f64) -> Batch {
    let denoiser = Clipped { inner: Same, low: -bound, high: bound, eps: EpsAfterClip::Keep };
    denoiser.denoise(x, level(0.0).into()).unwrap().x0
}

fn points() -> impl Strategy<Value = Batch> {
    let numbers = prop::collection::vec(-3.0..3.0, 20);
    numbers.prop_map(|numbers| Batch::from_shape_vec((2, 10), numbers).unwrap())
}

/// The q-quantile of |x|, by sorting: between two elements on the straight line.
fn quantile(x: ndarray::ArrayView1<'_, f64>, q: f64) -> f64 {
    let mut sorted: Vec<f64> = x.iter().map(|x| x.abs()).collect();
    sorted.sort_by(f64::total_cmp);
    let place = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

proptest! {
    /// As Imagen has it: clipped at s and divided by s/bound, s being the quantile where it lies beyond the bound, the bound itself where it
    /// does not (then it is a plain clip, to the bit).
    #[test]
    fn it_is_imagens(x in points(), q in 0.05..=1.0, bound in 0.2..4.0) {
        let found = thresholded(&x, q, bound, None);
        for (found, x) in found.rows().into_iter().zip(x.rows()) {
            let s = quantile(x, q).max(bound);
            for (found, x) in found.iter().zip(x) {
                let expected = x.clamp(-s, s) / (s / bound);
                prop_assert!((found - expected).abs() < 1e-14 * bound.max(1.0), "{found} for {expected}");
            }
            if s == bound {
                let plain = clipped(&x.to_owned().insert_axis(Axis(0)), bound);
                prop_assert_eq!(found, plain.row(0));
            }
        }
    }

    /// Where s may be the bound at most all of it is a plain clip: `diffusers`' default.
    #[test]
    fn a_least_limit_makes_a_plain_clip(x in points(), q in 0.05..=1.0, bound in 0.2..4.0) {
        prop_assert_eq!(thresholded(&x, q, bound, Some(bound)), clipped(&x, bound));
        // A limit below the bound means the bound.
        prop_assert_eq!(thresholded(&x, q, bound, Some(0.5 * bound)), clipped(&x, bound));
    }

    /// A negative is the negative of it; the order of elements does not matter; beyond the bound neither does the contrast.
    #[test]
    fn it_is_indifferent_to_sign_order_and_contrast(x in points(), q in 0.05..=1.0, factor in 1.0..5.0) {
        let found = thresholded(&x, q, 1.0, None);
        prop_assert_eq!(&thresholded(&-&x, q, 1.0, None), &-&found);
        let mut reversed = x.clone();
        reversed.invert_axis(Axis(1));
        let mut back = thresholded(&reversed.as_standard_layout().to_owned(), q, 1.0, None);
        back.invert_axis(Axis(1));
        prop_assert_eq!(&back, &found);
        let brighter = thresholded(&(factor * &x), q, 1.0, None);
        for (i, row) in x.rows().into_iter().enumerate() {
            if quantile(row, q) >= 1.0 {
                all_within(&brighter.row(i).to_owned(), &found.row(i).to_owned(), 1e-14);
            }
        }
        prop_assert!(found.iter().all(|x| x.abs() <= 1.0));
    }
}

/// Each sample has its own threshold, and what is no quantile is refused.
#[test]
fn samples_have_their_own() {
    let x = array![[0.5, -0.25, 0.1, 1.0], [4.0, -2.0, 1.0, 0.0]];
    let found = thresholded(&x, 1.0, 1.0, None);
    assert_eq!(found, array![[0.5, -0.25, 0.1, 1.0], [1.0, -0.5, 0.25, 0.0]]);
    for quantile in [0.0, -0.1, 1.1, f64::NAN] {
        let denoiser = Thresholded { inner: Same, quantile, bound: 1.0, most: None, eps: EpsAfterClip::Keep };
        let refused = denoiser.denoise(&x, level(0.0).into()).unwrap_err();
        assert!(matches!(refused, Error::Parameter { name: "the quantile", .. }), "{refused:?}");
    }
}
