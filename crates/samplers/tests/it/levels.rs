//! One level per sample: as good as one call per sample.

use crate::{Batch, level};
use ndarray::{Array3, Axis, array, concatenate};
use proptest::prelude::*;
use tweedie_math::{GaussianData, GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{
    Clipped, Denoiser, Differentiable, Divergence, EpsAfterClip, Error, Estimate, Exact, Extrapolated,
    Levels, NoNoise, Thresholded, WithX0Variance, noised,
};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 0.25 };

proptest! {
    /// The exact denoiser on a batch is its formula on each element, with each sample's own level.
    #[test]
    fn the_exact_denoiser_is_its_formula(log_snrs in [-8.0..8.0, -8.0..8.0, -8.0..8.0], x in -3.0..3.0) {
        let levels = log_snrs.map(level);
        let value = |(i, j, k)| -> f64 { x + [0.1, 1.0, 3.0][i] - (2 * j + k) as f64 };
        let x = Array3::from_shape_fn((3, 2, 2), value);
        let Estimate { x0, eps, spread } = DATA.denoise(&x, Levels::Each(&levels)).unwrap();
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
        let together = DATA.denoise(&x, Levels::Each(&levels)).unwrap();
        let apart = [0, 1].map(|i| DATA.denoise(&x.select(Axis(0), &[i]), Levels::Each(&levels[i..=i])).unwrap());
        let join = |part: fn(&Estimate<Batch>) -> &Batch| {
            concatenate(Axis(0), &[part(&apart[0]).view(), part(&apart[1]).view()]).unwrap()
        };
        prop_assert_eq!(together.x0, join(|estimate| &estimate.x0));
        prop_assert_eq!(together.eps, join(|estimate| &estimate.eps));
        // One level stands for all.
        let same = DATA.denoise(&x, Levels::Each(&[levels[0]; 2])).unwrap();
        prop_assert_eq!(same.eps, DATA.denoise(&x, levels[0].into()).unwrap().eps);
    }
}

/// Neither one level nor one per sample is refused, with both numbers.
#[test]
fn another_number_of_levels_is_refused() {
    let x = array![[1.0], [2.0], [3.0]];
    let data = GaussianData::isotropic(vec![0.5], 0.25).unwrap();
    let clipped = Clipped { inner: DATA, low: -1.0, high: 1.0, eps: EpsAfterClip::Rederive };
    for n in [0, 2, 4] {
        let levels = vec![level(0.0); n];
        let each = Levels::Each(&levels);
        let refusals = [
            DATA.denoise(&x, each).err(),
            Exact(&data).denoise(&x, each).err(),
            clipped.denoise(&x, each).err(),
            Exact(&data).denoise_vjp(&x, each, &[]).err(),
            WithX0Variance::new(DATA, Divergence::Exact, &NoNoise).denoise(&x, each).err(),
            noised(&x, &x, each).err(),
            Levels::of(&levels, 3).err(),
            each.check(3).err(),
        ];
        for (i, refused) in refusals.into_iter().enumerate() {
            let Some(Error::Mismatch { what, found, expected }) = refused else {
                panic!("refusal {i} of {n} levels for 3 samples: {refused:?}");
            };
            assert_eq!(what, "noise levels of a batch");
            assert_eq!((found, expected), (n.to_string(), "1 or 3".to_string()));
        }
    }
}

/// A single level is that of every sample, n levels are one for each.
#[test]
fn levels_of_a_slice() {
    let (a, b) = (level(-1.0), level(2.0));
    let (one, two) = ([a], [a, b]);
    let (same, each) = (Levels::of(&one, 5).unwrap(), Levels::of(&two, 2).unwrap());
    assert_eq!((same, each), (Levels::from(a), Levels::Each(&two)));
    assert_eq!((same.as_slice(), each.as_slice()), (&one[..], &two[..]));
    assert_eq!([same.get(0), same.get(4), each.get(0), each.get(1)], [a, a, a, b]);
    assert!(each.any(|level| level == b) && !same.any(|level| level == b));
    let log_snr = |level: NoiseLevel| Ok::<_, Error>(level.log_snr());
    assert_eq!(same.map(5, log_snr).unwrap(), [a.log_snr()]);
    assert_eq!(each.map(2, log_snr).unwrap(), [a.log_snr(), b.log_snr()]);
    let failing = same.map(5, |_| Err::<f64, _>(Error::other("no number")));
    assert_eq!(failing.unwrap_err().to_string(), "no number");
}

/// A denoiser without a level of its own for its network.
struct OneLevel;

impl Denoiser<Batch> for OneLevel {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        DATA.denoise(x, at)
    }
}

/// A denoiser that cannot be conditioned on another level returns [`Error::OtherLevel`], and so do the wrappers around it. Equal levels
/// are accepted in either form.
#[test]
fn another_level_is_refused() {
    let x: Batch = array![[0.3], [-1.0]];
    let (at, other) = (level(0.0), level(1.0));
    let clipped = Clipped { inner: OneLevel, low: -1.0, high: 1.0, eps: EpsAfterClip::Keep };
    let thresholded =
        Thresholded { inner: OneLevel, quantile: 1.0, bound: 1.0, most: None, eps: EpsAfterClip::Keep };
    let beyond = Extrapolated::new(OneLevel, OneLevel, 2.0);
    let with_variance = WithX0Variance::new(DATA, Divergence::Exact, &NoNoise);
    let denoisers: [&dyn Denoiser<Batch>; 6] =
        [&OneLevel, &Box::new(OneLevel), &clipped, &thresholded, &beyond, &with_variance];
    for (i, denoiser) in denoisers.into_iter().enumerate() {
        let plain = denoiser.denoise(&x, at.into()).unwrap().eps;
        let of = |network: Levels<'_>| denoiser.denoise_conditioned(&x, at.into(), network);
        for same in [Levels::Same(at), Levels::Each(&[at; 2])] {
            assert_eq!(of(same).unwrap().eps, plain, "denoiser {i}");
        }
        for another in [Levels::Same(other), Levels::Each(&[at, other])] {
            assert!(matches!(of(another), Err(Error::OtherLevel)), "denoiser {i}");
        }
        assert!(matches!(of(Levels::Each(&[at; 3])), Err(Error::Mismatch { .. })), "denoiser {i}");
    }
    // Exact denoisers have no network and ignore its level.
    let exact = DATA.denoise_conditioned(&x, at.into(), other.into()).unwrap();
    assert_eq!(exact.eps, DATA.denoise(&x, at.into()).unwrap().eps);
}

proptest! {
    /// Noised data is signal·x_0 + noise·ε at each sample's own level.
    #[test]
    fn noised_data_is_its_formula(log_snrs in [-8.0..8.0, -8.0..8.0], x0 in -3.0..3.0, eps in -3.0..3.0) {
        let levels = log_snrs.map(level);
        let (x0, eps): (Batch, Batch) = (array![[x0, 1.0], [-2.0, x0]], array![[eps, 0.5], [eps, -eps]]);
        let each = noised(&x0, &eps, Levels::Each(&levels)).unwrap();
        for ((i, j), found) in each.indexed_iter() {
            let expected = levels[i].signal_rate() * x0[[i, j]] + levels[i].noise_rate() * eps[[i, j]];
            prop_assert_eq!(*found, expected);
        }
        let same = noised(&x0, &eps, levels[0].into()).unwrap();
        prop_assert_eq!(same.row(0), each.row(0));
        let again = noised(&x0, &eps, Levels::Each(&[levels[0]; 2])).unwrap();
        prop_assert_eq!(same, again);
    }
}
