//! Underdamped (kinetic) Langevin dynamics by the splitting BAOAB (Leimkuhler & Matthews 2013).

use super::Score;
use super::unadjusted::check_step_size;
use crate::{Coefficient, Draw, Error, NoiseSource, State};
use tweedie_math::random::Purpose;

/// dx = v dt, dv = ∇ln p(x) dt − γ·v dt + √(2γ) dW, with unit mass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Underdamped {
    /// The time per step.
    pub step_size: f64,
    /// The friction γ. The dynamics is Hamiltonian without friction, and overdamped in the limit of large friction.
    pub friction: f64,
}

/// Runs `n_steps` steps from velocities drawn from N(0, I). For a Gaussian target N(0, s²) the stationary variance of the positions is
/// exactly s² for every step size below 2s. After each step `watch` is called with the step's number and x; the chain stops if it returns
/// false.
///
/// # Errors
/// [`Error::Parameter`] for a step size that is not positive or a negative friction; errors returned by the score or the noise source.
pub fn underdamped_langevin<X: State>(
    target: &(impl Score<X> + ?Sized),
    x: X,
    how: Underdamped,
    n_steps: u64,
    noise: &dyn NoiseSource<X>,
    watch: &mut dyn FnMut(u64, &X) -> bool,
) -> Result<X, Error> {
    check_step_size(how.step_size)?;
    check_friction(how.friction)?;
    let mut v = noise.normal(&x, Draw { purpose: Purpose::MOMENTUM, visit: 0, draw: 0 })?;
    let mut score = target.score(&x)?;
    let mut x = x;
    for visit in 0..n_steps {
        let z = noise.normal(&x, Draw { purpose: Purpose::LANGEVIN, visit, draw: 0 })?;
        (x, v, score) = underdamped_step(target, &x, &v, &score, how, &z)?;
        if !watch(visit, &x) {
            break;
        }
    }
    Ok(x)
}

/// One step: half a kick (B), half a drift (A), the exact solution of friction and noise (O), half a drift, half a kick. Returns the
/// position, the velocity and the score at the new position.
///
/// # Errors
/// Errors returned by the score; [`Error::Mismatch`] for states of different shapes.
pub fn underdamped_step<X: State>(
    target: &(impl Score<X> + ?Sized),
    x: &X,
    v: &X,
    score: &X,
    how: Underdamped,
    z: &X,
) -> Result<(X, X, X), Error> {
    use Coefficient::Same;
    let half = 0.5 * how.step_size;
    let kicked = X::combine(&[(Same(1.0), v), (Same(half), score)])?;
    let kept = (-how.friction * how.step_size).exp();
    let fresh = (-(-2.0 * how.friction * how.step_size).exp_m1()).sqrt();
    let rubbed = X::combine(&[(Same(kept), &kicked), (Same(fresh), z)])?;
    let x = X::combine(&[(Same(1.0), x), (Same(half), &kicked), (Same(half), &rubbed)])?;
    let score = target.score(&x)?;
    let v = X::combine(&[(Same(1.0), &rubbed), (Same(half), &score)])?;
    Ok((x, v, score))
}

pub(super) fn check_friction(friction: f64) -> Result<(), Error> {
    if friction >= 0.0 && friction.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter { name: "the friction", found: friction, allowed: "finite and not negative" })
}
