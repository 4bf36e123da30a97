//! Images as people have them: files of any size in a folder, a tar or a zip, flat or one folder per class.

mod captions;
mod classes;
mod decode;
mod fit;
mod options;

pub use decode::{Pixels, decode};
pub use fit::{Fit, fit};
pub use options::{BadFiles, ImageOptions};

use crate::dataset::check_index;
use crate::files::{Files, open};
use crate::{Dataset, Error, Shape, Values};
use captions::read_captions;
use classes::{around, check_no_empty_class, classes, set_name};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tweedie_math::DataShape;

/// Image files as a set.
pub struct ImageFiles {
    path: PathBuf,
    name: String,
    files: Box<dyn Files>,
    /// The places of images among the files.
    images: Vec<usize>,
    labels: Option<Vec<u32>>,
    class_names: Vec<String>,
    captions: HashMap<String, String>,
    /// How many bytes of each name the folders around everything take.
    outer: usize,
    options: ImageOptions,
    left_out: Mutex<BTreeSet<String>>,
}

/// What files of images end in.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "webp", "bmp", "pnm", "pgm", "ppm", "pbm"];

impl ImageFiles {
    /// The images below a folder or in an archive. Where all of them lie in folders, those of the first level at which
    /// there are several are classes, in alphabetical order.
    ///
    /// # Errors
    /// [`Error::NoData`] where there is no image, none that can be read, or folders without any beside others; [`Error::Parameter`] for a shape
    /// that is none.
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
        let none = |reason: String| Error::NoData { path: path.to_path_buf(), reason };
        let mut images: Vec<usize> =
            (0..files.names().len()).filter(|&at| is_image(&files.names()[at])).collect();
        if images.is_empty() {
            return Err(none(format!("it has no files that end in {}", ENDINGS.join(", "))));
        }
        let name_of = |at: usize| files.names()[at].as_str();
        let mut left_out = BTreeSet::new();
        if options.bad_files == BadFiles::Skip {
            // Before anything is split, counted or put into classes.
            images.retain(|&at| {
                let is_one = files.read(at).is_ok_and(|bytes| decode::size_of(&bytes).is_ok());
                if !is_one {
                    left_out.insert(name_of(at).to_string());
                }
                is_one
            });
            if images.is_empty() {
                return Err(none("not one of its files is an image".into()));
            }
        }
        let (class_names, labels) = classes(images.iter().map(|&at| name_of(at)));
        if path.is_dir() {
            check_no_empty_class(path, images.iter().map(|&at| name_of(at)))?;
        }
        let captions = read_captions(files.as_ref(), options.captions.as_deref(), path)?;
        let name = set_name(path);
        let outer = around(files.names().iter().map(String::as_str)).len();
        Ok(Self {
            path: path.to_path_buf(),
            name,
            files,
            images,
            labels,
            class_names,
            captions,
            outer,
            options,
            left_out: Mutex::new(left_out),
        })
    }

    /// Reads every image's head and fails at the first file that is none, unless such files were left out: better now than
    /// when its turn comes.
    ///
    /// # Errors
    /// [`Error::Image`].
    pub fn check(&self) -> Result<(), Error> {
        if self.options.bad_files == BadFiles::Skip {
            return Ok(());
        }
        for &at in &self.images {
            let bad = |reason| Error::Image {
                name: self.path.join(&self.files.names()[at]).display().to_string(),
                reason,
            };
            decode::size_of(&self.files.read(at)?).map_err(bad)?;
        }
        Ok(())
    }

    /// Reads every image's head: how many there are of each height and width, and the names of files that are none.
    pub fn sizes(&self) -> (BTreeMap<[usize; 2], u64>, Vec<String>) {
        let mut sizes = BTreeMap::new();
        let mut bad = Vec::new();
        for &at in &self.images {
            match self
                .files
                .read(at)
                .map_err(|error| error.to_string())
                .and_then(|bytes| decode::size_of(&bytes))
            {
                Ok(size) => *sizes.entry(size).or_default() += 1,
                Err(_) => bad.push(self.files.names()[at].clone()),
            }
        }
        (sizes, bad)
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

fn is_image(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_lowercase().as_str()))
}

impl Dataset for ImageFiles {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> DataShape {
        self.options.shape.into()
    }

    fn len(&self) -> Option<u64> {
        Some(self.images.len() as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        self.options.may_flip
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let first = check_index(index, self.images.len() as u64)?;
        let skips = self.options.bad_files == BadFiles::Skip;
        let n = self.images.len();
        // In the place of a file that is no image stands the next of its class: labels stay true.
        let label = |place: usize| self.labels.as_ref().map(|labels| labels[place]);
        let alike = |place: &usize| label(*place) == label(first);
        for place in (first..n).chain(0..first).filter(alike) {
            match self.read(self.images[place]) {
                Ok(bytes) => return Ok(Values::Bytes(bytes)),
                Err(_) if skips => {
                    let name = self.files.names()[self.images[place]].clone();
                    self.left_out.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                }
                Err(error) => return Err(error),
            }
        }
        let what = label(first).map_or(&self.name, |label| &self.class_names[label as usize]);
        Err(Error::Image { name: what.clone(), reason: "not one of its files is an image".into() })
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.labels.as_ref()?.get(usize::try_from(index).ok()?).copied()
    }

    fn caption(&self, index: u64) -> String {
        let key = self.key(index);
        let short = key.rsplit('/').next().unwrap_or_default();
        let inner = key.get(self.outer..).unwrap_or_default();
        let known =
            [key.as_str(), inner, short].into_iter().find_map(|name| self.captions.get(name)).cloned();
        known.or_else(|| Some(self.class_names.get(self.label(index)? as usize)?.clone())).unwrap_or_default()
    }

    fn key(&self, index: u64) -> String {
        let at = usize::try_from(index).ok().and_then(|index| self.images.get(index));
        at.map(|&at| self.files.names()[at].clone()).unwrap_or_default()
    }

    fn loaders(&self) -> usize {
        // Decoding takes longer than a step of a small network; more threads than these would take its cores.
        std::thread::available_parallelism().map_or(1, |n| n.get().min(4))
    }

    fn version(&self) -> String {
        self.files.version(&self.images)
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
