//! Annealed Langevin dynamics (Song & Ermon 2019, Algorithm 1; 2020, sec. 3).

use super::target::score_at;
use super::unadjusted::{check_step_size, langevin_step};
use super::underdamped::check_friction;
use super::{ScoreAt, Underdamped, technique_4, underdamped_step};
use crate::walk::walk;
use crate::{Coefficient, Denoiser, Draw, Error, Estimate, Hook, NoiseSource, Path, State, Step, ddim_step};
use serde::{Deserialize, Serialize};
use tweedie_math::number::{NOT_NEGATIVE, POSITIVE, is_not_negative, is_positive};
use tweedie_math::random::Purpose;

/// The settings of [`annealed_langevin`] for one path. [`AnnealedOptions`] applies to any path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annealed {
    /// The step size ε: at the last level a step is x̃ + ε·∇ln p + √(2ε)·z in x̃ = x/signal, as in NCSNv2's code, so that δ = 2ε in this
    /// module's convention. At other levels the step size is proportional to σ².
    pub epsilon: f64,
    /// T, the number of steps per level, at least 1.
    pub steps_per_level: usize,
    /// The friction γ·h per step of underdamped dynamics, with new velocities at each level. h is √δ, so that a step moves x as far as
    /// without friction. `None` means overdamped dynamics, as published.
    pub friction: Option<f64>,
    /// Whether the last step returns E[x_0 | x] (Jolicoeur-Martineau et al. 2021). Otherwise the noise of the last level remains.
    pub denoise: bool,
}

impl Default for Annealed {
    /// The settings of NCSNv2 for CIFAR-10, with levels from σ = 50 to .01.
    fn default() -> Self {
        Self { epsilon: 6.2e-6, steps_per_level: 5, friction: None, denoise: true }
    }
}

/// The options of annealed Langevin dynamics for any path.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnnealedOptions {
    /// T, the number of steps per level, at least 1.
    #[serde(rename = "steps")]
    pub steps_per_level: usize,
    /// The friction per step of underdamped dynamics; `None` means overdamped dynamics, as published.
    pub friction: Option<f64>,
    /// ε of [`Annealed`]; `None` means the ε of NCSNv2's [`technique_4`] for the path.
    pub epsilon: Option<f64>,
    /// Whether the last step returns E[x_0 | x].
    pub denoise: bool,
}

impl Default for AnnealedOptions {
    fn default() -> Self {
        Self { steps_per_level: 5, friction: None, epsilon: None, denoise: true }
    }
}

impl AnnealedOptions {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no steps or more than 10,000, a friction that is negative or not finite in single precision, or an ε that
    /// is not positive in it.
    pub fn check(&self) -> Result<(), Error> {
        Error::unless_steps("the number of Langevin steps", self.steps_per_level, 1)?;
        if let Some(friction) = self.friction {
            Error::unless(is_not_negative(friction), "Langevin's friction", friction, NOT_NEGATIVE)?;
        }
        if let Some(epsilon) = self.epsilon {
            Error::unless(is_positive(epsilon), "Langevin's epsilon", epsilon, POSITIVE)?;
        }
        Ok(())
    }

    /// The settings for a path and data with a number of dimensions (elements per sample).
    ///
    /// # Errors
    /// Errors returned by [`Self::check`]; errors returned by [`technique_4`] if it determines ε.
    pub fn resolve(&self, path: &Path, dimensions: usize) -> Result<Annealed, Error> {
        self.check()?;
        let epsilon = match self.epsilon {
            Some(epsilon) => epsilon,
            None => technique_4(path, dimensions, self.steps_per_level)?,
        };
        let Self { steps_per_level, friction, denoise, .. } = *self;
        Ok(Annealed { epsilon, steps_per_level, friction, denoise })
    }
}

/// Samples by a few steps of Langevin dynamics at each level of a path. The least σ of the path is the scale of ε. The step from a level
/// without signal is a step of DDIM.
///
/// # Errors
/// [`Error::Parameter`] for an ε that is not positive or so large that the steps diverge, a negative friction, or no steps; errors
/// returned by the denoiser, the noise source or the hook.
pub fn annealed_langevin<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    how: Annealed,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    check_step_size(how.epsilon)?;
    check_friction(how.friction.unwrap_or(0.0))?;
    if how.steps_per_level == 0 {
        return Err(Error::Parameter { name: "the steps per level", found: 0.0, allowed: "at least 1" });
    }
    let last_sigma =
        path.levels().iter().map(|l| l.sigma()).filter(|&s| s > 0.0).fold(f64::INFINITY, f64::min);
    if how.epsilon >= 2.0 * last_sigma * last_sigma {
        let allowed = "below twice the last level's squared sigma, or the steps diverge";
        return Err(Error::Parameter { name: "Langevin's epsilon", found: how.epsilon, allowed });
    }
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        if step.from.signal_rate() == 0.0 {
            // The step size of Langevin dynamics is not defined at pure noise.
            let estimate = denoiser.denoise(x, step.from.into())?;
            return Ok((ddim_step(&estimate, step.to, 0.0, None)?, estimate));
        }
        // α_i = ε·σ_i²/σ_L² in x̃, which is multiplied by signal² in x.
        let ratio = step.from.sigma() / last_sigma;
        let signal = step.from.signal_rate();
        let delta = 2.0 * how.epsilon * ratio * ratio * signal * signal;
        let (at, estimate) = match how.friction {
            None => overdamped(denoiser, x, step, delta, how.steps_per_level, noise)?,
            Some(friction) => underdamped(denoiser, x, step, delta, friction, how.steps_per_level, noise)?,
        };
        if step.to.is_clean() && how.denoise {
            let last = denoiser.denoise(&at, step.from.into())?;
            return Ok((ddim_step(&last, step.to, 0.0, None)?, last));
        }
        // x̃ is unchanged between levels.
        let scale = step.to.signal_rate() / step.from.signal_rate();
        Ok((X::combine(&[(Coefficient::Same(scale), &at)])?, estimate))
    })
}

/// The steps at one level. Returns x and the last estimate.
fn overdamped<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: &X,
    step: &Step,
    delta: f64,
    n_steps: usize,
    noise: &dyn NoiseSource<X>,
) -> Result<(X, Estimate<X>), Error> {
    let mut estimate = denoiser.denoise(x, step.from.into())?;
    let mut at = x.share();
    for k in 0..n_steps {
        if k > 0 {
            estimate = denoiser.denoise(&at, step.from.into())?;
        }
        let z = noise.normal(&at, draw(Purpose::LANGEVIN, step, k))?;
        at = langevin_step(&at, &score_at(&estimate.eps, step.from.into())?, delta, &z)?;
    }
    Ok((at, estimate))
}

/// The steps of underdamped dynamics at one level. Returns x and the first estimate.
fn underdamped<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: &X,
    step: &Step,
    delta: f64,
    friction: f64,
    n_steps: usize,
    noise: &dyn NoiseSource<X>,
) -> Result<(X, Estimate<X>), Error> {
    let how = Underdamped { step_size: delta.sqrt(), friction: friction / delta.sqrt() };
    let estimate = denoiser.denoise(x, step.from.into())?;
    let target = ScoreAt { denoiser, level: step.from };
    let mut v = noise.normal(x, draw(Purpose::MOMENTUM, step, 0))?;
    let mut score = score_at(&estimate.eps, step.from.into())?;
    let mut at = x.share();
    for k in 0..n_steps {
        let z = noise.normal(&at, draw(Purpose::LANGEVIN, step, k))?;
        (at, v, score) = underdamped_step(&target, &at, &v, &score, how, &z)?;
    }
    Ok((at, estimate))
}

fn draw(purpose: Purpose, step: &Step, draw: usize) -> Draw {
    Draw { purpose, visit: step.index as u64, draw: draw as u64 }
}
