//! Guidance: denoisers made of denoisers, and of what else is known of the data.

mod classifier;
mod extrapolated;

pub use classifier::{ClassifierGuided, ddpm_guided};
pub use extrapolated::Extrapolated;

use crate::{Error, State};
use tweedie_math::NoiseLevel;

/// Something that knows how well a noisy x fits what is wanted: a noise-conditional classifier, say.
pub trait Guide<X: State> {
    /// ∇ ln p(y | x_t) at x_t, sample by sample; `at` is one level for the batch, or one per sample.
    ///
    /// # Errors
    /// What the guide has to report; levels that do not fit the batch.
    fn log_density_gradient(&self, x: &X, at: &[NoiseLevel]) -> Result<X, Error>;
}

impl<X: State, G: Guide<X> + ?Sized> Guide<X> for &G {
    fn log_density_gradient(&self, x: &X, at: &[NoiseLevel]) -> Result<X, Error> {
        (**self).log_density_gradient(x, at)
    }
}

impl<X: State, G: Guide<X> + ?Sized> Guide<X> for Box<G> {
    fn log_density_gradient(&self, x: &X, at: &[NoiseLevel]) -> Result<X, Error> {
        (**self).log_density_gradient(x, at)
    }
}
