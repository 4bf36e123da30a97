//! How good samples are, and how likely data.
//!
//! [`judge_samples`] compares images with data in the features of an [`Extractor`]: Fréchet and kernel distance, precision
//! and recall, nearest neighbours; always beside what as many real images score. [`judge_points`] does so for points. For the built-in set the judge is its
//! analyser ([`shapes_quality`]): the share of images that are exactly one shape of the palette, beside the histogram of
//! what they show. A share alone would hide a lost colour or background.

mod extractor;
mod frechet;
mod kernel;
pub mod likelihood;
mod neighbours;
mod points;
mod samples;
mod shapes;

pub use extractor::{Extractor, Features};
pub use frechet::{Moments, frechet_distance};
pub use kernel::{Estimate, FEWEST_SAMPLES, kernel_distance};
pub use neighbours::{PrecisionRecall, nearest, precision_recall};
pub use points::{GaussianKernel, PointsReport, judge_points};
pub use samples::{Confidence, Distances, Images, SamplesReport, judge_samples};
pub use shapes::{ShapesQuality, shapes_quality};

use std::path::PathBuf;

/// What can prevent a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Too few of something.
    #[error("{what}: there are {found}, and {needed} are needed at least")]
    TooFew {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: i64,
        /// How many are needed.
        needed: i64,
    },
    /// A term of a bound that is no number.
    #[error(
        "the bound of image {image} (from 0) is {found} at the level t = {time}: the model is no use there"
    )]
    NotFinite {
        /// The image's number.
        image: usize,
        /// The level's time.
        time: usize,
        /// What was found.
        found: f64,
    },
    /// A file that holds no extractor.
    #[error("{} is no extractor: {reason}", path.display())]
    Extractor {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of weights.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// Tensors of a file.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// The extractor's network.
    #[error(transparent)]
    Network(#[from] tweedie_networks::Error),
    /// LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
