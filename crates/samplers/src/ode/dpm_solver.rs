//! The multistep solvers DPM-Solver++ 2M and 3M (Lu et al. 2022b) for the ODE and for the reverse SDE.

use super::multistep::{Past, lambda, remember};
use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Hook, NoiseSource, Path, State};
use serde::{Deserialize, Serialize};
use tweedie_math::NoiseLevel;
use tweedie_math::gaussian::expm1_minus;

/// The equation that a solver follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dynamics {
    /// The probability-flow ODE.
    Ode,
    /// The reverse SDE, with fresh noise at each step.
    Sde,
}

/// The second difference of x̂_0 in 3M.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdOrder {
    /// Twice the divided difference, which is the second derivative. The order is 3.
    #[default]
    Corrected,
    /// The divided difference itself, as published and in other implementations. The factor 2 is missing, and the order is 2.
    Published,
}

/// The options of DPM-Solver++(3M).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThirdOrderOptions {
    /// The second difference of x̂_0.
    pub form: ThirdOrder,
}

impl ThirdOrderOptions {
    /// Checks the ranges of the options. Every value is allowed.
    ///
    /// # Errors
    /// None.
    pub fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Samples along a path by DPM-Solver++(2M), of second order with one evaluation per step.
///
/// # Errors
/// Errors returned by the denoiser, the noise source or the hook.
pub fn dpm_solver_2m<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    dynamics: Dynamics,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    multistep(denoiser, x, path, 2, dynamics, ThirdOrder::Corrected, noise, hook)
}

/// Samples along a path by DPM-Solver++(3M), with one evaluation per step. Its order depends on `form`.
///
/// # Errors
/// Errors returned by the denoiser, the noise source or the hook.
pub fn dpm_solver_3m<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    dynamics: Dynamics,
    form: ThirdOrder,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    multistep(denoiser, x, path, 3, dynamics, form, noise, hook)
}

#[expect(clippy::too_many_arguments, reason = "shared by the two orders")]
fn multistep<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    order: usize,
    dynamics: Dynamics,
    form: ThirdOrder,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    walk(x, path, noise, hook, |x, step, past: &mut Vec<Past<X>>| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let z = match dynamics {
            Dynamics::Sde if !step.to.is_clean() => Some(step_noise(x, step, noise)?),
            _ => None,
        };
        let next = dpm_solver_step(x, &estimate.x0, past, (step.from, step.to), form, z.as_ref())?;
        remember(past, step.from, &estimate.x0, order - 1);
        Ok((next, estimate))
    })
}

/// One step with the earlier predictions `past`, newest first. The step is of order 1, 2 or 3 with no, one or two earlier predictions.
/// With z it follows the SDE.
///
/// The second order is the published 2M, with x̂_0 + ½·h·∂x̂_0/∂λ in place of x̂_0. The third order integrates the parabola of x̂_0
/// exactly.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn dpm_solver_step<X: State>(
    x: &X,
    x0: &X,
    past: &[Past<X>],
    (from, to): (NoiseLevel, NoiseLevel),
    form: ThirdOrder,
    z: Option<&X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    let h = lambda(to) - lambda(from);
    // For the SDE the weight of x̂_0 is e^(2λ) instead of e^λ.
    let k = if z.is_some() { 2.0 } else { 1.0 };
    // The integrals over the step of the weight times 1, (λ − λ_t)/h and ½·((λ − λ_t)/h)² are `whole`, `first` and `second`.
    let whole = -(-k * h).exp_m1();
    // A step to clean data is of first order, because λ is infinite there.
    let known = if to.is_clean() { &[] } else { past };
    let (d1, d2) = differences(x0, known, lambda(from), h, form)?;
    let first = if d2.is_some() { expm1_minus(-k * h) / (k * h) } else { 0.5 * whole };
    let second = second_weight(k * h);
    let (signal, noise) = (to.signal_rate(), to.noise_rate());
    let kept = noise / from.noise_rate() * if z.is_some() { (-h).exp() } else { 1.0 };
    let mut terms = vec![(Same(kept), x), (Same(signal * whole), x0)];
    terms.extend(d1.iter().map(|d1| (Same(signal * first), d1)));
    terms.extend(d2.iter().map(|d2| (Same(signal * second), d2)));
    terms.extend(z.map(|z| (Same(noise * whole.sqrt()), z)));
    X::combine(&terms)
}

/// h·∂x̂_0/∂λ and h²·∂²x̂_0/∂λ² at λ = `here`; `None` for those that need more earlier predictions.
fn differences<X: State>(
    x0: &X,
    past: &[Past<X>],
    here: f64,
    h: f64,
    form: ThirdOrder,
) -> Result<(Option<X>, Option<X>), Error> {
    use Coefficient::Same;
    let Some(one) = past.first() else { return Ok((None, None)) };
    let r0 = (here - lambda(one.level)) / h;
    let near = X::combine(&[(Same(1.0 / r0), x0), (Same(-1.0 / r0), &one.x0)])?;
    let Some(two) = past.get(1) else { return Ok((Some(near), None)) };
    let r1 = (lambda(one.level) - lambda(two.level)) / h;
    let far = X::combine(&[(Same(1.0 / r1), &one.x0), (Same(-1.0 / r1), &two.x0)])?;
    let bend = [(Same(1.0 / (r0 + r1)), &near), (Same(-1.0 / (r0 + r1)), &far)];
    let d1 = X::combine(&[(Same(1.0), &near), (Same(r0), &X::combine(&bend)?)])?;
    let factor = match form {
        ThirdOrder::Corrected => 2.0,
        ThirdOrder::Published => 1.0,
    };
    let d2 = X::combine(&[(Same(factor), &X::combine(&bend)?)])?;
    Ok((Some(d1), Some(d2)))
}

/// ½ − (e^(−h) − 1 + h)/h². For small |h|, where the terms cancel, it uses the series.
fn second_weight(h: f64) -> f64 {
    if h.abs() > 0.03 {
        return 0.5 - expm1_minus(-h) / (h * h);
    }
    // e^(−h) − 1 + h = h²/2 − h³/6 + h⁴/24 − …
    h / 6.0 - h * h / 24.0 + h * h * h / 120.0 - h.powi(4) / 720.0 + h.powi(5) / 5040.0
}
