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
    /// The level that the step leaves.
    pub from: NoiseLevel,
    /// The level that the step reaches.
    pub to: NoiseLevel,
}

impl Step {
    /// Whether the step adds noise to come to a noisier level.
    pub fn ascends(&self) -> bool {
        self.to.log_snr() < self.from.log_snr()
    }
}

/// What happens after a step.
#[derive(Debug)]
pub enum Next<X> {
    /// The walk continues.
    Go,
    /// The walk continues from this state, and a sampler with a memory keeps it. It is for small changes of x: a multistep solver
    /// keeps its order, and its earlier predictions are taken for those of the new trajectory.
    Adjust(X),
    /// The walk continues from this state, and a sampler with a memory empties it. What follows is a new walk from here.
    Replace(X),
    /// The walk ends with this state.
    Stop(X),
}

/// Called after each step: for previews, progress, cancelling, and for methods that change x on its way.
pub trait Hook<X: State> {
    /// `x` is at `step.to`. `estimate` is the denoiser's at the beginning of the step; it is absent where noise was put back on or x was
    /// only rescaled.
    ///
    /// # Errors
    /// The hook's own errors, which end the walk.
    fn after(
        &mut self,
        x: &X,
        step: &Step,
        estimate: Option<&Estimate<X>>,
        noise: &dyn NoiseSource<X>,
    ) -> Result<Next<X>, Error>;
}

/// No hook.
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

/// Both hooks, one after the other: the second sees the x that the first leaves, and is not called after a stop. Of a change of x the
/// second hook's is returned; the memory is emptied if either hook replaces x.
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
