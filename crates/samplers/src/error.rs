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
        /// What was compared.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A path that cannot be walked.
    #[error("a path cannot be walked: {0}")]
    Path(String),
    /// A sampler's parameter outside its range.
    #[error("{name} is {found}; it must be {allowed}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What was found.
        found: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// The sampler needs a learned variance and the denoiser reports none.
    #[error(
        "the learned reverse variance was asked for, and the denoiser reports none: choose a fixed one, small or large"
    )]
    NoSpread,
    /// The sampler needs the variance of x_0 given x_t and the denoiser does not report it.
    #[error(
        "the optimal reverse variance was asked for, and the denoiser does not say how sure it is of x0: wrap it in WithX0Variance, or choose another variance"
    )]
    NoX0Variance,
    /// The noise source draws no uniform numbers.
    #[error("this noise source draws no uniform numbers, by which Metropolis' rule accepts or rejects")]
    Uniform,
    /// The tensor library failed.
    #[error("the tensor library failed: {0}")]
    Tensor(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What the denoiser, a hook or a noise source reported.
    #[error("{0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps what a denoiser, a hook or a noise source has to report.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}
