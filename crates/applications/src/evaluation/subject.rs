//! The subject of an evaluation: examples from files or samples of a model.

use super::recorded::recorded_class;
use crate::Error;
use crate::generation::{Generator, Noise, Request};
use std::path::{Path, PathBuf};
use tch::Tensor;
use tweedie_data::{
    BadFiles, ClassSource, Dataset, Fit, ImageFiles, ImageOptions, Order, PointFile, PointFileOptions, Shape,
    SplitFolders, Values,
};
use tweedie_math::DataShape;
use tweedie_models::sampling::SamplingConfig;
use tweedie_report::Progress;

/// Examples, and the class of each if one was chosen.
pub(super) struct Drawn {
    pub(super) images: Vec<Vec<u8>>,
    pub(super) points: Option<Tensor>,
    pub(super) classes: Option<Vec<i64>>,
}

/// The subject of an evaluation, opened and checked before samples are generated.
pub enum Subject<'a> {
    /// Examples from files, in an order given by a seed, because the first files by name may all have the same class.
    Files {
        /// The files.
        files: Box<dyn Dataset>,
        /// The folder or the file.
        path: PathBuf,
        /// The number of examples.
        n: usize,
        /// The seed of their order.
        seed: u64,
    },
    /// Samples of a model.
    Model {
        /// The generator.
        generator: Box<Generator<'a>>,
        /// The shape of the data.
        shape: DataShape,
        /// The number of samples.
        n: usize,
        /// The seed of their noise.
        seed: u64,
    },
}

impl<'a> Subject<'a> {
    /// At most `n` examples of a folder or archive of images, or of a table of points, scaled to the shape of the data.
    ///
    /// # Errors
    /// Errors of files that cannot be read; [`Error::Shape`] for points of another dimension.
    pub fn of_files(path: &Path, shape: &DataShape, n: usize, seed: u64) -> Result<Self, Error> {
        let files: Box<dyn Dataset> = match Shape::of(shape) {
            Some(shape) => {
                let how = ImageOptions {
                    shape,
                    fit: Fit::Stretch,
                    background: [255; 3],
                    may_flip: false,
                    bad_files: BadFiles::Error,
                    captions: None,
                    classes: ClassSource::None,
                    splits: SplitFolders::Ignore,
                };
                let files = ImageFiles::open(path, how)?;
                files.check()?;
                Box::new(files)
            }
            None => Box::new(PointFile::open(path, PointFileOptions::default())?),
        };
        if files.shape() != *shape {
            let (what, found) = (path.display().to_string(), files.shape());
            return Err(Error::Shape { what, found, expected: shape.clone() });
        }
        let n = files.len().unwrap_or(0).min(n as u64) as usize;
        Ok(Self::Files { files, path: path.to_path_buf(), n, seed })
    }

    /// `n` samples of a generator, in the shape of the data.
    ///
    /// # Errors
    /// [`Error::Shape`] for a model of another shape.
    pub fn of_model(generator: Generator<'a>, shape: &DataShape, n: usize, seed: u64) -> Result<Self, Error> {
        let model = generator.model();
        let own = model.about();
        if own.size().is_some_and(|size| size != &shape.sides()[1..]) {
            let expected = own.data.clone();
            return Err(Error::Shape { what: "the data".into(), found: shape.clone(), expected });
        }
        model.check_shape(shape)?;
        Ok(Self::Model { generator: Box::new(generator), shape: shape.clone(), n, seed })
    }

    /// The sampling configuration, if the subject is a model.
    pub fn sampling(&self) -> Option<&SamplingConfig> {
        match self {
            Self::Files { .. } => None,
            Self::Model { generator, .. } => Some(generator.sampling()),
        }
    }

    /// The number of examples.
    pub fn n(&self) -> usize {
        match self {
            Self::Files { n, .. } | Self::Model { n, .. } => *n,
        }
    }

    /// The class of each example as a label of the data: of samples, the class that is requested for them; of files, the class that
    /// `tweedie sample` recorded in them. The result is `None` unless the classes of all examples and of the data are known. Classes are
    /// matched by name, or by number if one side has no names.
    pub(super) fn labels(&self, data: &dyn Dataset) -> Option<Vec<i64>> {
        label_of(data, 0)?;
        let names = data.class_names();
        match self {
            Self::Files { files, path, n, seed } => {
                let class = |index| recorded_class(&path.join(files.key(index)));
                let classes = chosen(files.as_ref(), *n, *seed).into_iter().map(class);
                classes.map(|class| class.and_then(|it| label(&names, it.row, it.name.as_deref()))).collect()
            }
            Self::Model { generator, n, .. } => {
                let own = &generator.model().about().class_names;
                let class = |row: i64| {
                    label(
                        &names,
                        row,
                        usize::try_from(row).ok().and_then(|row| own.get(row)).map(String::as_str),
                    )
                };
                (0..*n).map(|i| generator.wanted(i).and_then(class)).collect()
            }
        }
    }

    pub(super) fn draw(&self, progress: &mut dyn Progress) -> Result<Drawn, Error> {
        match self {
            Self::Files { files, n, seed, .. } => of_set(files.as_ref(), &chosen(files.as_ref(), *n, *seed)),
            Self::Model { generator, shape, n, seed } => {
                let noise = Noise::Stream { seed: *seed };
                // All batches have the same size, because the last bits of a network's output depend on it.
                let request =
                    Request { n: *n, noise, whole_batches: true, ..Request::of_shape(shape.clone()) };
                let samples = generator.draw(&request, progress)?;
                let about = generator.model().about();
                let classes = (0..samples.len()).map(|i| generator.wanted(i)).collect();
                Ok(match shape.as_image() {
                    Some(_) => Drawn { images: samples.images(about)?, points: None, classes },
                    None => Drawn { images: Vec::new(), points: Some(samples.values(about)?), classes },
                })
            }
        }
    }
}

/// The indices of `n` files in an order given by a seed.
fn chosen(files: &dyn Dataset, n: usize, seed: u64) -> Vec<u64> {
    let mut order = Order::new(seed, files.len());
    (0..n as u64).map(|i| order.index(i)).collect()
}

/// The label of the class with a row and perhaps a name, in a data set with the class names `names`.
fn label(names: &[String], row: i64, name: Option<&str>) -> Option<i64> {
    match name {
        Some(name) if !names.is_empty() => names.iter().position(|own| own == name).map(|place| place as i64),
        _ => Some(row),
    }
}

/// The label of an example, if the data have classes.
pub(super) fn label_of(data: &dyn Dataset, index: u64) -> Option<i64> {
    data.label(index).map(i64::from)
}

/// The examples of a data set with the given indices.
pub(super) fn of_set(data: &dyn Dataset, indices: &[u64]) -> Result<Drawn, Error> {
    let (mut images, mut numbers) = (Vec::new(), Vec::new());
    for &index in indices {
        match data.values(index)? {
            Values::Bytes(bytes) => images.push(bytes),
            Values::Floats(values) => numbers.extend(values),
        }
    }
    let points = match numbers.is_empty() {
        true => None,
        false => Some(Tensor::f_from_slice(&numbers)?.f_reshape(data.shape().batch(indices.len()))?),
    };
    Ok(Drawn { images, points, classes: None })
}
