//! Heun's method with churn (Karras et al. 2022, Algorithm 2).

use super::euler_step;
use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State, Step};
use serde::{Deserialize, Serialize};
use tweedie_math::NoiseLevel;
use tweedie_math::number::{NOT_NEGATIVE, is_not_negative};

/// The options of Heun's method: noise that is added before each step. The default adds none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Churn {
    /// `S_churn`: before a step σ increases by the share `churn`/(number of steps), at most by √2 − 1 and not beyond the path's noisiest
    /// level.
    pub churn: f64,
    /// `S_tmin` and `S_tmax`: the least and the greatest σ = noise/signal that is increased; `None` means every level.
    pub sigmas: Option<[f64; 2]>,
    /// `S_noise`: the standard deviation of the noise.
    pub noise: f64,
}

impl Default for Churn {
    fn default() -> Self {
        Self { churn: 0.0, sigmas: None, noise: 1.0 }
    }
}

impl Churn {
    /// γ_i, the share by which σ increases before a step, but not beyond the path's noisiest level.
    fn gamma(&self, step: &Step, noisiest: f64) -> f64 {
        let sigma = step.from.sigma();
        let is_within = self.sigmas.is_none_or(|[low, high]| (low..=high).contains(&sigma));
        if !(is_within && sigma.is_finite()) {
            return 0.0;
        }
        let most = (std::f64::consts::SQRT_2 - 1.0).min(noisiest / sigma - 1.0);
        (self.churn / step.count as f64).min(most)
    }

    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for numbers that are negative or not finite in single precision, or a greatest σ below the least.
    pub fn check(&self) -> Result<(), Error> {
        let [low, high] = self.sigmas.unwrap_or_default();
        for (name, value) in [("churn", self.churn), ("the churn's noise", self.noise)] {
            Error::unless(is_not_negative(value), name, value, NOT_NEGATIVE)?;
        }
        // Levels are only compared with these numbers.
        let holds = low >= 0.0 && low.is_finite();
        Error::unless(holds, "the least sigma of churn", low, "finite and not negative")?;
        let holds = high >= low && high.is_finite();
        Error::unless(holds, "the greatest sigma of churn", high, "finite and not below the least")
    }
}

/// Samples by Heun's method along a path, with two evaluations per step and one for the step to clean data.
///
/// # Errors
/// Errors returned by [`Churn::check`]; errors returned by the denoiser, the noise source or the hook.
pub fn heun<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    churn: Churn,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    churn.check()?;
    // The denoiser is not evaluated at levels noisier than those of the path.
    let noisiest = path.levels().iter().map(NoiseLevel::sigma).fold(0.0, f64::max);
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        // Lines 5 and 6: x̂ = x + √(σ̂² − σ²)·S_noise·z, at σ̂ = (1 + γ)·σ.
        let gamma = churn.gamma(step, noisiest);
        if gamma == 0.0 {
            return heun_step(denoiser, x, step.from, step.to);
        }
        let n = step.from.noise_rate();
        let raised = NoiseLevel::new(step.from.signal_rate(), n * (1.0 + gamma))?;
        let more = n * (gamma * (2.0 + gamma)).sqrt() * churn.noise;
        let x = X::combine(&[(Same(1.0), x), (Same(more), &step_noise(x, step, noise)?)])?;
        heun_step(denoiser, &x, raised, step.to)
    })
}

/// One step and the estimate at its beginning: Euler's step, then the step with the mean of ε̂ at both ends (lines 7 to 11).
///
/// # Errors
/// Errors returned by the denoiser.
pub fn heun_step<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: &X,
    from: NoiseLevel,
    to: NoiseLevel,
) -> Result<(X, Estimate<X>), Error> {
    use Coefficient::Same;
    let here = denoiser.denoise(x, from.into())?;
    let there = euler_step(x, &here, from, to)?;
    if to.is_clean() || from.signal_rate() == 0.0 {
        return Ok((there, here));
    }
    let next = denoiser.denoise(&there, to.into())?;
    // The ODE is dx̃/dσ = ε̂ in x̃ = x/signal.
    let scale = to.signal_rate() / from.signal_rate();
    let half = 0.5 * (to.noise_rate() - scale * from.noise_rate());
    Ok((X::combine(&[(Same(scale), x), (Same(half), &here.eps), (Same(half), &next.eps)])?, here))
}
