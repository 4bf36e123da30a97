//! How images are read.

use super::Fit;
use crate::Shape;
use serde::{Deserialize, Serialize};

/// What happens with a file that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFiles {
    /// It is an error that names the file.
    #[default]
    Error,
    /// The file is left out and counted. One whose head is right and whose rest is damaged is found before training where the set is
    /// decoded into memory, else when its turn comes: then the next image of its class is shown in its place.
    Skip,
}

/// Where the classes of images come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassSource {
    /// A label file where there is one, else folders: the top ones where at least one of them holds images itself, else the ones that hold
    /// images. Folders are no classes where there are fewer than two, or where at least as many images lie outside of them.
    #[default]
    Auto,
    /// A label file: `dataset.json`, `metadata.csv` or `metadata.jsonl` with a column of labels, or a `.cls` file beside each image.
    Labels,
    /// The folders that hold images, by their whole path inside the set.
    Leaf,
    /// The folders at the top of the set.
    Top,
    /// Nothing: the images have no classes.
    None,
}

/// What folders named `train`, `val` or `test` at the top of a set mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitFolders {
    /// They are parts of the set, where there is one to train on and another one, and no other folder: one is trained on, another one is
    /// held out.
    #[default]
    Auto,
    /// They are folders like others.
    Ignore,
}

/// How images are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// Channels (1 or 3), height and width of every image of the set.
    pub shape: Shape,
    /// How images of other proportions are fitted.
    pub fit: Fit,
    /// The colour behind transparent pixels and beside padded images.
    pub background: [u8; 3],
    /// Whether a mirrored image is still one of the set.
    pub may_flip: bool,
    /// What happens with a file that cannot be decoded.
    pub bad_files: BadFiles,
    /// A file of captions (`name<TAB>caption` lines) in place of `captions.tsv`.
    pub captions: Option<String>,
    /// Where the classes come from.
    pub classes: ClassSource,
    /// What folders named `train`, `val` or `test` mean.
    pub splits: SplitFolders,
}
