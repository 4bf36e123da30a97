//! The probability-flow ODE by an adaptive solver, as a sampler (Song et al. 2021, sec. 4.3).

use crate::flow::{Slope, Solver, Way, angle, level, rescaling, velocity};
use crate::walk::walk;
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State, ddim_step};

/// How exactly the flow is followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptive {
    /// The local error that a step may have, in the root mean square per dimension and relative to 1 + |x|.
    pub tolerance: f64,
    /// More steps than this between two levels, rejected ones included, are an error.
    pub most_steps: usize,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self { tolerance: 1e-5, most_steps: 10_000 }
    }
}

/// Samples by Dormand & Prince's method of order 5 with steps of each sample's own, so that no sample depends on its neighbours.
/// The path's levels are where hooks look on; between them the solver finds its own. A last step to clean data is DDIM's.
///
/// Its step sizes depend on x: a derivative through them is not that of the flow.
///
/// # Errors
/// [`Error::Parameter`] for a tolerance that is not positive, or steps used up; what the denoiser and the hook report.
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
            let estimate = denoiser.denoise(x, &[step.from])?;
            return Ok((ddim_step(&estimate, step.to, 0.0, None)?, estimate));
        }
        let mut said: Option<Estimate<X>> = None;
        let mut slope = |x: &X, at: &[f64]| {
            let levels = at.iter().map(|&phi| level(phi)).collect::<Result<Vec<_>, _>>()?;
            let estimate = denoiser.denoise(x, &levels)?;
            let slope =
                Slope { velocity: velocity(&estimate, &levels)?, divergence: vec![Vec::new(); at.len()] };
            said.get_or_insert(estimate);
            Ok(slope)
        };
        let way = Way { begin: angle(step.from), end: angle(step.to) };
        let mut solver = Solver::new(how.tolerance, how.most_steps, x.n_samples(), 0)?;
        solver.steps = std::mem::take(next_steps);
        let preserving = X::combine(&[(Coefficient::Same(rescaling(step.from)), x)])?;
        let there = solver.run(preserving, way, &mut slope, &mut |_| true)?;
        *next_steps = solver.steps;
        let (Some(there), Some(said)) = (there, said) else {
            return Err(Error::Path("the solver took no step".into()));
        };
        let next = X::combine(&[(Coefficient::Same(1.0 / rescaling(step.to)), &there)])?;
        // The estimate was made of the rescaled x; x̂_0 and ε̂ are the same in any units.
        Ok((next, said))
    })
}
