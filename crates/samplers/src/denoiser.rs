//! What is clean, given what is noisy.

use crate::{Error, State};
use tweedie_math::NoiseLevel;

/// What a denoiser says of x_t = signal·x_0 + noise·ε.
#[derive(Debug)]
pub struct Estimate<X> {
    /// E[x_0 | x_t].
    pub x0: X,
    /// E[ε | x_t].
    pub eps: X,
    /// What it says of the reverse step's variance, if anything.
    pub spread: Option<Spread<X>>,
}

/// What a denoiser says of the reverse step's variance; the sampler resolves it with its own step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Spread<X> {
    /// ln σ², of x's shape.
    LogVariance(X),
    /// v in [−1, 1], of x's shape: ln σ² lies at (v + 1)/2 between ln β̃ and ln β (Nichol & Dhariwal 2021, eq. 15).
    Range(X),
    /// Var(x_0 | x_t), the mean over a sample's elements; one per sample.
    X0Variance(Vec<f64>),
}

/// A function from (x, level) to an [`Estimate`]. A score, by Tweedie's formula.
///
/// `at` is where x is: one level for the batch, or one per sample. `told` is what the network is told, which some published
/// algorithms let differ.
pub trait Denoiser<X: State> {
    /// The estimate at one set of levels while the network is told another.
    ///
    /// # Errors
    /// What the denoiser has to report, as [`Error::Other`], and levels that do not fit the batch.
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error>;

    /// The estimate, the network being told where x is.
    ///
    /// # Errors
    /// Those of [`Self::denoise_told`].
    fn denoise(&self, x: &X, at: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        self.denoise_told(x, at, at)
    }
}

impl<X: State, D: Denoiser<X> + ?Sized> Denoiser<X> for &D {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        (**self).denoise_told(x, at, told)
    }
}

impl<X: State, D: Denoiser<X> + ?Sized> Denoiser<X> for Box<D> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        (**self).denoise_told(x, at, told)
    }
}

/// A denoiser whose Jacobian can be multiplied with: what likelihoods, and guidance through x̂_0, need.
pub trait Differentiable<X: State>: Denoiser<X> {
    /// The estimate at x and, for each pair of cotangents (a, b), the gradient of ⟨a, x̂_0⟩ + ⟨b, ε̂⟩ with respect to x, sample by
    /// sample.
    ///
    /// # Errors
    /// Those of [`Denoiser::denoise`]; cotangents of another shape than x.
    fn denoise_vjp(
        &self,
        x: &X,
        at: &[NoiseLevel],
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error>;
}

impl<X: State, D: Differentiable<X> + ?Sized> Differentiable<X> for &D {
    fn denoise_vjp(
        &self,
        x: &X,
        at: &[NoiseLevel],
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        (**self).denoise_vjp(x, at, cotangents)
    }
}

impl<X: State, D: Differentiable<X> + ?Sized> Differentiable<X> for Box<D> {
    fn denoise_vjp(
        &self,
        x: &X,
        at: &[NoiseLevel],
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        (**self).denoise_vjp(x, at, cotangents)
    }
}
