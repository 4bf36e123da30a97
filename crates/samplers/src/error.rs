//! Errors of sampling.

use tweedie_math::Short;

/// The greatest number of Langevin or corrector steps at one level.
const MOST_STEPS_PER_LEVEL: usize = 10_000;

/// An error that stops a sampler.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid level, transition or reading.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// States, coefficients or levels whose shapes or numbers differ.
    #[error("{what}: found {found}, expected {expected}")]
    Mismatch {
        /// The values that were compared.
        what: &'static str,
        /// The value found.
        found: String,
        /// The value expected.
        expected: String,
    },
    /// A path that a sampler cannot follow.
    #[error("the path is invalid: {0}")]
    Path(String),
    /// A parameter outside its range.
    #[error("{name} is {}; it must be {allowed}", Short(*found))]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The value found.
        found: f64,
        /// The values allowed, in words.
        allowed: &'static str,
    },
    /// The denoiser cannot be conditioned on a level that differs from that of x.
    #[error("this denoiser cannot be conditioned on a level that differs from the level of x")]
    OtherLevel,
    /// The sampler needs a learned variance and the denoiser predicts none.
    #[error(
        "the learned reverse variance needs a denoiser that predicts it, which this one does not: choose a fixed variance, small or large"
    )]
    NoSpread,
    /// The sampler needs the variance of x_0 given x_t and the denoiser does not predict it.
    #[error(
        "the optimal reverse variance needs the variance of x0 given x_t, and this denoiser does not predict it: wrap it in WithX0Variance, or choose another variance"
    )]
    NoX0Variance,
    /// The noise source draws no uniform numbers.
    #[error(
        "this noise source draws no uniform numbers, which Metropolis' rule needs to accept or reject a step"
    )]
    Uniform,
    /// The tensor library failed.
    #[error("the tensor library failed: {0}")]
    Tensor(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The error of a denoiser, a hook or a noise source.
    #[error("{0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps the error of a denoiser, a hook or a noise source.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Returns [`Error::Parameter`] for the named parameter unless `holds` is true.
    pub(crate) fn unless(
        holds: bool,
        name: &'static str,
        found: f64,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Parameter { name, found, allowed }) }
    }

    /// Returns [`Error::Parameter`] for the named number of steps at a level unless it is between `least` and 10000.
    pub(crate) fn unless_steps(name: &'static str, found: usize, least: usize) -> Result<(), Self> {
        let allowed = if least == 0 { "at most 10000" } else { "between 1 and 10000" };
        Self::unless((least..=MOST_STEPS_PER_LEVEL).contains(&found), name, found as f64, allowed)
    }
}
