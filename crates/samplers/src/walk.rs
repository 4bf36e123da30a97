//! The loop over a path that all samplers share: visits, steps to noisier levels, noise keys, hooks, and the emptying of memories.

use crate::{Coefficient, Draw, Error, Estimate, Hook, Next, NoiseSource, Path, State, Step};
use tweedie_math::random::Purpose;
use tweedie_math::{NoiseLevel, Transition};

/// Fresh noise for a step: the first draw of its visit.
pub(crate) fn step_noise<X: State>(x: &X, step: &Step, noise: &dyn NoiseSource<X>) -> Result<X, Error> {
    noise.normal(x, Draw { purpose: Purpose::STEP, visit: step.index as u64, draw: 0 })
}

/// The memory of a sampler between steps. It is empty at the start.
pub(crate) trait Memory<X>: Default {
    /// Called after a hook has adjusted x at `step.to`. Earlier predictions are kept. A memory that holds x itself must be updated.
    fn adjusted(&mut self, _step: &Step, _before: &X, _after: &X) -> Result<(), Error> {
        Ok(())
    }
}

/// The empty memory.
impl<X> Memory<X> for () {}

/// Predictions or step sizes, which an adjusted x does not change.
impl<X, T> Memory<X> for Vec<T> {}

/// Follows the path. `down` is the sampler's step to a cleaner level, which also returns the denoiser's estimate at the level where the
/// step starts.
///
/// The memory is emptied by a step to a noisier level, and after a hook has replaced x.
pub(crate) fn walk<X: State, M: Memory<X>>(
    mut x: X,
    path: &Path,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
    mut down: impl FnMut(&X, &Step, &mut M) -> Result<(X, Estimate<X>), Error>,
) -> Result<X, Error> {
    let mut memory = M::default();
    for step in path.steps() {
        let (next, estimate) = if step.ascends() {
            memory = M::default();
            (renoise(&x, &step, noise)?, None)
        } else if step.from.log_snr() == step.to.log_snr() {
            (rescaled(&x, step.from, step.to)?, None)
        } else {
            let (next, estimate) = down(&x, &step, &mut memory)?;
            (next, Some(estimate))
        };
        x = match hook.after(&next, &step, estimate.as_ref(), noise)? {
            Next::Go => next,
            Next::Adjust(adjusted) => {
                memory.adjusted(&step, &next, &adjusted)?;
                adjusted
            }
            Next::Replace(other) => {
                memory = M::default();
                other
            }
            Next::Stop(last) => return Ok(last),
        };
    }
    Ok(x)
}

/// x_t ~ q(x_t | x_s).
fn renoise<X: State>(x: &X, step: &Step, noise: &dyn NoiseSource<X>) -> Result<X, Error> {
    let kernel = Transition::between(step.from, step.to)?;
    let z = noise.normal(x, Draw { purpose: Purpose::RENOISE, visit: step.index as u64, draw: 0 })?;
    X::combine(&[(Coefficient::Same(kernel.scale), x), (Coefficient::Same(kernel.variance.sqrt()), &z)])
}

/// x at another level of the same log-SNR.
fn rescaled<X: State>(x: &X, from: NoiseLevel, to: NoiseLevel) -> Result<X, Error> {
    let factor = match from.signal_rate() {
        0.0 => to.noise_rate() / from.noise_rate(),
        signal => to.signal_rate() / signal,
    };
    X::combine(&[(Coefficient::Same(factor), x)])
}
