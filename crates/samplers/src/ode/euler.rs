//! Euler's method in σ, and its ancestral form (k-diffusion; Karras et al. 2022, Algorithm 1's first step).

use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State, ddim_step};
use tweedie_math::{NoiseLevel, Transition};

/// Samples along a path by Euler's method, x̃ + (σ_s − σ_t)·ε̂. It equals DDIM with η = 0 if x̂_0 and ε̂ describe the same x. With a clip
/// that keeps ε̂ the two differ.
///
/// # Errors
/// Errors returned by the denoiser or the hook.
pub fn euler<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        Ok((euler_step(x, &estimate, step.from, step.to)?, estimate))
    })
}

/// One step in the units of any process: x_s = (signal_s/signal_t)·x_t + (noise_s − noise_t·signal_s/signal_t)·ε̂. From pure noise,
/// where σ is infinite, it is a step of DDIM.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn euler_step<X: State>(
    x: &X,
    estimate: &Estimate<X>,
    from: NoiseLevel,
    to: NoiseLevel,
) -> Result<X, Error> {
    use Coefficient::Same;
    if from.signal_rate() == 0.0 {
        return ddim_step(estimate, to, 0.0, None);
    }
    let scale = to.signal_rate() / from.signal_rate();
    X::combine(&[(Same(scale), x), (Same(to.noise_rate() - scale * from.noise_rate()), &estimate.eps)])
}

/// Samples along a path by Euler's method with noise: each step goes to a level cleaner than the next one and adds noise to reach it.
/// η scales the noise; η = 1 is `sample_euler_ancestral` of k-diffusion. It equals DDIM with the same η if x̂_0 and ε̂ describe the same
/// x.
///
/// # Errors
/// [`Error::Parameter`] for an η outside [0, 1]; errors returned by the denoiser, the noise source or the hook.
pub fn euler_ancestral<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    eta: f64,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    if !(0.0..=1.0).contains(&eta) {
        return Err(Error::Parameter { name: "eta", found: eta, allowed: "between 0 and 1" });
    }
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let z = if eta == 0.0 || step.to.is_clean() { None } else { Some(step_noise(x, step, noise)?) };
        Ok((euler_ancestral_step(x, &estimate, step.from, step.to, eta, z.as_ref())?, estimate))
    })
}

/// One step with σ_up = η·σ_s·√(1 − σ_s²/σ_t²) and σ_down² = σ_s² − σ_up².
///
/// # Errors
/// [`Error::Math`] for levels in the wrong order; [`Error::Mismatch`] for states of different shapes.
pub fn euler_ancestral_step<X: State>(
    x: &X,
    estimate: &Estimate<X>,
    from: NoiseLevel,
    to: NoiseLevel,
    eta: f64,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    let Some(z) = z else { return euler_step(x, estimate, from, to) };
    let up = eta * Transition::between(to, from)?.posterior().variance.sqrt();
    let down = NoiseLevel::new(to.signal_rate(), ((to.noise_rate() - up) * (to.noise_rate() + up)).sqrt())?;
    X::combine(&[(Same(1.0), &euler_step(x, estimate, from, down)?), (Same(up), z)])
}
