//! A denoiser that knows the data's range.

use crate::state::{coefficient, per_level};
use crate::{Denoiser, Error, Estimate, State};
use tweedie_math::NoiseLevel;

/// What becomes of ε̂ when x̂_0 is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EpsAfterClip {
    /// ε̂ = (x − signal·x̂_0)/noise again, so that both still describe the same x.
    #[default]
    Rederive,
    /// ε̂ stays what the network said, as `diffusers`' DDIM does unless `use_clipped_model_output` is set.
    Keep,
}

/// A denoiser whose x̂_0 is moved into [low, high].
#[derive(Debug, Clone, Copy)]
pub struct Clipped<D> {
    /// The denoiser inside.
    pub inner: D,
    /// The smallest value of clean data.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// What becomes of ε̂.
    pub eps: EpsAfterClip,
}

impl<X: State, D: Denoiser<X>> Denoiser<X> for Clipped<D> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        let estimate = self.inner.denoise_told(x, at, told)?;
        let x0 = estimate.x0.clamp(self.low, self.high)?;
        let eps = eps_after(self.eps, x, &x0, estimate.eps, at)?;
        Ok(Estimate { x0, eps, spread: estimate.spread })
    }
}

/// ε̂ once x̂_0 was moved.
pub(crate) fn eps_after<X: State>(
    how: EpsAfterClip,
    x: &X,
    x0: &X,
    said: X,
    at: &[NoiseLevel],
) -> Result<X, Error> {
    match how {
        EpsAfterClip::Keep => Ok(said),
        EpsAfterClip::Rederive => rederived(x, x0, &said, at),
    }
}

/// (x − signal·x̂_0)/noise. Without noise there is nothing to derive ε from: such a sample keeps what was said.
pub(crate) fn rederived<X: State>(x: &X, x0: &X, said: &X, at: &[NoiseLevel]) -> Result<X, Error> {
    let n = x.n_samples();
    let of = |noisy: fn(NoiseLevel) -> f64, clean: f64| {
        per_level(n, at, |level| Ok::<_, Error>(if level.is_clean() { clean } else { noisy(level) }))
    };
    let from_x = of(|level| 1.0 / level.noise_rate(), 0.0)?;
    let from_x0 = of(|level| -level.signal_rate() / level.noise_rate(), 0.0)?;
    let from_eps = of(|_| 0.0, 1.0)?;
    X::combine(&[(coefficient(&from_x), x), (coefficient(&from_x0), x0), (coefficient(&from_eps), said)])
}
