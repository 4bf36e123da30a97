//! Where pictures come from.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tweedie_data::{
    Arrays, BadFiles, Cifar, Dataset, DiskCache, Fit, Idx, ImageFiles, ImageOptions, MemoryCache, Nouns,
    Shape, Shapes, split,
};
use tweedie_training::TrainingData;

/// A data set by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// The built-in set.
    Shapes {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },
    /// IDX files, the format of the MNIST family.
    Idx {
        /// A folder with train-images-idx3-ubyte[.gz] and labels, or a file of pictures; usually given by --data.
        path: Option<PathBuf>,
        /// Pixels of border to add on each side, so that sizes divide.
        #[serde(default)]
        pad: usize,
    },
    /// Picture files in a folder, a tar or a zip, flat or one folder per class.
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
        /// What is subtracted per channel; the data's own mean unless given.
        mean: Option<Vec<f64>>,
        /// What is divided by per channel; the data's own deviation unless given.
        scale: Option<Vec<f64>>,
    },
}

/// How picture files are read.
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
    /// What lies behind transparency and beside padded pictures.
    pub background: [u8; 3],
    /// Whether a mirrored picture is still one of the set.
    pub flip: bool,
    /// What to do with a file that is no picture: error or skip.
    pub bad_files: BadFiles,
    /// A file of name<TAB>caption lines, where it is not captions.tsv.
    pub captions: Option<String>,
    /// Decoded pictures stay in memory while all of them need no more than this.
    pub memory_mib: u64,
    /// A folder for decoded pictures that do not fit there; none decodes them anew every time.
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
    /// Takes the place that --data names; the set's name is for the complaint.
    pub fn take(&mut self, name: &str, given: Option<&Path>) -> anyhow::Result<()> {
        let place = match self {
            Self::Shapes { .. } => match given {
                Some(given) => bail!(
                    "the set shapes is built in and takes no --data, found {}; for your own pictures use --preset folder, \
                     for IDX files --preset mnist",
                    given.display()
                ),
                None => return Ok(()),
            },
            Self::Folder(folder) => &mut folder.path,
            Self::Idx { path, .. }
            | Self::Cifar10 { path }
            | Self::Nouns { path }
            | Self::Arrays { path, .. } => path,
        };
        match given {
            Some(given) => {
                let whole = given.canonicalize();
                *place = Some(whole.with_context(|| format!("--data {} cannot be read", given.display()))?);
            }
            None if place.is_none() => {
                bail!("the data set {name} lies in files: say where with --data PATH")
            }
            None => {}
        }
        Ok(())
    }

    /// Opens the set; of one with an end, a share is held out, of one without, other pictures are drawn.
    pub fn open(&self, held_out: f64) -> anyhow::Result<TrainingData> {
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
                let set = |seed| Nouns::open(there(path)?, seed).map(Arc::new).map_err(anyhow::Error::from);
                return Ok(endless(set(0)?, set(1)?));
            }
            Self::Idx { path, pad } => Arc::new(Idx::open(there(path)?)?.padded(*pad)?),
            Self::Cifar10 { path } => Arc::new(Cifar::open(there(path)?)?),
            Self::Arrays { path, tensor, mean, scale } => {
                let moments = match (mean, scale) {
                    (Some(mean), Some(scale)) => Some((mean.clone(), scale.clone())),
                    (None, None) => None,
                    _ => bail!("data.mean and data.scale belong together: give both or none"),
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
    pub fn files(&self) -> anyhow::Result<ImageFiles> {
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
    fn open(&self) -> anyhow::Result<Arc<dyn Dataset>> {
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

fn there(path: &Option<PathBuf>) -> anyhow::Result<&Path> {
    path.as_deref().context("data.path is missing: say where the data lie with --data PATH")
}
