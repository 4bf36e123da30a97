//! Denoisers, which predict x_0 and ε from a noisy x.

use crate::{Error, Levels, State};

/// The predictions of a denoiser from x_t = signal·x_0 + noise·ε.
#[derive(Debug)]
pub struct Estimate<X> {
    /// E[x_0 | x_t], of x's shape.
    pub x0: X,
    /// E[ε | x_t], of x's shape.
    pub eps: X,
    /// The prediction that determines the variance of the reverse step, if the denoiser makes one.
    pub spread: Option<Spread<X>>,
}

/// A prediction that determines the variance of the reverse step. A sampler computes the variance from it for each step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Spread<X> {
    /// ln σ², of x's shape.
    LogVariance(X),
    /// v, of x's shape and usually in [−1, 1]: ln σ² is interpolated from ln β̃ to ln β at (v + 1)/2 (Nichol & Dhariwal 2021, eq. 15).
    Range(X),
    /// Var(x_0 | x_t), as a mean over a sample's elements; one number per sample.
    X0Variance(Vec<f64>),
}

/// A function from (x, level) to an [`Estimate`]. By Tweedie's formula it is a score.
pub trait Denoiser<X: State> {
    /// The estimate for x at the levels `at`. The denoiser's network is conditioned on the same levels.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a wrong number of levels ([`Levels::check`]); other errors of the denoiser as [`Error::Other`].
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error>;

    /// The estimate for x at the levels `at` from a network that is conditioned on the levels `network`. The two differ in some
    /// published algorithms, such as DDIM inversion.
    ///
    /// The default calls [`Self::denoise`] if both are equal for every sample, and returns an error otherwise. A denoiser whose network
    /// can be conditioned on any level overrides this method, and so does a denoiser that wraps another one.
    ///
    /// # Errors
    /// [`Error::OtherLevel`] unless the denoiser supports levels that differ; errors returned by [`Self::denoise`].
    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        if at.agree_with(network, x.n_samples())? {
            return self.denoise(x, at);
        }
        Err(Error::OtherLevel)
    }
}

impl<X: State, D: Denoiser<X> + ?Sized> Denoiser<X> for &D {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        (**self).denoise(x, at)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        (**self).denoise_conditioned(x, at, network)
    }
}

impl<X: State, D: Denoiser<X> + ?Sized> Denoiser<X> for Box<D> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        (**self).denoise(x, at)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        (**self).denoise_conditioned(x, at, network)
    }
}

/// A denoiser whose Jacobian can be multiplied by a vector, as likelihoods and guidance through x̂_0 need.
pub trait Differentiable<X: State>: Denoiser<X> {
    /// The estimate at x and, for each pair of cotangents (a, b), the gradient of ⟨a, x̂_0⟩ + ⟨b, ε̂⟩ with respect to x, sample by
    /// sample. Cotangents and gradients have x's shape.
    ///
    /// # Errors
    /// Errors returned by [`Denoiser::denoise`]; [`Error::Mismatch`] for cotangents whose shape is not that of x.
    fn denoise_vjp(
        &self,
        x: &X,
        at: Levels<'_>,
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error>;
}

impl<X: State, D: Differentiable<X> + ?Sized> Differentiable<X> for &D {
    fn denoise_vjp(
        &self,
        x: &X,
        at: Levels<'_>,
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        (**self).denoise_vjp(x, at, cotangents)
    }
}

impl<X: State, D: Differentiable<X> + ?Sized> Differentiable<X> for Box<D> {
    fn denoise_vjp(
        &self,
        x: &X,
        at: Levels<'_>,
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        (**self).denoise_vjp(x, at, cotangents)
    }
}
