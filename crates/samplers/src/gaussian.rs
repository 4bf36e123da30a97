//! The exact denoiser of Gaussian data as a [`Denoiser`].

use crate::state::{coefficient, per_level};
use crate::{Denoiser, Differentiable, Error, Estimate, State};
use tweedie_math::{GaussianDenoiser, NoiseLevel};

impl<X: State> Denoiser<X> for GaussianDenoiser {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], _told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        // Both estimates are linear in x: value(0) + (value(1) − value(0))·x.
        let n = x.n_samples();
        let one = x.like(&mut |_, values| values.fill(1.0))?;
        let line = |value: &dyn Fn(f64, NoiseLevel) -> f64| -> Result<X, Error> {
            let constant = per_level(n, at, |level| Ok::<_, Error>(value(0.0, level)))?;
            let slope = per_level(n, at, |level| Ok::<_, Error>(value(1.0, level) - value(0.0, level)))?;
            X::combine(&[(coefficient(&slope), x), (coefficient(&constant), &one)])
        };
        Ok(Estimate {
            x0: line(&|x, level| self.x0(x, level))?,
            eps: line(&|x, level| self.eps(x, level))?,
            spread: None,
        })
    }
}

impl<X: State> Differentiable<X> for GaussianDenoiser {
    /// Both estimates are lines in each element.
    fn denoise_vjp(
        &self,
        x: &X,
        at: &[NoiseLevel],
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        let n = x.n_samples();
        let slopes = |value: &dyn Fn(f64, NoiseLevel) -> f64| {
            per_level(n, at, |level| Ok::<_, Error>(value(1.0, level) - value(0.0, level)))
        };
        let (of_x0, of_eps) =
            (slopes(&|x, level| self.x0(x, level))?, slopes(&|x, level| self.eps(x, level))?);
        let product = |(a, b): &(X, X)| X::combine(&[(coefficient(&of_x0), a), (coefficient(&of_eps), b)]);
        Ok((self.denoise(x, at)?, cotangents.iter().map(product).collect::<Result<_, _>>()?))
    }
}
