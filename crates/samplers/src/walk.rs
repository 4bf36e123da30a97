//! What every sampler shares: visits, noise put back on, noise keys, hooks.

use crate::{Coefficient, Denoiser, Draw, Error, Estimate, Hook, Next, NoiseSource, Path, State, Step};
use tweedie_math::Transition;
use tweedie_math::random::Purpose;

/// Fresh noise for a step: the first draw of its visit.
pub(crate) fn step_noise<X: State>(x: &X, step: &Step, noise: &dyn NoiseSource<X>) -> Result<X, Error> {
    noise.normal(x, Draw { purpose: Purpose::STEP, visit: step.index as u64, draw: 0 })
}

/// Walks the path; `down` is the sampler's own step towards clean data.
pub(crate) fn walk<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    mut x: X,
    path: &Path,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
    mut down: impl FnMut(&X, &Estimate<X>, &Step) -> Result<X, Error>,
) -> Result<X, Error> {
    for (index, pair) in path.levels().windows(2).enumerate() {
        let step = Step { index, count: path.n_steps(), from: pair[0], to: pair[1] };
        let ascends = step.to.log_snr() < step.from.log_snr();
        let (next, estimate) = if ascends {
            (renoise(&x, &step, noise)?, None)
        } else {
            let estimate = denoiser.denoise(&x, &[step.from])?;
            (down(&x, &estimate, &step)?, Some(estimate))
        };
        x = match hook.after(&next, &step, estimate.as_ref(), noise)? {
            Next::Go => next,
            Next::Replace(other) => other,
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
