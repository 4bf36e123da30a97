//! DDIM backwards: from data to the noise that it is drawn from (Song, Meng & Ermon 2021, sec. 4.3 and 5.4).

use crate::walk::Quiet;
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, Next, Path, State, Step};
use tweedie_math::NoiseLevel;

/// Which level the network is told while x climbs from one level to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Told {
    /// The one where x is.
    #[default]
    Here,
    /// The one above it, as published: with it the round trip's error is a quarter to a third at few steps.
    Upper,
}

/// How data is taken up a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inversion {
    /// What the network is told.
    pub told: Told,
    /// So many times each step is solved again with what the denoiser says at its upper end: a fixed point of it is undone by DDIM
    /// exactly (Pan et al. 2023). Each costs a call.
    pub refinements: usize,
}

/// Takes x from the path's end, clean data as a rule, up to its first level: the latent code that [`ddim`](super::ddim) with η = 0
/// decodes along the same path. A hook sees each step with its index counted from the bottom.
///
/// # Errors
/// [`Error::Path`] for a path that climbs somewhere; what the denoiser and the hook report.
pub fn ddim_invert<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    inversion: Inversion,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    if let Some(step) = path.steps().find(Step::ascends) {
        return Err(Error::Path(format!(
            "its step {} climbs, and an inversion follows one that descends all the way",
            step.index
        )));
    }
    let mut x = x;
    for down in path.steps().rev() {
        let up = Step { index: down.count - 1 - down.index, count: down.count, from: down.to, to: down.from };
        let told = match inversion.told {
            Told::Here => up.from,
            Told::Upper => up.to,
        };
        let estimate = denoiser.denoise_told(&x, &[up.from], &[told])?;
        let mut next = ddim_invert_step(&estimate, up.to)?;
        if up.to.signal_rate() > 0.0 {
            for _ in 0..inversion.refinements {
                let above = denoiser.denoise(&next, &[up.to])?;
                next = refined(&x, &above.eps, up.from, up.to)?;
            }
        }
        x = match hook.after(&next, &up, Some(&estimate), &Quiet)? {
            Next::Go => next,
            Next::Replace(other) => other,
            Next::Stop(last) => return Ok(last),
        };
    }
    Ok(x)
}

/// One step up: x_t = signal_t·x̂_0 + noise_t·ε̂, with the estimate at the lower level.
///
/// # Errors
/// States of other shapes.
pub fn ddim_invert_step<X: State>(estimate: &Estimate<X>, to: NoiseLevel) -> Result<X, Error> {
    use Coefficient::Same;
    X::combine(&[(Same(to.signal_rate()), &estimate.x0), (Same(to.noise_rate()), &estimate.eps)])
}

/// The x_t that a step of DDIM with ε̂ takes to x_s: signal_t/signal_s·x_s + (noise_t − signal_t/signal_s·noise_s)·ε̂.
fn refined<X: State>(x: &X, eps: &X, from: NoiseLevel, to: NoiseLevel) -> Result<X, Error> {
    use Coefficient::Same;
    let scale = to.signal_rate() / from.signal_rate();
    X::combine(&[(Same(scale), x), (Same(to.noise_rate() - scale * from.noise_rate()), eps)])
}
