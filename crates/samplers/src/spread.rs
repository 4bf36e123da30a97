//! The variance of x_0 given x_t from the denoiser's Jacobian.

use crate::likelihood::cotangents;
use crate::{
    Coefficient, Denoiser, Differentiable, Divergence, Error, Estimate, Levels, NoiseSource, Spread, State,
};

/// A denoiser that also predicts Var(x_0 | x_t), as a mean over a sample's elements. [`ReverseVariance::Optimal`] needs it.
///
/// By Tweedie's formula of second order, Cov(x_0 | x_t) = noise²/signal·∂x̂_0/∂x_t (the derivative of Robbins' and Miyasawa's
/// identity). The trace is computed along every axis, or estimated by random probes, which differ between levels. Each evaluation costs
/// one product with the Jacobian per axis or probe. A negative estimate by probes is set to 0, which biases small variances upwards. The
/// formula does not apply at a level without signal; the variance there is 0, so that the step from this level has the variance β̃.
///
/// The network cannot be conditioned on a level that differs from the level of x ([`Error::OtherLevel`]).
///
/// [`ReverseVariance::Optimal`]: crate::ReverseVariance::Optimal
pub struct WithX0Variance<'a, X, D> {
    inner: D,
    divergence: Divergence,
    noise: &'a dyn NoiseSource<X>,
}

impl<'a, X: State, D: Differentiable<X>> WithX0Variance<'a, X, D> {
    /// Wraps a differentiable denoiser. The noise source draws the probes.
    pub fn new(inner: D, divergence: Divergence, noise: &'a dyn NoiseSource<X>) -> Self {
        Self { inner, divergence, noise }
    }
}

impl<X: State, D: Differentiable<X>> Denoiser<X> for WithX0Variance<'_, X, D> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        let n = x.n_samples();
        at.check(n)?;
        // A single level for the batch has its own probes. Levels per sample share one set of probes.
        let visit = match at.as_slice() {
            [same] => same.log_snr().to_bits(),
            _ => 0,
        };
        let probes = cotangents(x, self.divergence, self.noise, visit)?;
        let of_x0 = probes
            .iter()
            .map(|e| Ok((e.share(), X::combine(&[(Coefficient::Same(0.0), e)])?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let (estimate, products) = self.inner.denoise_vjp(x, at, &of_x0)?;
        let mut trace = vec![0.0; n];
        for (e, product) in probes.iter().zip(&products) {
            for (sum, value) in trace.iter_mut().zip(e.dot_per_sample(product)?) {
                *sum += value;
            }
        }
        // The trace is the sum of the products over all axes, or their mean over the probes.
        let n_probes = match self.divergence {
            Divergence::Exact => 1,
            Divergence::Probes(probes) => probes,
        };
        let each = (n_probes * x.n_elements() / n.max(1)) as f64;
        let variance = |(i, trace): (usize, &f64)| {
            let level = at.get(i);
            if level.signal_rate() == 0.0 {
                return 0.0;
            }
            // An estimate by probes may be negative, but the variance is not.
            let (s, n) = (level.signal_rate(), level.noise_rate());
            (n * n / s * trace / each).max(0.0)
        };
        let variances = trace.iter().enumerate().map(variance).collect();
        Ok(Estimate { spread: Some(Spread::X0Variance(variances)), ..estimate })
    }
}
