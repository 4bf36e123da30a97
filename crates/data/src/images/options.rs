//! How images are read.

use super::Fit;
use crate::Shape;
use serde::{Deserialize, Serialize};

/// What to do with a file that is no image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFiles {
    /// Stop and name it.
    #[default]
    Error,
    /// Leave it out and count it. One whose head is right and whose rest is damaged is found when its turn comes: then the
    /// next one of its class is shown in its place.
    Skip,
}

/// How images are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// Channels (1 or 3), height and width of every image of the set.
    pub shape: Shape,
    /// How images of other proportions are fitted.
    pub fit: Fit,
    /// What lies behind transparency and beside padded images.
    pub background: [u8; 3],
    /// Whether a mirrored image is still one of the set.
    pub may_flip: bool,
    /// What to do with a file that is no image.
    pub bad_files: BadFiles,
    /// A file of captions inside the set (`name<TAB>caption` lines), where it is not `captions.tsv`.
    pub captions: Option<String>,
}
