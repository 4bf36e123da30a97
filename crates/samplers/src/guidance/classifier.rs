//! Classifier guidance (Dhariwal & Nichol 2021, Algorithms 1 and 2).

use super::Guide;
use crate::state::{coefficient, per_level};
use crate::walk::{step_noise, walk};
use crate::{
    Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, ReverseVariance, State, ddpm_step,
};
use tweedie_math::{NoiseLevel, Transition};

/// A denoiser moved by a guide: ε̂ − scale·noise·∇ln p(y | x_t) (Algorithm 2), and x̂_0 with it, by Tweedie's formula: + scale·
/// noise²/signal·∇. Any sampler takes it. At pure noise, where x says nothing of y, it leaves all as it is.
#[derive(Debug, Clone, Copy)]
pub struct ClassifierGuided<D, G> {
    /// The denoiser inside.
    pub inner: D,
    /// What knows y.
    pub guide: G,
    /// s: 1 is Bayes' rule, more sharpens.
    pub scale: f64,
}

impl<X: State, D: Denoiser<X>, G: Guide<X>> Denoiser<X> for ClassifierGuided<D, G> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        use Coefficient::Same;
        let estimate = self.inner.denoise_told(x, at, told)?;
        if self.scale == 0.0 || at.iter().all(|level| level.signal_rate() == 0.0) {
            return Ok(estimate);
        }
        let gradient = self.guide.log_density_gradient(x, at)?;
        let factors = |of: fn(f64, f64) -> f64| {
            per_level(x.n_samples(), at, |level| {
                let (s, n) = (level.signal_rate(), level.noise_rate());
                Ok::<_, Error>(if s == 0.0 { 0.0 } else { self.scale * of(s, n) })
            })
        };
        let (to_x0, to_eps) = (factors(|s, n| n * n / s)?, factors(|_, n| -n)?);
        Ok(Estimate {
            x0: X::combine(&[(Same(1.0), &estimate.x0), (coefficient(&to_x0), &gradient)])?,
            eps: X::combine(&[(Same(1.0), &estimate.eps), (coefficient(&to_eps), &gradient)])?,
            spread: estimate.spread,
        })
    }
}

/// Ancestral sampling whose mean is moved by the step's variance (Algorithm 1): μ + scale·σ²·∇ln p(y | x_t), the gradient at x_t and
/// not at μ, as in the published code. σ² is a fixed variance; a learned or optimal one goes with [`ClassifierGuided`].
///
/// # Errors
/// [`Error::Mismatch`] for a variance that is not fixed; what the denoiser, the guide, the noise source and the hook report.
#[expect(clippy::too_many_arguments, reason = "those of `ddpm`, and a guide with its scale")]
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
        let estimate = denoiser.denoise(x, &[step.from])?;
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
        let gradient = guide.log_density_gradient(x, &[step.from])?;
        Ok((X::combine(&[(Same(1.0), &next), (Same(scale * moved_by), &gradient)])?, estimate))
    })
}
