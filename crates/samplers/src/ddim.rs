//! Denoising diffusion implicit models (Song, Meng & Ermon 2021).

use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State};
use tweedie_math::{NoiseLevel, Transition};

/// Samples along a path; η = 0 is deterministic, η = 1 is DDPM with the posterior's variance.
///
/// # Errors
/// [`Error::Parameter`] for an η outside [0, 1]; what the denoiser, the noise source and the hook report.
pub fn ddim<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    eta: f64,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    if !(0.0..=1.0).contains(&eta) {
        return Err(Error::Parameter {
            name: "eta",
            found: eta,
            allowed: "between 0 (deterministic) and 1 (DDPM)",
        });
    }
    walk(denoiser, x, path, noise, hook, |x, estimate, step| {
        let sigma = ddim_sigma(step.from, step.to, eta)?;
        let z = if sigma > 0.0 { Some(step_noise(x, step, noise)?) } else { None };
        ddim_step(estimate, step.to, sigma, z.as_ref())
    })
}

/// One step: x_s = signal_s·x̂_0 + √(noise_s² − σ²)·ε̂ + σ·z (eq. 12).
///
/// # Errors
/// [`Error::Parameter`] unless 0 ≤ σ ≤ noise_s; [`Error::Mismatch`] for a positive σ without z.
pub fn ddim_step<X: State>(
    estimate: &Estimate<X>,
    to: NoiseLevel,
    sigma: f64,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    if !(0.0 <= sigma && sigma <= to.noise_rate()) {
        return Err(Error::Parameter {
            name: "sigma",
            found: sigma,
            allowed: "between 0 and the noise rate stepped to",
        });
    }
    let direction = ((to.noise_rate() - sigma) * (to.noise_rate() + sigma)).sqrt();
    let mean = [(Same(to.signal_rate()), &estimate.x0), (Same(direction), &estimate.eps)];
    match z {
        Some(z) => X::combine(&[mean[0], mean[1], (Same(sigma), z)]),
        None if sigma == 0.0 => X::combine(&mean),
        None => {
            Err(Error::Mismatch { what: "a step with noise", found: "no noise".into(), expected: "z".into() })
        }
    }
}

/// σ = η·√β̃, the standard deviation of the noise that a step adds (eq. 16).
///
/// # Errors
/// Levels in the wrong order.
pub fn ddim_sigma(from: NoiseLevel, to: NoiseLevel, eta: f64) -> Result<f64, Error> {
    Ok(eta * Transition::between(to, from)?.posterior().variance.sqrt())
}
