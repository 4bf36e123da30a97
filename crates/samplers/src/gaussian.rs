//! The exact denoiser of Gaussian data as a [`Denoiser`].

use crate::{Denoiser, Differentiable, Error, Estimate, Levels, State};
use tweedie_math::{GaussianDenoiser, NoiseLevel};

impl<X: State> Denoiser<X> for GaussianDenoiser {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        // Both estimates are linear in x: value(0) + (value(1) − value(0))·x.
        let n = x.n_samples();
        let one = x.like(&mut |_, values| values.fill(1.0))?;
        let line = |value: &dyn Fn(f64, NoiseLevel) -> f64| -> Result<X, Error> {
            let constant = at.map(n, |level| Ok::<_, Error>(value(0.0, level)))?;
            let slope = at.map(n, |level| Ok::<_, Error>(value(1.0, level) - value(0.0, level)))?;
            X::combine(&[(at.coefficient(&slope), x), (at.coefficient(&constant), &one)])
        };
        Ok(Estimate {
            x0: line(&|x, level| self.x0(x, level))?,
            eps: line(&|x, level| self.eps(x, level))?,
            spread: None,
        })
    }

    /// The exact estimate at the level of x. There is no network, so that `network` has no effect.
    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, _network: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.denoise(x, at)
    }
}

impl<X: State> Differentiable<X> for GaussianDenoiser {
    /// Both estimates are linear in each element.
    fn denoise_vjp(
        &self,
        x: &X,
        at: Levels<'_>,
        cotangents: &[(X, X)],
    ) -> Result<(Estimate<X>, Vec<X>), Error> {
        let n = x.n_samples();
        let slopes = |value: &dyn Fn(f64, NoiseLevel) -> f64| {
            at.map(n, |level| Ok::<_, Error>(value(1.0, level) - value(0.0, level)))
        };
        let (of_x0, of_eps) =
            (slopes(&|x, level| self.x0(x, level))?, slopes(&|x, level| self.eps(x, level))?);
        let product =
            |(a, b): &(X, X)| X::combine(&[(at.coefficient(&of_x0), a), (at.coefficient(&of_eps), b)]);
        Ok((self.denoise(x, at)?, cotangents.iter().map(product).collect::<Result<_, _>>()?))
    }
}
