//! How sure a denoiser is of x_0, by its own Jacobian.

use crate::likelihood::cotangents;
use crate::{Coefficient, Denoiser, Differentiable, Divergence, Error, Estimate, NoiseSource, Spread, State};
use tweedie_math::NoiseLevel;

/// A denoiser that also says Var(x_0 | x_t), the mean over a sample's elements: what [`ReverseVariance::Optimal`] takes.
///
/// By Tweedie's formula of second order Cov(x_0 | x_t) = noise²/signal·∂x̂_0/∂x_t (Robbins' and Miyasawa's identity differentiated
/// once more); its trace is found along every axis or by random probes, others at each level. Each denoising costs a product with the
/// Jacobian per axis or probe. An estimate by probes that falls below 0 counts as 0, which leans upwards where the variance is next to
/// nothing. At a level without signal there is no such formula, and 0 is said: the step that leaves it is one with β̃.
///
/// [`ReverseVariance::Optimal`]: crate::ReverseVariance::Optimal
pub struct WithX0Variance<'a, X, D> {
    inner: D,
    divergence: Divergence,
    noise: &'a dyn NoiseSource<X>,
}

impl<'a, X: State, D: Differentiable<X>> WithX0Variance<'a, X, D> {
    /// Around a differentiable denoiser; the noise source gives the probes.
    pub fn new(inner: D, divergence: Divergence, noise: &'a dyn NoiseSource<X>) -> Self {
        Self { inner, divergence, noise }
    }
}

impl<X: State, D: Differentiable<X>> Denoiser<X> for WithX0Variance<'_, X, D> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        if at != told {
            let (found, expected) = (format!("{told:?}"), format!("{at:?}"));
            return Err(Error::Mismatch {
                what: "levels told to a denoiser with its variance",
                found,
                expected,
            });
        }
        // Of a level for the whole batch; one per sample share theirs.
        let visit = if at.len() == 1 { at[0].log_snr().to_bits() } else { 0 };
        let probes = cotangents(x, self.divergence, self.noise, visit)?;
        let of_x0 = probes
            .iter()
            .map(|e| Ok((e.share(), X::combine(&[(Coefficient::Same(0.0), e)])?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let (estimate, products) = self.inner.denoise_vjp(x, at, &of_x0)?;
        let n = x.n_samples();
        let mut trace = vec![0.0; n];
        for (e, product) in probes.iter().zip(&products) {
            for (sum, value) in trace.iter_mut().zip(e.dot_per_sample(product)?) {
                *sum += value;
            }
        }
        // Along every axis the products' sum is the trace; of probes it is the mean.
        let n_probes = match self.divergence {
            Divergence::Exact => 1,
            Divergence::Probes(probes) => probes,
        };
        let each = (n_probes * x.n_elements() / n.max(1)) as f64;
        let variance = |(i, trace): (usize, &f64)| {
            let level = at[i.min(at.len() - 1)];
            if level.signal_rate() == 0.0 {
                return 0.0;
            }
            // An estimate by probes may fall below 0; the variance does not.
            let (s, n) = (level.signal_rate(), level.noise_rate());
            (n * n / s * trace / each).max(0.0)
        };
        let variances = trace.iter().enumerate().map(variance).collect();
        Ok(Estimate { spread: Some(Spread::X0Variance(variances)), ..estimate })
    }
}
