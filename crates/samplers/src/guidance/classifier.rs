//! Classifier guidance (Dhariwal & Nichol 2021, Algorithms 1 and 2).

use super::Guide;
use crate::walk::{step_noise, walk};
use crate::{
    Coefficient, Denoiser, Error, Estimate, Hook, Levels, NoiseSource, Path, ReverseVariance, State,
    ddpm_step,
};
use tweedie_math::Transition;

/// A denoiser with classifier guidance: ε̂ − scale·noise·∇ln p(y | x_t) (Algorithm 2) and, by Tweedie's formula,
/// x̂_0 + scale·noise²/signal·∇ln p(y | x_t). It works with any sampler. At pure noise, where x does not depend on y, it is the denoiser
/// inside.
#[derive(Debug, Clone, Copy)]
pub struct ClassifierGuided<D, G> {
    /// The denoiser inside.
    pub inner: D,
    /// The guide, p(y | x_t).
    pub guide: G,
    /// The guidance scale s. 1 is Bayes' rule, and a larger scale sharpens p(y | x_t).
    pub scale: f64,
}

impl<D, G> ClassifierGuided<D, G> {
    fn guide<X: State>(&self, x: &X, at: Levels<'_>, estimate: Estimate<X>) -> Result<Estimate<X>, Error>
    where
        G: Guide<X>,
    {
        use Coefficient::Same;
        if self.scale == 0.0 || !at.any(|level| level.signal_rate() > 0.0) {
            return Ok(estimate);
        }
        let gradient = self.guide.log_density_gradient(x, at)?;
        let factors = |of: fn(f64, f64) -> f64| {
            at.map(x.n_samples(), |level| {
                let (s, n) = (level.signal_rate(), level.noise_rate());
                Ok::<_, Error>(if s == 0.0 { 0.0 } else { self.scale * of(s, n) })
            })
        };
        let (to_x0, to_eps) = (factors(|s, n| n * n / s)?, factors(|_, n| -n)?);
        Ok(Estimate {
            x0: X::combine(&[(Same(1.0), &estimate.x0), (at.coefficient(&to_x0), &gradient)])?,
            eps: X::combine(&[(Same(1.0), &estimate.eps), (at.coefficient(&to_eps), &gradient)])?,
            spread: estimate.spread,
        })
    }
}

impl<X: State, D: Denoiser<X>, G: Guide<X>> Denoiser<X> for ClassifierGuided<D, G> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.guide(x, at, self.inner.denoise(x, at)?)
    }

    /// The network of the denoiser inside is conditioned on `network`. The guide is evaluated at `at`.
    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.guide(x, at, self.inner.denoise_conditioned(x, at, network)?)
    }
}

/// Ancestral sampling with classifier guidance of the step's mean (Algorithm 1): μ + scale·σ²·∇ln p(y | x_t). As in the published code,
/// the gradient is taken at x_t instead of μ. σ² must be a fixed variance; for a learned or optimal one use [`ClassifierGuided`].
///
/// # Errors
/// [`Error::Mismatch`] for a variance that is not fixed; errors returned by the denoiser, the guide, the noise source or the hook.
#[expect(clippy::too_many_arguments, reason = "the arguments of `ddpm`, and a guide with its scale")]
pub fn ddpm_guided<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    guide: &(impl Guide<X> + ?Sized),
    scale: f64,
    x: X,
    path: &Path,
    variance: ReverseVariance,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    if !matches!(variance, ReverseVariance::FixedSmall | ReverseVariance::FixedLarge) {
        let (found, expected) = (format!("{variance:?}"), "FixedSmall or FixedLarge".into());
        return Err(Error::Mismatch { what: "the variance of a guided mean", found, expected });
    }
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let z = if step.to.is_clean() { None } else { Some(step_noise(x, step, noise)?) };
        let next = ddpm_step(x, &estimate, step.from, step.to, variance, z.as_ref())?;
        if step.from.signal_rate() == 0.0 {
            return Ok((next, estimate));
        }
        let kernel = Transition::between(step.to, step.from)?;
        let moved_by = match variance {
            ReverseVariance::FixedSmall => kernel.posterior().variance,
            _ => kernel.variance,
        };
        let gradient = guide.log_density_gradient(x, step.from.into())?;
        Ok((X::combine(&[(Same(1.0), &next), (Same(scale * moved_by), &gradient)])?, estimate))
    })
}
