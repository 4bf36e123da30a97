//! The options of image files.

use super::Fit;
use crate::Shape;
use serde::{Deserialize, Serialize};

/// The treatment of files that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFiles {
    /// Such a file is an error that names it.
    #[default]
    Error,
    /// Such a file is skipped and counted. A file with a valid header and damaged content is found before training if the set is decoded into
    /// memory. Otherwise it is found when it is needed, and the next image of its class is used in its place.
    Skip,
}

/// The source of the classes of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassSource {
    /// A label file if there is one, otherwise folders: the top folders if at least half of the images in folders lie directly in them or if
    /// every folder contains a single image, otherwise the folders that directly contain images. The set has no classes if there are fewer
    /// than two top folders, or if at least as many images lie outside of folders as inside.
    #[default]
    Auto,
    /// A label file: `dataset.json`, `metadata.csv` or `metadata.jsonl` with a column of labels, or a `.cls` file next to each image.
    Labels,
    /// The folders that directly contain images; a class is named by the path of its folder inside the set.
    Leaf,
    /// The folders at the top of the set.
    Top,
    /// The images have no classes.
    None,
}

/// The meaning of folders named `train`, `val` or `test` at the top of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitFolders {
    /// They are the parts of the set if there is a training folder, at least one other part, and no folder with another name: the training
    /// folder is trained on, and the validation folder, or else the test folder, is held out.
    #[default]
    Auto,
    /// They have no special meaning.
    Ignore,
}

/// The options of image files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// Channels (1 or 3), height and width of every image of the set.
    pub shape: Shape,
    /// The treatment of images with another aspect ratio.
    pub fit: Fit,
    /// The colour behind transparent pixels and of the padding.
    pub background: [u8; 3],
    /// Whether images may be mirrored horizontally for augmentation.
    pub may_flip: bool,
    /// The treatment of files that cannot be decoded.
    pub bad_files: BadFiles,
    /// The name of a file of `name<TAB>caption` lines; default: `captions.tsv`, if it exists.
    pub captions: Option<String>,
    /// The source of the classes.
    pub classes: ClassSource,
    /// The meaning of folders named `train`, `val` or `test`.
    pub splits: SplitFolders,
}
