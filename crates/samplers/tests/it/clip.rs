//! Clipping: the two things that can become of ε̂.

use crate::{Batch, all_within, level};
use ndarray::{Axis, array, concatenate};
use proptest::prelude::*;
use tweedie_math::{GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{Clipped, Denoiser, EpsAfterClip, Error, Estimate, Levels, Spread};

use EpsAfterClip::{Keep, Rederive};

/// Wide data, so that estimates leave [−1, 1] often.
const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 4.0 };

fn clipped(eps: EpsAfterClip) -> Clipped<GaussianDenoiser> {
    Clipped { inner: DATA, low: -1.0, high: 1.0, eps }
}

proptest! {
    /// x̂_0 lies in the range, and is untouched where it did before.
    #[test]
    fn estimates_lie_in_the_range(log_snr in -6.0..6.0, x in -5.0..5.0) {
        let (x, at): (Batch, Levels<'_>) = (array![[x]], level(log_snr).into());
        let plain = DATA.denoise(&x, at).unwrap();
        for eps in [Keep, Rederive] {
            let found = clipped(eps).denoise(&x, at).unwrap();
            prop_assert_eq!(found.x0[[0, 0]], plain.x0[[0, 0]].clamp(-1.0, 1.0));
        }
    }

    /// Re-derived, x̂_0 and ε̂ describe x; and where nothing was clipped, ε̂ is what it was.
    #[test]
    fn rederived_estimates_add_up(log_snr in -6.0..6.0, x in -5.0..5.0) {
        let (level, x) = (level(log_snr), array![[x]]);
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let found = clipped(Rederive).denoise(&x, level.into()).unwrap();
        all_within(&(s * &found.x0 + n * &found.eps), &x, 1e-14);
        let plain = DATA.denoise(&x, level.into()).unwrap();
        if found.x0 == plain.x0 {
            // A difference of numbers below 5, divided by n.
            all_within(&found.eps, &plain.eps, 1e-14 / n);
        }
    }

    #[test]
    fn kept_noise_is_what_was_said(log_snr in -6.0..6.0, x in -5.0..5.0) {
        let (x, at) = (array![[x]], Levels::Same(level(log_snr)));
        prop_assert_eq!(clipped(Keep).denoise(&x, at).unwrap().eps, DATA.denoise(&x, at).unwrap().eps);
    }

    /// A level per sample is as good as a call per sample.
    #[test]
    fn each_sample_has_its_own_level(log_snrs in [-6.0..6.0, -6.0..6.0], x in -5.0..5.0) {
        let x = array![[x, 1.0 - x], [2.0 * x, x]];
        check_rows(&x, &log_snrs.map(level));
    }

    /// At clean data there is nothing to derive ε̂ from, which concerns no other sample of the batch.
    #[test]
    fn a_clean_sample_changes_no_other(log_snr in -6.0..6.0, x in -5.0..5.0) {
        check_rows(&array![[x], [0.5]], &[level(log_snr), NoiseLevel::CLEAN]);
    }
}

/// Denoises two rows together and apart.
fn check_rows(x: &Batch, levels: &[NoiseLevel; 2]) {
    for eps in [Keep, Rederive] {
        let together = clipped(eps).denoise(x, Levels::Each(levels)).unwrap();
        let apart = [0, 1].map(|i| {
            let row = x.select(Axis(0), &[i]);
            clipped(eps).denoise(&row, Levels::Each(&levels[i..=i])).unwrap()
        });
        let join = |part: fn(&Estimate<Batch>) -> &Batch| {
            concatenate(Axis(0), &[part(&apart[0]).view(), part(&apart[1]).view()]).unwrap()
        };
        assert_eq!(together.x0, join(|estimate| &estimate.x0));
        assert_eq!(together.eps, join(|estimate| &estimate.eps));
    }
}

/// At clean data ε̂ is the predicted one, and finite.
#[test]
fn clean_data_has_no_noise_to_derive() {
    let x = array![[3.0]];
    let found = clipped(Rederive).denoise(&x, NoiseLevel::CLEAN.into()).unwrap();
    assert_eq!((found.x0, found.eps), (array![[1.0]], array![[0.0]]));
}

/// A denoiser that can be conditioned on another level than that of x, and predicts a variance.
struct TwoLevels;

impl Denoiser<Batch> for TwoLevels {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.denoise_conditioned(x, at, at)
    }

    fn denoise_conditioned(
        &self,
        x: &Batch,
        at: Levels<'_>,
        network: Levels<'_>,
    ) -> Result<Estimate<Batch>, Error> {
        let (at, network) = (at.get(0).log_snr(), network.get(0).log_snr());
        let spread = Some(Spread::LogVariance(x + network));
        Ok(Estimate { x0: x * 0.0 + at, eps: x * 0.0 + network, spread })
    }
}

/// Clipping hands on the network's level and leaves the learned variance alone; so do references and boxes.
#[test]
fn wrappers_hand_on_what_they_do_not_change() {
    let x = array![[0.25]];
    let (at, network) = (level(0.5).into(), level(2.0).into());
    let boxed: Box<dyn Denoiser<Batch>> = Box::new(TwoLevels);
    let of_reference = Clipped { inner: &TwoLevels, low: -1.0, high: 1.0, eps: Keep };
    let of_box = Clipped { inner: boxed, low: -1.0, high: 1.0, eps: Keep };
    for found in
        [of_reference.denoise_conditioned(&x, at, network), of_box.denoise_conditioned(&x, at, network)]
    {
        let Estimate { x0, eps, spread } = found.unwrap();
        all_within(&x0, &array![[0.5]], 1e-15);
        all_within(&eps, &array![[2.0]], 1e-15);
        let Some(Spread::LogVariance(log_variance)) = spread else { panic!("the learned variance is gone") };
        all_within(&log_variance, &array![[2.25]], 1e-15);
    }
}
