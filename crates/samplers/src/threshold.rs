//! Dynamic thresholding (Saharia et al. 2022, sec. 2.3).

use crate::clip::eps_after;
use crate::{Coefficient, Denoiser, EpsAfterClip, Error, Estimate, Levels, State};

/// A denoiser whose x̂_0 is limited to [−bound, bound]: x̂_0 is clipped at ±s, where s is the quantile of |x̂_0| over the elements of the
/// sample, and divided by s/bound. If s is at most the bound, this is a plain clip.
#[derive(Debug, Clone, Copy)]
pub struct Thresholded<D> {
    /// The denoiser inside.
    pub inner: D,
    /// The share of elements below s, in (0, 1]; .995 in Imagen.
    pub quantile: f64,
    /// The greatest absolute value of clean data.
    pub bound: f64,
    /// The upper limit of s; `None` means no limit. The default of `diffusers` is the bound itself, which gives a plain clip.
    pub most: Option<f64>,
    /// The treatment of ε̂.
    pub eps: EpsAfterClip,
}

impl<D> Thresholded<D> {
    fn threshold<X: State>(
        &self,
        x: &X,
        at: Levels<'_>,
        estimate: Estimate<X>,
    ) -> Result<Estimate<X>, Error> {
        let thresholds = estimate.x0.quantile_abs_per_sample(self.quantile)?;
        let most = self.most.unwrap_or(f64::INFINITY).max(self.bound);
        let shrink: Vec<f64> = thresholds.iter().map(|s| self.bound / s.clamp(self.bound, most)).collect();
        let x0 =
            X::combine(&[(Coefficient::PerSample(&shrink), &estimate.x0)])?.clamp(-self.bound, self.bound)?;
        let eps = eps_after(self.eps, x, &x0, estimate.eps, at)?;
        Ok(Estimate { x0, eps, spread: estimate.spread })
    }
}

impl<X: State, D: Denoiser<X>> Denoiser<X> for Thresholded<D> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.threshold(x, at, self.inner.denoise(x, at)?)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.threshold(x, at, self.inner.denoise_conditioned(x, at, network)?)
    }
}
