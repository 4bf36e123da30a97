//! The densities that Langevin dynamics samples.

use crate::{Denoiser, Error, Levels, State};
use tweedie_math::NoiseLevel;

/// A density that is known by its score ∇ ln p.
pub trait Score<X: State> {
    /// ∇ ln p(x), sample by sample.
    ///
    /// # Errors
    /// The errors of the implementation.
    fn score(&self, x: &X) -> Result<X, Error>;
}

/// E(x) of each sample, and ∇ ln p = −∇E.
#[derive(Debug)]
pub struct EnergyAndScore<X> {
    /// E(x) = −ln p(x) up to a constant, one number per sample.
    pub energy: Vec<f64>,
    /// −∇E, of x's shape.
    pub score: X,
}

/// A density that is known up to a constant factor, p(x) ∝ e^(−E(x)).
#[diagnostic::on_unimplemented(
    message = "Metropolis' rule needs an energy, and `{Self}` has none",
    note = "a step is accepted or rejected by the ratio of two densities, which a score alone does not give: use `unadjusted_langevin`"
)]
pub trait Energy<X: State> {
    /// E(x) and −∇E(x), sample by sample.
    ///
    /// # Errors
    /// The errors of the implementation.
    fn energy_and_score(&self, x: &X) -> Result<EnergyAndScore<X>, Error>;
}

/// The score of a denoiser at one level, −ε̂/noise by Tweedie's formula. A conditional denoiser gives the conditional score.
#[derive(Debug, Clone, Copy)]
pub struct ScoreAt<D> {
    /// The denoiser.
    pub denoiser: D,
    /// The level of x, which must have noise.
    pub level: NoiseLevel,
}

impl<X: State, D: Denoiser<X>> Score<X> for ScoreAt<D> {
    fn score(&self, x: &X) -> Result<X, Error> {
        score_at(&self.denoiser.denoise(x, self.level.into())?.eps, self.level.into())
    }
}

/// The score of an energy.
#[derive(Debug, Clone, Copy)]
pub struct ScoreOf<E>(pub E);

impl<X: State, E: Energy<X>> Score<X> for ScoreOf<E> {
    fn score(&self, x: &X) -> Result<X, Error> {
        Ok(self.0.energy_and_score(x)?.score)
    }
}

impl<X: State, S: Score<X> + ?Sized> Score<X> for &S {
    fn score(&self, x: &X) -> Result<X, Error> {
        (**self).score(x)
    }
}

impl<X: State, E: Energy<X> + ?Sized> Energy<X> for &E {
    fn energy_and_score(&self, x: &X) -> Result<EnergyAndScore<X>, Error> {
        (**self).energy_and_score(x)
    }
}

/// −ε̂/noise.
pub(super) fn score_at<X: State>(eps: &X, at: Levels<'_>) -> Result<X, Error> {
    let factors = at.map(eps.n_samples(), |level| match level.noise_rate() {
        0.0 => Err(Error::Parameter {
            name: "the noise rate of the level of a score",
            found: 0.0,
            allowed: "positive, since clean data has no score",
        }),
        noise => Ok(-1.0 / noise),
    })?;
    X::combine(&[(at.coefficient(&factors), eps)])
}
