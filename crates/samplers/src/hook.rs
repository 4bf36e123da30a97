//! What may look on, and intervene, after each step.

use crate::{Error, Estimate, NoiseSource, State};
use tweedie_math::NoiseLevel;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Its number, from 0.
    pub index: usize,
    /// How many the path has.
    pub count: usize,
    /// The level it leaves.
    pub from: NoiseLevel,
    /// The level it reaches.
    pub to: NoiseLevel,
}

impl Step {
    /// Whether it puts noise on.
    pub fn ascends(&self) -> bool {
        self.to.log_snr() < self.from.log_snr()
    }
}

/// What happens after a step.
#[derive(Debug)]
pub enum Next<X> {
    /// Go on.
    Go,
    /// Go on from another state; samplers with a memory forget it.
    Replace(X),
    /// Return this state now.
    Stop(X),
}

/// Called after each step: previews, progress, cancelling, and methods that change x on its way.
pub trait Hook<X: State> {
    /// `x` is at `step.to`; `estimate` is what the denoiser said where the step began, absent where noise was put back on or x was
    /// only rescaled.
    ///
    /// # Errors
    /// What the hook has to report.
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

/// Both hooks, the second seeing what the first left.
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
            Next::Replace(x) => Ok(match self.1.after(&x, step, estimate, noise)? {
                Next::Go => Next::Replace(x),
                other => other,
            }),
        }
    }
}

/// A function of the step and x as a hook that only looks.
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
