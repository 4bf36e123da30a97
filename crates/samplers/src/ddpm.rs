//! Ancestral sampling (Ho et al. 2020, Algorithm 2), between any two levels.

use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, Spread, State};
use serde::{Deserialize, Serialize};
use tweedie_math::{LearnedRange, NoiseLevel, Transition};

/// The variance of the reverse step p(x_s | x_t).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReverseVariance {
    /// β̃_t, the posterior's variance, which is optimal if the data is a single point.
    #[default]
    FixedSmall,
    /// β_t, the forward step's variance, which is optimal if the data is N(0, I).
    FixedLarge,
    /// The variance that the denoiser predicts.
    Learned,
    /// β̃_t + c₁²·Var(x_0 | x_t), with the denoiser's Var(x_0 | x_t). It is optimal for a Gaussian step (Bao et al. 2022, theorem 1).
    /// [`WithX0Variance`](crate::WithX0Variance) adds that prediction to any differentiable denoiser.
    Optimal,
}

/// The greatest number of random probes of a Jacobian; more would need too much memory.
pub const MOST_PROBES: usize = 4096;

/// The options of ancestral sampling beside its [`ReverseVariance`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DdpmOptions {
    /// The number of random probes for the trace in [`ReverseVariance::Optimal`], at least 1.
    pub variance_probes: usize,
}

impl Default for DdpmOptions {
    fn default() -> Self {
        Self { variance_probes: 1 }
    }
}

impl DdpmOptions {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no probes, or more than [`MOST_PROBES`].
    pub fn check(&self) -> Result<(), Error> {
        let probes = self.variance_probes;
        let holds = (1..=MOST_PROBES).contains(&probes);
        Error::unless(holds, "the number of variance probes", probes as f64, "between 1 and 4096")
    }
}

/// Samples by the ancestral process along a path. The step to clean data adds no noise.
///
/// # Errors
/// [`Error::NoSpread`], [`Error::NoX0Variance`]; errors returned by the denoiser, the noise source or the hook.
pub fn ddpm<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    variance: ReverseVariance,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let z = if step.to.is_clean() { None } else { Some(step_noise(x, step, noise)?) };
        Ok((ddpm_step(x, &estimate, step.from, step.to, variance, z.as_ref())?, estimate))
    })
}

/// One step, x_s = μ̃(x_t, x̂_0) + σ·z (Ho et al. 2020, eq. 7 with x̂_0 in place of x_0). Without z it is the mean.
///
/// # Errors
/// [`Error::NoSpread`], [`Error::NoX0Variance`]; [`Error::Math`] for levels in the wrong order; [`Error::Mismatch`] for states of
/// different shapes.
pub fn ddpm_step<X: State>(
    x: &X,
    estimate: &Estimate<X>,
    from: NoiseLevel,
    to: NoiseLevel,
    variance: ReverseVariance,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    let posterior = Transition::between(to, from)?.posterior();
    let mean = [(Same(posterior.x0_coefficient), &estimate.x0), (Same(posterior.xt_coefficient), x)];
    let Some(z) = z else { return X::combine(&mean) };
    let added = times_sigma(z, estimate, from, to, variance)?;
    X::combine(&[mean[0], mean[1], (Same(1.0), &added)])
}

/// σ·z, where σ is the standard deviation of the reverse step.
fn times_sigma<X: State>(
    z: &X,
    estimate: &Estimate<X>,
    from: NoiseLevel,
    to: NoiseLevel,
    variance: ReverseVariance,
) -> Result<X, Error> {
    use Coefficient::{PerSample, Same};
    let kernel = Transition::between(to, from)?;
    let posterior = kernel.posterior();
    match (variance, &estimate.spread) {
        (ReverseVariance::FixedSmall, _) => X::combine(&[(Same(posterior.variance.sqrt()), z)]),
        (ReverseVariance::FixedLarge, _) => X::combine(&[(Same(kernel.variance.sqrt()), z)]),
        (ReverseVariance::Optimal, Some(Spread::X0Variance(of_x0))) => {
            let c1 = posterior.x0_coefficient;
            let sigma: Vec<f64> = of_x0.iter().map(|v| (posterior.variance + c1 * c1 * v).sqrt()).collect();
            X::combine(&[(PerSample(&sigma), z)])
        }
        (ReverseVariance::Optimal, _) => Err(Error::NoX0Variance),
        (ReverseVariance::Learned, Some(Spread::LogVariance(log_variance))) => half_exp(log_variance)?.mul(z),
        (ReverseVariance::Learned, Some(Spread::Range(v))) => {
            let one = v.like(&mut |_, values| values.fill(1.0))?;
            let range = LearnedRange::between(posterior.variance.ln(), kernel.variance.ln());
            half_exp(&X::combine(&[(Same(range.slope), v), (Same(range.offset), &one)])?)?.mul(z)
        }
        (ReverseVariance::Learned, _) => Err(Error::NoSpread),
    }
}

/// e^(½·ln σ²).
fn half_exp<X: State>(log_variance: &X) -> Result<X, Error> {
    X::combine(&[(Coefficient::Same(0.5), log_variance)])?.exp()
}
