//! A denoiser whose x̂_0 is clipped to the range of the data.

use crate::{Denoiser, Error, Estimate, Levels, State};
use serde::{Deserialize, Serialize};
use tweedie_math::NoiseLevel;
use tweedie_math::number::{POSITIVE, is_positive};

/// The treatment of ε̂ after x̂_0 is clipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpsAfterClip {
    /// ε̂ is recomputed as (x − signal·x̂_0)/noise, so that both estimates describe the same x.
    #[default]
    Rederive,
    /// ε̂ is that of the network, as in `diffusers`' DDIM without `use_clipped_model_output`.
    Keep,
}

/// The options of clipping x̂_0 to the range of the data, which [`Clipped`] and [`Thresholded`](crate::Thresholded) implement. The
/// range itself is a property of the data.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClipOptions {
    /// The treatment of ε̂ after x̂_0 is clipped.
    pub after_clip: EpsAfterClip,
    /// The quantile of |x̂_0| for dynamic thresholding, in (0, 1]. `None` means a plain clip.
    pub threshold: Option<f64>,
    /// The upper limit of the threshold, in the model's units. `None` means no limit.
    pub threshold_most: Option<f64>,
}

impl ClipOptions {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a quantile outside (0, 1], or a limit that is not positive and finite in single precision.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(quantile) = self.threshold {
            let holds = quantile > 0.0 && quantile <= 1.0;
            Error::unless(holds, "the threshold's quantile", quantile, "above 0 and at most 1")?;
        }
        if let Some(most) = self.threshold_most {
            Error::unless(is_positive(most), "the greatest threshold", most, POSITIVE)?;
        }
        Ok(())
    }
}

/// A denoiser whose x̂_0 is clipped to [low, high].
#[derive(Debug, Clone, Copy)]
pub struct Clipped<D> {
    /// The denoiser inside.
    pub inner: D,
    /// The smallest value of clean data.
    pub low: f64,
    /// The greatest value of clean data.
    pub high: f64,
    /// The treatment of ε̂.
    pub eps: EpsAfterClip,
}

impl<D> Clipped<D> {
    fn clip<X: State>(&self, x: &X, at: Levels<'_>, estimate: Estimate<X>) -> Result<Estimate<X>, Error> {
        let x0 = estimate.x0.clamp(self.low, self.high)?;
        let eps = eps_after(self.eps, x, &x0, estimate.eps, at)?;
        Ok(Estimate { x0, eps, spread: estimate.spread })
    }
}

impl<X: State, D: Denoiser<X>> Denoiser<X> for Clipped<D> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.clip(x, at, self.inner.denoise(x, at)?)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.clip(x, at, self.inner.denoise_conditioned(x, at, network)?)
    }
}

/// ε̂ after x̂_0 was clipped.
pub(crate) fn eps_after<X: State>(
    how: EpsAfterClip,
    x: &X,
    x0: &X,
    predicted: X,
    at: Levels<'_>,
) -> Result<X, Error> {
    match how {
        EpsAfterClip::Keep => Ok(predicted),
        EpsAfterClip::Rederive => rederived(x, x0, &predicted, at),
    }
}

/// (x − signal·x̂_0)/noise. A level without noise does not determine ε, so that its samples keep the predicted ε̂.
pub(crate) fn rederived<X: State>(x: &X, x0: &X, predicted: &X, at: Levels<'_>) -> Result<X, Error> {
    let n = x.n_samples();
    let of = |noisy: fn(NoiseLevel) -> f64, clean: f64| {
        at.map(n, |level| Ok::<_, Error>(if level.is_clean() { clean } else { noisy(level) }))
    };
    let from_x = of(|level| 1.0 / level.noise_rate(), 0.0)?;
    let from_x0 = of(|level| -level.signal_rate() / level.noise_rate(), 0.0)?;
    let from_eps = of(|_| 0.0, 1.0)?;
    X::combine(&[
        (at.coefficient(&from_x), x),
        (at.coefficient(&from_x0), x0),
        (at.coefficient(&from_eps), predicted),
    ])
}
