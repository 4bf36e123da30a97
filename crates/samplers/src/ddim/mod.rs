//! Denoising diffusion implicit models (Song, Meng & Ermon 2021).

mod invert;
mod latent;

pub use invert::{ConditionedOn, Inversion, ddim_invert, ddim_invert_step};
pub use latent::{reconstruct, slerp};

use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State, Step};
use serde::{Deserialize, Serialize};
use tweedie_math::{NoiseLevel, Transition};

/// The noise that a step of DDIM adds. Every choice except σ̂ preserves the marginals (theorem 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DdimNoise<'a> {
    /// σ = η·√β̃ (eq. 16). η = 0 is deterministic, and η = 1 is DDPM with the posterior's variance.
    Eta(f64),
    /// σ of each step, between 0 and the noise rate of the step's next level, which covers the whole family of eq. 12.
    Sigmas(&'a [f64]),
    /// σ is the noise rate of the next level, so that all noise is new at each step, as in the multistep sampling of consistency models
    /// (Song et al. 2023, Algorithm 1).
    Fresh,
    /// Noise of σ̂ = √(1 − ᾱ_t/ᾱ_s) is added to the direction of η = 1 (sec. 5), which is more noise than the level has. The step to
    /// clean data adds none.
    SigmaHat,
}

/// The kinds of [`DdimNoise`] that an option can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DdimNoiseKind {
    /// [`DdimNoise::Eta`]. η is a separate option.
    #[default]
    Eta,
    /// [`DdimNoise::Fresh`].
    Fresh,
    /// [`DdimNoise::SigmaHat`].
    SigmaHat,
}

/// The options of DDIM beside η.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DdimOptions {
    /// The noise that a step adds.
    pub noise: DdimNoiseKind,
}

impl DdimOptions {
    /// Checks the ranges of the options. Every value is allowed.
    ///
    /// # Errors
    /// None.
    pub fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Samples along a path. η = 0 is deterministic, and η = 1 is DDPM with the posterior's variance.
///
/// # Errors
/// [`Error::Parameter`] for an η outside [0, 1]; errors returned by the denoiser, the noise source or the hook.
pub fn ddim<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    eta: f64,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    ddim_with(denoiser, x, path, DdimNoise::Eta(eta), noise, hook)
}

/// Samples along a path like [`ddim`], with any [`DdimNoise`].
///
/// # Errors
/// [`Error::Parameter`] for an η outside [0, 1], or a σ above the noise rate of its step's next level; [`Error::Mismatch`] unless there
/// is one σ per step; errors returned by the denoiser, the noise source or the hook.
pub fn ddim_with<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    added: DdimNoise,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    added.check(path)?;
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let (direction, sigma) = added.rates(step)?;
        let z = if sigma > 0.0 { Some(step_noise(x, step, noise)?) } else { None };
        Ok((along(&estimate, step.to.signal_rate(), direction, sigma, z.as_ref())?, estimate))
    })
}

/// One step, x_s = signal_s·x̂_0 + √(noise_s² − σ²)·ε̂ + σ·z (eq. 12).
///
/// # Errors
/// [`Error::Parameter`] unless 0 ≤ σ ≤ noise_s; [`Error::Mismatch`] for a positive σ without z.
pub fn ddim_step<X: State>(
    estimate: &Estimate<X>,
    to: NoiseLevel,
    sigma: f64,
    z: Option<&X>,
) -> Result<X, Error> {
    along(estimate, to.signal_rate(), direction(to, sigma)?, sigma, z)
}

/// σ = η·√β̃, the standard deviation of the noise that a step adds (eq. 16).
///
/// # Errors
/// [`Error::Math`] for levels in the wrong order.
pub fn ddim_sigma(from: NoiseLevel, to: NoiseLevel, eta: f64) -> Result<f64, Error> {
    Ok(eta * Transition::between(to, from)?.posterior().variance.sqrt())
}

impl DdimNoise<'_> {
    fn check(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Eta(eta) if !(0.0..=1.0).contains(&eta) => Err(Error::Parameter {
                name: "eta",
                found: eta,
                allowed: "between 0 (deterministic) and 1 (DDPM)",
            }),
            Self::Sigmas(sigmas) if sigmas.len() != path.n_steps() => Err(Error::Mismatch {
                what: "sigmas of a path",
                found: sigmas.len().to_string(),
                expected: path.n_steps().to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The factors of ε̂ and of fresh noise.
    fn rates(self, step: &Step) -> Result<(f64, f64), Error> {
        let sigma = match self {
            Self::Eta(eta) => ddim_sigma(step.from, step.to, eta)?,
            Self::Sigmas(sigmas) => sigmas[step.index],
            Self::Fresh => step.to.noise_rate(),
            Self::SigmaHat => ddim_sigma(step.from, step.to, 1.0)?,
        };
        let direction = direction(step.to, sigma)?;
        match self {
            Self::SigmaHat if step.to.is_clean() => Ok((direction, 0.0)),
            Self::SigmaHat => Ok((direction, Transition::between(step.to, step.from)?.variance.sqrt())),
            _ => Ok((direction, sigma)),
        }
    }
}

/// √(noise_s² − σ²), without cancellation.
fn direction(to: NoiseLevel, sigma: f64) -> Result<f64, Error> {
    if !(0.0 <= sigma && sigma <= to.noise_rate()) {
        return Err(Error::Parameter {
            name: "sigma",
            found: sigma,
            allowed: "between 0 and the noise rate of the next level",
        });
    }
    Ok(((to.noise_rate() - sigma) * (to.noise_rate() + sigma)).sqrt())
}

/// signal·x̂_0 + direction·ε̂ + σ·z.
fn along<X: State>(
    estimate: &Estimate<X>,
    signal: f64,
    direction: f64,
    sigma: f64,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    let mean = [(Same(signal), &estimate.x0), (Same(direction), &estimate.eps)];
    match z {
        Some(z) => X::combine(&[mean[0], mean[1], (Same(sigma), z)]),
        None if sigma == 0.0 => X::combine(&mean),
        None => {
            Err(Error::Mismatch { what: "a step with noise", found: "no noise".into(), expected: "z".into() })
        }
    }
}
