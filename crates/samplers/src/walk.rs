//! What every sampler shares: visits, noise put back on, noise keys, hooks, and when to forget.

use crate::{Coefficient, Draw, Error, Estimate, Hook, Next, NoiseSource, Path, State, Step};
use tweedie_math::random::Purpose;
use tweedie_math::{NoiseLevel, Transition};

/// Fresh noise for a step: the first draw of its visit.
pub(crate) fn step_noise<X: State>(x: &X, step: &Step, noise: &dyn NoiseSource<X>) -> Result<X, Error> {
    noise.normal(x, Draw { purpose: Purpose::STEP, visit: step.index as u64, draw: 0 })
}

/// Walks the path; `down` is the sampler's own step towards clean data, with what the denoiser said at the level it leaves.
///
/// M is what the sampler remembers from step to step. It is empty at the start, and emptied whenever x is not what `down` left:
/// after a climb, and after a hook that replaced x.
pub(crate) fn walk<X: State, M: Default>(
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

/// The noise of what draws none.
pub(crate) struct Quiet;

impl<X: State> NoiseSource<X> for Quiet {
    fn normal(&self, _: &X, draw: Draw) -> Result<X, Error> {
        Err(Error::other(format!("inversion and decoding draw no noise, and {draw:?} was asked for")))
    }
}
