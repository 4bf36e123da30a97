//! Where examples come from.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tweedie_data::{
    Arrays, BadFiles, Cifar, Dataset, DiskCache, Fit, Idx, ImageFiles, ImageOptions, MemoryCache, Nouns,
    PointFile, PointFileOptions, PointKind, Points, Shape, Shapes, split,
};
use tweedie_training::TrainingData;

/// A data set by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// The built-in images.
    Shapes {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },
    /// Points: a built-in set, or a table.
    Points(PointsConfig),
    /// IDX files, the format of the MNIST family.
    Idx {
        /// A folder with train-images-idx3-ubyte[.gz] and labels, or a file of images; usually given by --data.
        path: Option<PathBuf>,
        /// Pixels of border to add on each side, so that sizes divide.
        #[serde(default)]
        pad: usize,
    },
    /// Image files in a folder, a tar or a zip, flat or one folder per class.
    Folder(Folder),
    /// CIFAR-10's binary batches.
    Cifar10 {
        /// The folder with data_batch_1.bin …; usually given by --data.
        path: Option<PathBuf>,
    },
    /// Nouns' image-data.json.
    Nouns {
        /// The file or its folder; usually given by --data.
        path: Option<PathBuf>,
    },
    /// (N, C, H, W) numbers of a safetensors file: latents, spectrograms, fields.
    Arrays {
        /// The file; usually given by --data.
        path: Option<PathBuf>,
        /// The tensor's name, where the file has several of four axes.
        tensor: Option<String>,
        /// The mean to subtract, per channel; the data's own unless given.
        mean: Option<Vec<f64>>,
        /// The scale to divide by, per channel; the data's own deviation unless given.
        scale: Option<Vec<f64>>,
    },
}

/// Points: a built-in set, or a table in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointsConfig {
    /// The built-in set: moons, rings, checkerboard, spirals, pinwheel, eight_gaussians. A file takes its place.
    pub shape: PointKind,
    /// A TSV or CSV file, with a header or without; usually given by --data.
    pub path: Option<PathBuf>,
    /// The columns of the coordinates; every column of numbers unless given.
    pub columns: Option<Vec<String>>,
    /// The column of the class; the only column of text unless given.
    pub class: Option<String>,
    /// The one class that is kept.
    pub only: Option<String>,
}

/// How image files are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Folder {
    /// A folder, a .tar, a .tar.gz or a .zip; usually given by --data.
    pub path: Option<PathBuf>,
    /// 3, or 1 for grey.
    pub channels: usize,
    /// Pixels down, after scaling.
    pub height: usize,
    /// Pixels across, after scaling.
    pub width: usize,
    /// How other proportions are fitted: crop, pad or stretch.
    pub fit: Fit,
    /// The colour behind transparency and beside padded images.
    pub background: [u8; 3],
    /// Whether a mirrored image is still one of the set.
    pub flip: bool,
    /// What happens with a file that is no image: error or skip.
    pub bad_files: BadFiles,
    /// A file of `name<TAB>caption` lines, where it is not captions.tsv.
    pub captions: Option<String>,
    /// Decoded images stay in memory while all of them need no more than this.
    pub memory_mib: u64,
    /// A folder for decoded images that do not fit there; without one they are decoded anew every time.
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
            captions: None,
            memory_mib: 1024,
            cache: None,
        }
    }
}

impl DataConfig {
    /// Takes the given place of the data; `name` is the configuration's.
    ///
    /// # Errors
    /// A place for a set that takes none, or none for a set that needs one.
    pub fn take(&mut self, name: &str, given: Option<&Path>) -> Result<(), Error> {
        let (place, needs_one) = match self {
            Self::Shapes { .. } => {
                return given.map_or(Ok(()), |given| {
                    Err(Error::Setting {
                        key: "data",
                        found: given.display().to_string(),
                        allowed: "the set shapes is built in and takes no path; the preset folder reads image files, the preset \
                                  mnist IDX files"
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

    /// Whether the values have no smallest and greatest one, as pixels have: such samples are not clipped by default.
    pub fn has_no_range(&self) -> bool {
        matches!(self, Self::Arrays { .. } | Self::Points(_))
    }

    /// Whether the set has no end, so that other examples than those of training are drawn from it.
    pub fn is_endless(&self) -> bool {
        match self {
            Self::Shapes { .. } | Self::Nouns { .. } => true,
            Self::Points(points) => points.path.is_none(),
            Self::Idx { .. } | Self::Folder(_) | Self::Cifar10 { .. } | Self::Arrays { .. } => false,
        }
    }

    /// Opens the set. A share of a set with an end is held out; of a set without one, other examples are.
    ///
    /// # Errors
    /// What is wrong with the data.
    pub fn open(&self, held_out: f64) -> Result<TrainingData, Error> {
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
                            allowed: "both must be given, or none".into(),
                        });
                    }
                };
                Arc::new(Arrays::open(there(path)?, tensor.as_deref(), moments)?)
            }
            Self::Folder(folder) => folder.open()?,
        };
        let (shown, held_out) = split(whole, held_out)?;
        let held_out = Some(Arc::new(held_out) as Arc<dyn Dataset>).filter(|part| !part.is_empty());
        Ok(TrainingData { shown: Arc::new(shown), held_out })
    }
}

impl Folder {
    /// The files themselves.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub fn files(&self) -> Result<ImageFiles, Error> {
        let options = ImageOptions {
            shape: Shape { channels: self.channels, height: self.height, width: self.width },
            fit: self.fit,
            background: self.background,
            may_flip: self.flip,
            bad_files: self.bad_files,
            captions: self.captions.clone(),
        };
        Ok(ImageFiles::open(there(&self.path)?, options)?)
    }

    /// The files behind the cache that suits their number.
    fn open(&self) -> Result<Arc<dyn Dataset>, Error> {
        let files = self.files()?;
        files.check()?;
        let files: Arc<dyn Dataset> = Arc::new(files);
        let cached = MemoryCache::of(Arc::clone(&files), self.memory_mib << 20);
        Ok(match &self.cache {
            Some(folder) if Arc::ptr_eq(&cached, &files) => {
                let path = there(&self.path)?.display();
                DiskCache::of(files, folder, &format!("{path} {:?} {:?}", self.fit, self.background))?
            }
            _ => cached,
        })
    }
}

fn there(path: &Option<PathBuf>) -> Result<&Path, Error> {
    path.as_deref().ok_or_else(|| Error::NoPath { data: "this configuration".into() })
}
