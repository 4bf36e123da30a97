//! Image files of any size in a folder, a tar or a zip, with classes and captions from folders and label files.

mod arrangement;
mod classes;
mod contents;
mod decode;
mod fit;
mod formats;
mod headers;
mod labels;
mod options;
mod origin;
mod splits;
mod verify;

pub use decode::{Pixels, decode};
pub use fit::{Fit, fit};
pub use options::{BadFiles, ClassSource, ImageOptions, SplitFolders};

use crate::dataset::check_index;
use crate::files::{Files, open};
use crate::{Dataset, Error, Shape, Side, Values};
use arrangement::Arrangement;
use classes::set_name;
use contents::Contents;
use labels::Labels;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tweedie_math::DataShape;

/// Image files as a set.
pub struct ImageFiles {
    path: PathBuf,
    name: String,
    files: Box<dyn Files>,
    contents: Contents,
    labels: Labels,
    arrangement: Arrangement,
    options: ImageOptions,
    left_out: Mutex<BTreeSet<String>>,
}

impl ImageFiles {
    /// The images below a folder or in an archive. Files are recognised as images by their content, classes come from a label file or from
    /// folders ([`ClassSource`]), and folders such as `train` and `test` are parts of the set ([`SplitFolders`]).
    ///
    /// # Errors
    /// [`Error::NoData`] where there is no image, none that can be decoded, or a class folder without images; [`Error::Format`] and
    /// [`Error::Row`] for a damaged label file; [`Error::Parameter`] for a shape outside its range.
    pub fn open(path: &Path, options: ImageOptions) -> Result<Self, Error> {
        let Shape { channels, height, width } = options.shape;
        if !matches!(channels, 1 | 3) || !(1..=4096).contains(&height) || !(1..=4096).contains(&width) {
            return Err(Error::Parameter {
                name: "the shape of images",
                found: format!("{channels} channels, {height}×{width}"),
                allowed: "1 or 3 channels and 1 to 4096 pixels a side".into(),
            });
        }
        let files = open(path)?;
        let contents = Contents::of(files.as_ref())?;
        if contents.images.is_empty() {
            return Err(contents.no_images(files.as_ref(), path));
        }
        let labels = Labels::read(files.as_ref(), &contents, &options, path)?;
        let mut this = Self {
            path: path.to_path_buf(),
            name: set_name(path),
            files,
            contents,
            labels,
            arrangement: Arrangement::default(),
            options,
            left_out: Mutex::default(),
        };
        let mut images = this.contents.images.clone();
        if this.options.bad_files == BadFiles::Skip {
            // Before the images are counted and classified.
            images.retain(|&at| {
                let is_one = this.files.read(at).is_ok_and(|bytes| decode::size_of(&bytes).is_ok());
                if !is_one {
                    this.leave_out(at);
                }
                is_one
            });
        }
        this.arrange(&images)?;
        Ok(this)
    }

    /// Selects among images, and determines their classes and sides.
    fn arrange(&mut self, images: &[usize]) -> Result<(), Error> {
        if images.is_empty() {
            let reason = "none of its files is an image".into();
            return Err(Error::NoData { path: self.path.clone(), reason });
        }
        self.arrangement =
            Arrangement::of(self.files.as_ref(), images, &self.labels, &self.options, &self.path)?;
        Ok(())
    }

    /// Adds a file to the skipped ones.
    fn leave_out(&self, at: usize) {
        let name = self.files.names()[at].clone();
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    fn is_left_out(&self, at: usize) -> bool {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.files.names()[at])
    }

    /// The selected images, as indices of the files.
    fn images(&self) -> &[usize] {
        &self.arrangement.images
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        let bad = |reason| Error::Image {
            name: self.path.join(&self.files.names()[at]).display().to_string(),
            reason,
        };
        let bytes = self.files.read(at)?;
        let ImageOptions { shape, fit: how, background, .. } = self.options;
        let image = decode(&bytes, shape.channels, background).map_err(bad)?;
        fit(&image, shape, how, background).map_err(bad)
    }
}

impl Dataset for ImageFiles {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> DataShape {
        self.options.shape.into()
    }

    fn len(&self) -> Option<u64> {
        Some(self.images().len() as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.arrangement.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        self.options.may_flip
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let Arrangement { images, labels, class_names, .. } = &self.arrangement;
        let first = check_index(index, images.len() as u64)?;
        let skips = self.options.bad_files == BadFiles::Skip;
        // A file that cannot be decoded is replaced by the next image of its class and side, so that the label is right and held-out images
        // are not trained on.
        let kind = |place: usize| (labels.as_ref().map(|labels| labels[place]), self.side(place as u64));
        let alike = |place: &usize| kind(*place) == kind(first);
        for place in (first..images.len()).chain(0..first).filter(alike) {
            match self.read(images[place]) {
                Ok(bytes) => return Ok(Values::Bytes(bytes)),
                Err(_) if skips => self.leave_out(images[place]),
                Err(error) => return Err(error),
            }
        }
        let what = kind(first).0.map_or(&self.name, |label| &class_names[label as usize]);
        Err(Error::Image { name: what.clone(), reason: "none of its files is an image".into() })
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.arrangement.labels.as_ref()?.get(usize::try_from(index).ok()?).copied()
    }

    fn caption(&self, index: u64) -> String {
        let key = self.key(index);
        let short = key.rsplit('/').next().unwrap_or_default();
        let inner = key.get(self.arrangement.outer..).unwrap_or_default();
        let list = &self.labels.captions;
        let listed = [key.as_str(), inner, short].into_iter().find_map(|name| list.get(name)).cloned();
        let beside =
            || self.labels.text(self.files.as_ref(), *self.images().get(usize::try_from(index).ok()?)?);
        let class = || self.arrangement.class_names.get(self.label(index)? as usize).cloned();
        listed.or_else(beside).or_else(class).unwrap_or_default()
    }

    fn key(&self, index: u64) -> String {
        let at = usize::try_from(index).ok().and_then(|index| self.images().get(index));
        at.map(|&at| self.files.names()[at].clone()).unwrap_or_default()
    }

    fn side(&self, index: u64) -> Option<Side> {
        self.arrangement.sides.as_ref()?.get(usize::try_from(index).ok()?).copied()
    }

    fn notices(&self) -> Vec<String> {
        let used = |at: usize| self.labels.has_used(at);
        let files = &self.labels.caption_files;
        let captions = (!files.is_empty()).then(|| format!("captions: {}", files.join(", ")));
        let mut lines = self.arrangement.notices.clone();
        lines.extend(captions);
        lines.extend(self.labels.notices.iter().cloned());
        lines.extend(self.contents.notices(self.files.as_ref(), &used));
        lines
    }

    fn loaders(&self) -> usize {
        // Decoding takes longer than a training step of a small network, but more threads would take the cores from training.
        std::thread::available_parallelism().map_or(1, |n| n.get().min(4))
    }

    fn version(&self) -> String {
        self.files.version(self.images())
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
