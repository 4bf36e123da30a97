//! The configuration of the data set.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tweedie_data::{
    Arrays, BadFiles, Cifar, ClassSource, Dataset, DiskCache, Fit, Idx, ImageFiles, ImageOptions,
    MemoryCache, Nouns, PointFile, PointFileOptions, PointKind, Points, Shape, Shapes, SplitFolders, split,
};
use tweedie_report::{Event, Progress};
use tweedie_training::TrainingData;

/// An opened data set.
type Opened = Result<Arc<dyn Dataset>, Error>;

/// A data set by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// The built-in images of shapes.
    Shapes {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// Points: a built-in set or a table.
    Points(PointsConfig),
    /// IDX files, the format of the MNIST family.
    Idx {
        /// A folder with `train-images-idx3-ubyte[.gz]` and labels, or a file of images; usually given by `--data`.
        path: Option<PathBuf>,
        /// The width of the border added on each side, in pixels, which makes the size divisible.
        #[serde(default)]
        pad: usize,
    },
    /// Image files in a folder, a tar archive or a zip archive, without subfolders or with one folder per class.
    Folder(Folder),
    /// The binary batches of CIFAR-10.
    Cifar10 {
        /// The folder with `data_batch_1.bin` …; usually given by `--data`.
        path: Option<PathBuf>,
    },
    /// Nouns, from their `image-data.json`.
    Nouns {
        /// The file or its folder; usually given by `--data`.
        path: Option<PathBuf>,
    },
    /// Arrays, (N, C, H, W), from a safetensors file: latents, spectrograms, fields.
    Arrays {
        /// The file; usually given by `--data`.
        path: Option<PathBuf>,
        /// The name of the tensor, needed if the file has several tensors with four axes.
        tensor: Option<String>,
        /// The mean of each channel, which is subtracted; default: the mean of the data.
        mean: Option<Vec<f64>>,
        /// The scale of each channel, which is divided by; default: the standard deviation of the data.
        scale: Option<Vec<f64>>,
    },
}

/// The configuration of points: a built-in set or a table in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointsConfig {
    /// The built-in set: moons, rings, checkerboard, spirals, pinwheel or eight_gaussians. It is not used if `path` is given.
    pub shape: PointKind,
    /// A TSV or CSV file, with or without a header; usually given by `--data`.
    pub path: Option<PathBuf>,
    /// The columns of the coordinates; default: all numeric columns.
    pub columns: Option<Vec<String>>,
    /// The column of the class; default: the only text column.
    pub class: Option<String>,
    /// The class that is kept; rows of other classes are dropped.
    pub only: Option<String>,
}

/// The configuration of image files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Folder {
    /// A folder or a .tar, .tar.gz or .zip file; usually given by `--data`.
    pub path: Option<PathBuf>,
    /// The number of channels: 3, or 1 for grey.
    pub channels: usize,
    /// Height after scaling, in pixels.
    pub height: usize,
    /// Width after scaling, in pixels.
    pub width: usize,
    /// The treatment of images with another aspect ratio: crop, pad or stretch.
    pub fit: Fit,
    /// The colour behind transparent pixels and of the padding.
    pub background: [u8; 3],
    /// Whether images may be mirrored horizontally for augmentation.
    pub flip: bool,
    /// The treatment of files that cannot be decoded: error or skip.
    pub bad_files: BadFiles,
    /// The source of the classes: auto, labels, leaf, top or none.
    pub classes: ClassSource,
    /// The meaning of top folders such as train, val and test: auto (parts of the set) or ignore (folders like others).
    pub splits: SplitFolders,
    /// The file of `name<TAB>caption` lines; default: captions.tsv.
    pub captions: Option<String>,
    /// The memory for decoded images in MiB. They are kept in memory only if all of them fit.
    pub memory_mib: u64,
    /// A folder that caches decoded images if they do not fit in memory. Without it, they are decoded again each time.
    pub cache: Option<PathBuf>,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            path: None,
            channels: 3,
            height: 64,
            width: 64,
            fit: Fit::Crop,
            background: [255; 3],
            flip: true,
            bad_files: BadFiles::Error,
            classes: ClassSource::Auto,
            splits: SplitFolders::Auto,
            captions: None,
            memory_mib: 1024,
            cache: None,
        }
    }
}

impl DataConfig {
    /// Sets the path of the data if one is given. `name` is the name of the configuration.
    ///
    /// # Errors
    /// [`Error::Setting`] for a path for a data set that takes none; [`Error::NoPath`] if a needed path is missing; [`Error::Read`] for a
    /// path that does not exist.
    pub fn take(&mut self, name: &str, given: Option<&Path>) -> Result<(), Error> {
        let (place, needs_one) = match self {
            Self::Shapes { .. } => {
                return given.map_or(Ok(()), |given| {
                    Err(Error::Setting {
                        key: "data",
                        found: given.display().to_string(),
                        allowed: "the data set shapes is built in and takes no path; the preset folder reads image files, the preset \
                                  mnist reads IDX files"
                            .into(),
                    })
                });
            }
            Self::Folder(folder) => (&mut folder.path, true),
            Self::Points(points) => (&mut points.path, false),
            Self::Idx { path, .. }
            | Self::Cifar10 { path }
            | Self::Nouns { path }
            | Self::Arrays { path, .. } => (path, true),
        };
        if let Some(given) = given {
            let whole = given.canonicalize();
            *place = Some(whole.map_err(|source| Error::Read { path: given.to_path_buf(), source })?);
        } else if place.is_none() && needs_one {
            return Err(Error::NoPath { data: name.to_string() });
        }
        Ok(())
    }

    /// Whether the data are points rather than images.
    pub fn is_points(&self) -> bool {
        matches!(self, Self::Points(_))
    }

    /// Whether the values are unbounded, unlike pixels. Samples of such data are not clipped by default.
    pub fn has_no_range(&self) -> bool {
        matches!(self, Self::Arrays { .. } | Self::Points(_))
    }

    /// Whether the data set is endless, so that its held-out examples are generated separately.
    pub fn is_endless(&self) -> bool {
        match self {
            Self::Shapes { .. } | Self::Nouns { .. } => true,
            Self::Points(points) => points.path.is_none(),
            Self::Idx { .. } | Self::Folder(_) | Self::Cifar10 { .. } | Self::Arrays { .. } => false,
        }
    }

    /// Opens the data set. The share `held_out` of a finite set is held out, unless the set has folders for its parts; for an endless set,
    /// examples of another seed are held out.
    ///
    /// # Errors
    /// Errors of the data set.
    pub fn open(&self, held_out: f64) -> Result<TrainingData, Error> {
        self.open_with(held_out, &mut |folder| folder.open())
    }

    /// Opens the data set like [`DataConfig::open`] and decodes every image of a set that fits in memory, so that a damaged file is found
    /// before it is needed.
    ///
    /// # Errors
    /// Those of [`DataConfig::open`]; [`tweedie_data::Error::Stopped`] if `progress` stops the decoding.
    pub fn open_decoded(&self, held_out: f64, progress: &mut dyn Progress) -> Result<TrainingData, Error> {
        self.open_with(held_out, &mut |folder| folder.open_decoded(progress))
    }

    /// Opens all examples of a finite set, whatever is held out of it.
    ///
    /// # Errors
    /// Errors of the data set.
    pub fn open_whole(&self) -> Result<Arc<dyn Dataset>, Error> {
        match self {
            Self::Folder(folder) => {
                Folder { splits: SplitFolders::Ignore, classes: ClassSource::None, ..folder.clone() }.open()
            }
            _ => Ok(self.open(0.0)?.shown),
        }
    }

    /// The same configuration with `data.bad_files` as error, for comparison.
    pub(super) fn with_strict_files(&self) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(Folder { bad_files: BadFiles::Error, ..folder.clone() }),
            other => other.clone(),
        }
    }

    fn open_with(
        &self,
        held_out: f64,
        open: &mut dyn FnMut(&Folder) -> Opened,
    ) -> Result<TrainingData, Error> {
        let endless = |shown: Arc<dyn Dataset>, others: Arc<dyn Dataset>| TrainingData {
            shown,
            held_out: (held_out > 0.0).then_some(others),
        };
        let whole: Arc<dyn Dataset> = match self {
            Self::Shapes { height, width } => {
                let set = |seed| Shapes::new(*height, *width, seed).map(Arc::new);
                return Ok(endless(set(0)?, set(1)?));
            }
            Self::Nouns { path } => {
                let set = |seed| Ok::<_, Error>(Arc::new(Nouns::open(there(path)?, seed)?));
                return Ok(endless(set(0)?, set(1)?));
            }
            Self::Points(PointsConfig { shape, path: None, .. }) => {
                let set = |seed| Arc::new(Points::new(*shape, seed));
                return Ok(endless(set(0), set(1)));
            }
            Self::Points(points) => {
                let options = PointFileOptions {
                    columns: points.columns.clone(),
                    class: points.class.clone(),
                    only: points.only.clone(),
                };
                Arc::new(PointFile::open(there(&points.path)?, options)?)
            }
            Self::Idx { path, pad } => Arc::new(Idx::open(there(path)?)?.padded(*pad)?),
            Self::Cifar10 { path } => Arc::new(Cifar::open(there(path)?)?),
            Self::Arrays { path, tensor, mean, scale } => {
                let moments = match (mean, scale) {
                    (Some(mean), Some(scale)) => Some((mean.clone(), scale.clone())),
                    (None, None) => None,
                    _ => {
                        return Err(Error::Setting {
                            key: "data.mean or data.scale",
                            found: "missing".into(),
                            allowed: "both must be given, or neither".into(),
                        });
                    }
                };
                Arc::new(Arrays::open(there(path)?, tensor.as_deref(), moments)?)
            }
            Self::Folder(folder) => open(folder)?,
        };
        let (shown, held_out) = split(whole, held_out)?;
        let held_out = Some(Arc::new(held_out) as Arc<dyn Dataset>).filter(|part| !part.is_empty());
        Ok(TrainingData { shown: Arc::new(shown), held_out })
    }
}

impl Folder {
    /// The image files, without a cache.
    ///
    /// # Errors
    /// Errors of a path that cannot be read.
    pub fn files(&self) -> Result<ImageFiles, Error> {
        let options = ImageOptions {
            shape: Shape { channels: self.channels, height: self.height, width: self.width },
            fit: self.fit,
            background: self.background,
            may_flip: self.flip,
            bad_files: self.bad_files,
            captions: self.captions.clone(),
            classes: self.classes,
            splits: self.splits,
        };
        Ok(ImageFiles::open(there(&self.path)?, options)?)
    }

    /// Opens the image files with a memory cache if they fit in memory, otherwise with a disk cache if a folder is configured. The headers
    /// of all images are checked.
    fn open(&self) -> Result<Arc<dyn Dataset>, Error> {
        let files = self.files()?;
        files.check()?;
        if files.fits(self.most_bytes()) {
            return Ok(MemoryCache::of(Arc::new(files), self.most_bytes()));
        }
        self.on_disk(files)
    }

    /// Opens the image files like `open`, and decodes all of them if they fit in memory.
    fn open_decoded(&self, progress: &mut dyn Progress) -> Result<Arc<dyn Dataset>, Error> {
        let mut files = self.files()?;
        if !files.fits(self.most_bytes()) {
            files.check()?;
            return self.on_disk(files);
        }
        let total = files.len().unwrap_or(0);
        let mut go = progress.on(&Event::Begin { task: "decoding", unit: "images", total });
        let images = files.decode_all(&mut |done| {
            if go.is_continue() {
                go = progress.on(&Event::Step { done: done as f64, figure: None });
            }
            go
        });
        let _ = progress.on(&Event::End);
        Ok(MemoryCache::filled(Arc::new(files), images?))
    }

    fn most_bytes(&self) -> u64 {
        self.memory_mib.saturating_mul(1 << 20)
    }

    /// Puts the files behind a disk cache if a folder is configured for it.
    fn on_disk(&self, files: ImageFiles) -> Result<Arc<dyn Dataset>, Error> {
        let files: Arc<dyn Dataset> = Arc::new(files);
        let Some(folder) = &self.cache else { return Ok(files) };
        let path = there(&self.path)?.display();
        Ok(DiskCache::of(files, folder, &format!("{path} {:?} {:?}", self.fit, self.background))?)
    }
}

fn there(path: &Option<PathBuf>) -> Result<&Path, Error> {
    path.as_deref().ok_or_else(|| Error::NoPath { data: "the configuration".into() })
}
