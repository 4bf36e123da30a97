//! Ancestral sampling (Ho et al. 2020, Algorithm 2), between any two levels.

use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, Spread, State};
use tweedie_math::{NoiseLevel, Transition};

/// The variance of the reverse step p(x_s | x_t).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReverseVariance {
    /// β̃_t, the posterior's: right where the data is one point.
    FixedSmall,
    /// β_t, the forward step's: right where the data is N(0, I).
    FixedLarge,
    /// What the denoiser learned.
    Learned,
}

/// Samples by the ancestral process along a path. The step to clean data adds no noise.
///
/// # Errors
/// What the denoiser, the noise source and the hook report; [`Error::NoSpread`].
pub fn ddpm<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    variance: ReverseVariance,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    walk(denoiser, x, path, noise, hook, |x, estimate, step| {
        let z = if step.to.is_clean() { None } else { Some(step_noise(x, step, noise)?) };
        ddpm_step(x, estimate, step.from, step.to, variance, z.as_ref())
    })
}

/// One step: x_s = μ̃(x_t, x̂_0) + σ·z (Ho et al. 2020, eq. 7 with x̂_0 in place of x_0); without z, the mean.
///
/// # Errors
/// [`Error::NoSpread`]; levels in the wrong order; states of other shapes.
pub fn ddpm_step<X: State>(
    x: &X,
    estimate: &Estimate<X>,
    from: NoiseLevel,
    to: NoiseLevel,
    variance: ReverseVariance,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    let kernel = Transition::between(to, from)?;
    let posterior = kernel.posterior();
    let mean = [(Same(posterior.x0_coefficient), &estimate.x0), (Same(posterior.xt_coefficient), x)];
    let Some(z) = z else { return X::combine(&mean) };
    let fixed = |variance: f64| X::combine(&[mean[0], mean[1], (Same(variance.sqrt()), z)]);
    match variance {
        ReverseVariance::FixedSmall => fixed(posterior.variance),
        ReverseVariance::FixedLarge => fixed(kernel.variance),
        ReverseVariance::Learned => {
            let log_variance = log_variance(estimate, posterior.variance, kernel.variance)?;
            let sigma = X::combine(&[(Same(0.5), &log_variance)])?.exp()?;
            X::combine(&[mean[0], mean[1], (Same(1.0), &sigma.mul(z)?)])
        }
    }
}

/// ln σ² of a learned variance, between the least, β̃, and the greatest, β (Nichol & Dhariwal 2021, eq. 15).
fn log_variance<X: State>(estimate: &Estimate<X>, small: f64, large: f64) -> Result<X, Error> {
    use Coefficient::Same;
    match &estimate.spread {
        None => Err(Error::NoSpread),
        Some(Spread::LogVariance(log_variance)) => Ok(log_variance.share()),
        Some(Spread::Range(v)) => {
            let one = v.like(&mut |_, values| values.fill(1.0))?;
            let (low, high) = (small.ln(), large.ln());
            X::combine(&[(Same((high - low) / 2.0), v), (Same((high + low) / 2.0), &one)])
        }
    }
}
