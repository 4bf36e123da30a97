//! DDIM inversion: from data to its latent code (Song, Meng & Ermon 2021, sec. 4.3 and 5.4).

use crate::{Coefficient, Denoiser, Error, Estimate, Hook, Next, NoNoise, Path, State, Step};
use tweedie_math::NoiseLevel;

/// The level that the network is conditioned on in a step from one level up to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConditionedOn {
    /// The level of x, which is the lower one.
    #[default]
    Here,
    /// The upper level, as published. On N(0, ¼) the error of a round trip of few steps is a quarter to a third of that with
    /// [`Self::Here`]. On trained networks it was a tenth of it (MNIST) or larger (the built-in shapes). The denoiser must support
    /// different levels ([`Denoiser::denoise_conditioned`]).
    Upper,
}

/// The options of DDIM inversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inversion {
    /// The level that the network is conditioned on.
    pub conditioned_on: ConditionedOn,
    /// The number of refinements per step. Each refinement solves the step again with the estimate at its upper end and costs one
    /// evaluation of the denoiser. DDIM exactly inverts a fixed point of this iteration (Pan et al. 2023).
    pub refinements: usize,
}

/// Inverts DDIM: takes x from the path's last level, usually clean data, up to its first level. The result is the latent code that
/// [`ddim`](super::ddim) with η = 0 decodes along the same path. The hook is called after each step, and the index of a step counts from
/// the clean end. An inversion has no memory, so that [`Next::Adjust`] and [`Next::Replace`] have the same effect.
///
/// # Errors
/// [`Error::Path`] for a path with a step to a noisier level; [`Error::OtherLevel`] for [`ConditionedOn::Upper`] with a denoiser that
/// does not support it; errors returned by the denoiser or the hook.
pub fn ddim_invert<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    inversion: Inversion,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    if let Some(step) = path.steps().find(Step::ascends) {
        return Err(Error::Path(format!(
            "its step {} goes to a noisier level, and an inversion needs a path without such steps",
            step.index
        )));
    }
    let mut x = x;
    for down in path.steps().rev() {
        let up = Step { index: down.count - 1 - down.index, count: down.count, from: down.to, to: down.from };
        let network_level = match inversion.conditioned_on {
            ConditionedOn::Here => up.from,
            ConditionedOn::Upper => up.to,
        };
        let estimate = denoiser.denoise_conditioned(&x, up.from.into(), network_level.into())?;
        let mut next = ddim_invert_step(&estimate, up.to)?;
        if up.to.signal_rate() > 0.0 {
            for _ in 0..inversion.refinements {
                let above = denoiser.denoise(&next, up.to.into())?;
                next = refined(&x, &above.eps, up.from, up.to)?;
            }
        }
        x = match hook.after(&next, &up, Some(&estimate), &NoNoise)? {
            Next::Go => next,
            Next::Adjust(other) | Next::Replace(other) => other,
            Next::Stop(last) => return Ok(last),
        };
    }
    Ok(x)
}

/// One step up, x_t = signal_t·x̂_0 + noise_t·ε̂, with the estimate at the lower level.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn ddim_invert_step<X: State>(estimate: &Estimate<X>, to: NoiseLevel) -> Result<X, Error> {
    use Coefficient::Same;
    X::combine(&[(Same(to.signal_rate()), &estimate.x0), (Same(to.noise_rate()), &estimate.eps)])
}

/// The x_t from which a step of DDIM with ε̂ reaches x_s: signal_t/signal_s·x_s + (noise_t − signal_t/signal_s·noise_s)·ε̂.
fn refined<X: State>(x: &X, eps: &X, from: NoiseLevel, to: NoiseLevel) -> Result<X, Error> {
    use Coefficient::Same;
    let scale = to.signal_rate() / from.signal_rate();
    X::combine(&[(Same(scale), x), (Same(to.noise_rate() - scale * from.noise_rate()), eps)])
}
