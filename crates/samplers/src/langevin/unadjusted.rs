//! The unadjusted Langevin algorithm (Roberts & Tweedie 1996).

use super::Score;
use crate::{Coefficient, Draw, Error, NoiseSource, State};
use tweedie_math::random::Purpose;

/// Runs `n_steps` steps of size δ. For the target N(0, s²) the stationary variance is s²/(1 − δ/(4s²)), the solution of
/// V = (1 − δ/(2s²))²·V + δ. After each step `watch` is called with the step's number and x; the chain stops if it returns false.
///
/// # Errors
/// [`Error::Parameter`] for a δ that is not positive; errors returned by the score or the noise source.
pub fn unadjusted_langevin<X: State>(
    target: &(impl Score<X> + ?Sized),
    x: X,
    step_size: f64,
    n_steps: u64,
    noise: &dyn NoiseSource<X>,
    watch: &mut dyn FnMut(u64, &X) -> bool,
) -> Result<X, Error> {
    check_step_size(step_size)?;
    let mut x = x;
    for visit in 0..n_steps {
        let z = noise.normal(&x, Draw { purpose: Purpose::LANGEVIN, visit, draw: 0 })?;
        x = langevin_step(&x, &target.score(&x)?, step_size, &z)?;
        if !watch(visit, &x) {
            break;
        }
    }
    Ok(x)
}

/// One step, x + δ/2·∇ln p(x) + √δ·z.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn langevin_step<X: State>(x: &X, score: &X, step_size: f64, z: &X) -> Result<X, Error> {
    use Coefficient::Same;
    X::combine(&[(Same(1.0), x), (Same(0.5 * step_size), score), (Same(step_size.sqrt()), z)])
}

pub(super) fn check_step_size(step_size: f64) -> Result<(), Error> {
    if step_size > 0.0 && step_size.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter { name: "the step size", found: step_size, allowed: "positive" })
}
