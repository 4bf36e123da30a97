//! What can go wrong while sampling.

/// Why a sampler stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A level, a transition or a reading that does not exist.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// States, coefficients or levels that do not fit together.
    #[error("{what}: found {found}, expected {expected}")]
    Mismatch {
        /// The values that were compared.
        what: &'static str,
        /// The value found.
        found: String,
        /// The value expected.
        expected: String,
    },
    /// A path that cannot be walked.
    #[error("a path cannot be walked: {0}")]
    Path(String),
    /// A parameter outside its range.
    #[error("{name} is {found}; it must be {allowed}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The value found.
        found: f64,
        /// The values allowed, in words.
        allowed: &'static str,
    },
    /// The denoiser supports one level only, that of x.
    #[error("this denoiser cannot be conditioned on another level than the one where x is")]
    OtherLevel,
    /// The sampler needs a learned variance and the denoiser predicts none.
    #[error(
        "the learned reverse variance needs a denoiser that predicts it, and this one predicts none: choose a fixed one, small or large"
    )]
    NoSpread,
    /// The sampler needs the variance of x_0 given x_t and the denoiser does not predict it.
    #[error(
        "the optimal reverse variance needs the variance of x0 given x_t, and this denoiser does not predict it: wrap it in WithX0Variance, or choose another variance"
    )]
    NoX0Variance,
    /// The noise source draws no uniform numbers.
    #[error("this noise source draws no uniform numbers, by which Metropolis' rule accepts or rejects")]
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

    /// Fails, naming the parameter, unless its value holds.
    pub(crate) fn unless(
        holds: bool,
        name: &'static str,
        found: f64,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Parameter { name, found, allowed }) }
    }
}

/// A number above 0 and not infinite.
pub(crate) fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

/// A number of at least 0 and not infinite.
pub(crate) fn is_not_negative(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}
