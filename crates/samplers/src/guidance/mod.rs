//! Guidance: denoisers that combine other denoisers and guides.

mod classifier;
mod extrapolated;

pub use classifier::{ClassifierGuided, ddpm_guided};
pub use extrapolated::{Extrapolated, Extrapolation};

use crate::{Error, Levels, State};

/// A density p(y | x_t) of a condition y given noisy x, such as a noise-conditional classifier.
pub trait Guide<X: State> {
    /// ∇ ln p(y | x_t) for x_t at the levels `at`, sample by sample and of x's shape.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a wrong number of levels ([`Levels::check`]); the guide's own errors.
    fn log_density_gradient(&self, x: &X, at: Levels<'_>) -> Result<X, Error>;
}

impl<X: State, G: Guide<X> + ?Sized> Guide<X> for &G {
    fn log_density_gradient(&self, x: &X, at: Levels<'_>) -> Result<X, Error> {
        (**self).log_density_gradient(x, at)
    }
}

impl<X: State, G: Guide<X> + ?Sized> Guide<X> for Box<G> {
    fn log_density_gradient(&self, x: &X, at: Levels<'_>) -> Result<X, Error> {
        (**self).log_density_gradient(x, at)
    }
}
