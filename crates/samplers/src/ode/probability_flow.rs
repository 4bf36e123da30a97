//! The probability-flow ODE by an adaptive solver, as a sampler (Song et al. 2021, sec. 4.3).

use crate::flow::{Slope, Solver, Way, angle, level, rescaling, velocity};
use crate::walk::walk;
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, Levels, NoiseSource, Path, State, ddim_step};
use serde::{Deserialize, Serialize};
use tweedie_math::MOST_LEVELS;

/// The options of the adaptive solver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptive {
    /// The greatest local error of a step, as a root mean square over the dimensions relative to 1 + |x|.
    pub tolerance: f64,
    /// The greatest number of steps between two levels, including rejected ones. Exceeding it is an error.
    pub most_steps: usize,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self { tolerance: 1e-4, most_steps: 1000 }
    }
}

/// The tolerances for f32 states. Rounding dominates below the least one.
const TOLERANCES: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

impl Adaptive {
    /// Checks the ranges of the options for f32 states. [`probability_flow`] itself takes any positive tolerance, for f64 states.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tolerance below 1e-6 or above a million, and for no steps or more than a million.
    pub fn check(&self) -> Result<(), Error> {
        let holds = TOLERANCES.contains(&self.tolerance);
        let allowed = "at least 1e-6, below which the rounding of f32 dominates, and at most 1e6";
        Error::unless(holds, "the tolerance", self.tolerance, allowed)?;
        let steps = self.most_steps;
        let holds = (1..=MOST_LEVELS).contains(&steps);
        Error::unless(holds, "the greatest number of steps", steps as f64, "between 1 and a million")
    }
}

/// Samples by Dormand & Prince's method of order 5. Every sample has its own step sizes, so that no sample depends on the others. The
/// hook is called at the path's levels, between which the solver chooses its steps. A last step to clean data is a step of DDIM.
///
/// The step sizes depend on x. A derivative through the sampler treats them as constants and is not exactly that of the flow.
///
/// # Errors
/// [`Error::Parameter`] for a tolerance that is not positive, or more than the greatest number of steps; errors returned by the denoiser
/// or the hook.
pub fn probability_flow<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    how: Adaptive,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    walk(x, path, noise, hook, |x, step, next_steps: &mut Vec<f64>| {
        if step.to.is_clean() {
            let estimate = denoiser.denoise(x, step.from.into())?;
            return Ok((ddim_step(&estimate, step.to, 0.0, None)?, estimate));
        }
        let mut first: Option<Estimate<X>> = None;
        let mut slope = |x: &X, at: &[f64]| {
            let levels = at.iter().map(|&phi| level(phi)).collect::<Result<Vec<_>, _>>()?;
            let estimate = denoiser.denoise(x, Levels::of(&levels, x.n_samples())?)?;
            let slope =
                Slope { velocity: velocity(&estimate, &levels)?, divergence: vec![Vec::new(); at.len()] };
            first.get_or_insert(estimate);
            Ok(slope)
        };
        let way = Way { begin: angle(step.from), end: angle(step.to) };
        let mut solver = Solver::new(how.tolerance, how.most_steps, x.n_samples(), 0)?;
        solver.steps = std::mem::take(next_steps);
        let preserving = X::combine(&[(Coefficient::Same(rescaling(step.from)), x)])?;
        let there = solver.run(preserving, way, &mut slope, &mut |_| true)?;
        *next_steps = solver.steps;
        let (Some(there), Some(first)) = (there, first) else {
            return Err(Error::Path("the solver did not take a step".into()));
        };
        let next = X::combine(&[(Coefficient::Same(1.0 / rescaling(step.to)), &there)])?;
        // The estimate was made for the rescaled x, but x̂_0 and ε̂ do not depend on the units of x.
        Ok((next, first))
    })
}
