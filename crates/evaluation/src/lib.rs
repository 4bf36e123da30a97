//! Evaluation of diffusion models: the quality of samples and the likelihood of data.
//!
//! [`judge_samples`] compares generated images with data in the features of an [`Extractor`], by Fréchet and kernel distance, precision and
//! recall, and nearest neighbours. It reports the same figures for as many real images, over several splits. [`judge_points`] compares points.
//! [`shapes_quality`] analyses samples of the built-in set: it reports the share of images that are exactly one shape of the palette, and
//! the histogram of their attributes, which reveals a missing colour or background. [`likelihood`] computes variational bounds and likelihoods under the
//! probability flow.

mod extractor;
mod floor;
mod frechet;
mod kernel;
pub mod likelihood;
mod neighbours;
mod points;
mod samples;
mod shapes;

pub use extractor::{Extractor, Features};
pub use floor::{Floor, Scatter};
pub use frechet::{Moments, frechet_distance};
pub use kernel::{Estimate, FEWEST_SAMPLES, kernel_distance};
pub use neighbours::{PrecisionRecall, nearest, precision_recall};
pub use points::{GaussianKernel, PointsReport, judge_points};
pub use samples::{Confidence, Distances, Images, SamplesReport, judge_samples};
pub use shapes::{Cells, ShapesQuality, histogram_distance, matched_share, shapes_quality};

use std::path::PathBuf;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are too few images, features or points.
    #[error("{what}: found {found}, but at least {needed} are needed")]
    TooFew {
        /// What there are too few of.
        what: &'static str,
        /// The number found.
        found: i64,
        /// The number needed.
        needed: i64,
    },
    /// A term of a bound is not finite.
    #[error(
        "the bound of image {image} (counted from 0) at the level t = {time} is {found}; the model's prediction is not usable there"
    )]
    NotFinite {
        /// The image's number, counted from 0.
        image: usize,
        /// The level's time.
        time: usize,
        /// The value of the term.
        found: f64,
    },
    /// A file is not an extractor.
    #[error("{} is not an extractor: {reason}", path.display())]
    Extractor {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// An error in reading a file of weights.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// An error of the model.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// An error of the extractor's network.
    #[error(transparent)]
    Network(#[from] tweedie_networks::Error),
    /// An error of LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
