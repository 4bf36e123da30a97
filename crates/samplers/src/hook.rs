//! Hooks, which are called after each step of a walk.

use crate::{Error, Estimate, NoiseSource, State};
use tweedie_math::NoiseLevel;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The number of the step, from 0.
    pub index: usize,
    /// The number of steps of the path.
    pub count: usize,
    /// The level where the step starts.
    pub from: NoiseLevel,
    /// The level where the step ends.
    pub to: NoiseLevel,
}

impl Step {
    /// Whether the step adds noise to reach a noisier level.
    pub fn ascends(&self) -> bool {
        self.to.log_snr() < self.from.log_snr()
    }
}

/// The continuation after a step.
#[derive(Debug)]
pub enum Next<X> {
    /// Sampling continues from the same state.
    Go,
    /// Sampling continues from this state, and a sampler with a memory keeps the memory. It is for small changes of x: a multistep
    /// solver keeps its order and uses its earlier predictions for the new trajectory.
    Adjust(X),
    /// Sampling continues from this state, and a sampler with a memory empties the memory. The following steps are a new walk.
    Replace(X),
    /// Sampling ends with this state.
    Stop(X),
}

/// A hook that is called after each step, for previews, progress and cancelling, and for methods that change x during sampling.
pub trait Hook<X: State> {
    /// Called after a step with `x` at the level `step.to`. `estimate` is the denoiser's estimate at the beginning of the step. It is
    /// `None` if the step only added noise to x or rescaled x.
    ///
    /// # Errors
    /// The hook's own errors, which end the sampling.
    fn after(
        &mut self,
        x: &X,
        step: &Step,
        estimate: Option<&Estimate<X>>,
        noise: &dyn NoiseSource<X>,
    ) -> Result<Next<X>, Error>;
}

/// The empty hook, which changes nothing.
impl<X: State> Hook<X> for () {
    fn after(
        &mut self,
        _: &X,
        _: &Step,
        _: Option<&Estimate<X>>,
        _: &dyn NoiseSource<X>,
    ) -> Result<Next<X>, Error> {
        Ok(Next::Go)
    }
}

/// Both hooks, one after the other. The second hook is called with the x that the first one returns, and is not called after a stop. If
/// both change x, the result is that of the second. The memory is emptied if either hook replaces x.
impl<X: State, A: Hook<X>, B: Hook<X>> Hook<X> for (A, B) {
    fn after(
        &mut self,
        x: &X,
        step: &Step,
        estimate: Option<&Estimate<X>>,
        noise: &dyn NoiseSource<X>,
    ) -> Result<Next<X>, Error> {
        match self.0.after(x, step, estimate, noise)? {
            Next::Go => self.1.after(x, step, estimate, noise),
            Next::Stop(x) => Ok(Next::Stop(x)),
            Next::Adjust(x) => Ok(match self.1.after(&x, step, estimate, noise)? {
                Next::Go => Next::Adjust(x),
                other => other,
            }),
            Next::Replace(x) => Ok(match self.1.after(&x, step, estimate, noise)? {
                Next::Go => Next::Replace(x),
                Next::Adjust(adjusted) => Next::Replace(adjusted),
                other => other,
            }),
        }
    }
}

/// A function of the step and x as a hook that changes nothing.
impl<X: State, F: FnMut(&Step, &X)> Hook<X> for F {
    fn after(
        &mut self,
        x: &X,
        step: &Step,
        _: Option<&Estimate<X>>,
        _: &dyn NoiseSource<X>,
    ) -> Result<Next<X>, Error> {
        self(step, x);
        Ok(Next::Go)
    }
}
