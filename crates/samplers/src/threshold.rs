//! Dynamic thresholding (Saharia et al. 2022, sec. 2.3).

use crate::clip::eps_after;
use crate::{Coefficient, Denoiser, EpsAfterClip, Error, Estimate, State};
use tweedie_math::NoiseLevel;

/// A denoiser whose x̂_0 is brought into [−bound, bound]: clipped at s = the quantile of |x̂_0| over a sample's own elements, and divided
/// by s/bound. Where the quantile lies within the bound it is a plain clip.
#[derive(Debug, Clone, Copy)]
pub struct Thresholded<D> {
    /// The denoiser inside.
    pub inner: D,
    /// The share of elements below s, in (0, 1]; Imagen's .995.
    pub quantile: f64,
    /// The greatest absolute value of clean data.
    pub bound: f64,
    /// s is at most this; none is no limit. `diffusers`' default, the bound itself, makes a plain clip of all this.
    pub most: Option<f64>,
    /// What becomes of ε̂.
    pub eps: EpsAfterClip,
}

impl<X: State, D: Denoiser<X>> Denoiser<X> for Thresholded<D> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        let estimate = self.inner.denoise_told(x, at, told)?;
        let thresholds = estimate.x0.quantile_abs_per_sample(self.quantile)?;
        let most = self.most.unwrap_or(f64::INFINITY).max(self.bound);
        let shrink: Vec<f64> = thresholds.iter().map(|s| self.bound / s.clamp(self.bound, most)).collect();
        let x0 =
            X::combine(&[(Coefficient::PerSample(&shrink), &estimate.x0)])?.clamp(-self.bound, self.bound)?;
        let eps = eps_after(self.eps, x, &x0, estimate.eps, at)?;
        Ok(Estimate { x0, eps, spread: estimate.spread })
    }
}
