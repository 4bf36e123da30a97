//! Annealed Langevin dynamics (Song & Ermon 2019, Algorithm 1; 2020, sec. 3).

use super::target::score_at;
use super::unadjusted::{check_step_size, langevin_step};
use super::underdamped::check_friction;
use super::{ScoreAt, Underdamped, underdamped_step};
use crate::walk::walk;
use crate::{Coefficient, Denoiser, Draw, Error, Estimate, Hook, NoiseSource, Path, State, Step, ddim_step};
use tweedie_math::random::Purpose;

/// How each level is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annealed {
    /// ε: at the last level a step is x̃ + ε·∇ln p + √(2ε)·z in x̃ = x/signal, as in NCSNv2's code; δ = 2ε in this module's
    /// convention. At the others it grows with σ².
    pub epsilon: f64,
    /// T: steps per level.
    pub steps_per_level: usize,
    /// Underdamped steps instead, with this much friction γ·h per step; at each level they begin with fresh velocities. h = √δ, so that
    /// a step moves as far. None is overdamped, as published.
    pub friction: Option<f64>,
    /// Whether the last step is to E[x_0 | x] (Jolicoeur-Martineau et al. 2021), without which the last level's noise stays on.
    pub denoise: bool,
}

impl Default for Annealed {
    /// NCSNv2's for CIFAR-10, whose levels fall from σ = 50 to .01.
    fn default() -> Self {
        Self { epsilon: 6.2e-6, steps_per_level: 5, friction: None, denoise: true }
    }
}

/// Samples each level of a path by some steps of Langevin dynamics, from the noisiest on. The last level with noise sets the scale of
/// ε; a level without signal is left by a step of DDIM.
///
/// # Errors
/// [`Error::Parameter`] for an ε that is not positive or makes steps diverge, a negative friction, or no steps; what the denoiser, the
/// noise source and the hook report.
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
        let allowed = "below twice the last level's squared sigma, beyond which the steps diverge";
        return Err(Error::Parameter { name: "Langevin's epsilon", found: how.epsilon, allowed });
    }
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        if step.from.signal_rate() == 0.0 {
            // Pure noise has no scale for a step of this kind: it is left as DDIM leaves it.
            let estimate = denoiser.denoise(x, &[step.from])?;
            return Ok((ddim_step(&estimate, step.to, 0.0, None)?, estimate));
        }
        // α_i = ε·σ_i²/σ_L² in x̃; in x it is signal² times that.
        let ratio = step.from.sigma() / last_sigma;
        let signal = step.from.signal_rate();
        let delta = 2.0 * how.epsilon * ratio * ratio * signal * signal;
        let (at, estimate) = match how.friction {
            None => overdamped(denoiser, x, step, delta, how.steps_per_level, noise)?,
            Some(friction) => underdamped(denoiser, x, step, delta, friction, how.steps_per_level, noise)?,
        };
        if step.to.is_clean() && how.denoise {
            let last = denoiser.denoise(&at, &[step.from])?;
            return Ok((ddim_step(&last, step.to, 0.0, None)?, last));
        }
        // x̃ goes on as it is.
        let scale = step.to.signal_rate() / step.from.signal_rate();
        Ok((X::combine(&[(Coefficient::Same(scale), &at)])?, estimate))
    })
}

/// The steps of one level, and what the denoiser said last.
fn overdamped<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: &X,
    step: &Step,
    delta: f64,
    n_steps: usize,
    noise: &dyn NoiseSource<X>,
) -> Result<(X, Estimate<X>), Error> {
    let mut estimate = denoiser.denoise(x, &[step.from])?;
    let mut at = x.share();
    for k in 0..n_steps {
        if k > 0 {
            estimate = denoiser.denoise(&at, &[step.from])?;
        }
        let z = noise.normal(&at, draw(Purpose::LANGEVIN, step, k))?;
        at = langevin_step(&at, &score_at(&estimate.eps, &[step.from])?, delta, &z)?;
    }
    Ok((at, estimate))
}

/// The same with velocities.
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
    let estimate = denoiser.denoise(x, &[step.from])?;
    let target = ScoreAt { denoiser, level: step.from };
    let mut v = noise.normal(x, draw(Purpose::MOMENTUM, step, 0))?;
    let mut score = score_at(&estimate.eps, &[step.from])?;
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
