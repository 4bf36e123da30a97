//! What is judged: examples from files, or drawn from a model.

use crate::Error;
use crate::generation::{Generator, Noise, Request};
use std::path::Path;
use tch::Tensor;
use tweedie_data::{
    BadFiles, Dataset, Fit, ImageFiles, ImageOptions, Order, PointFile, PointFileOptions, Shape, Values,
};
use tweedie_math::DataShape;
use tweedie_models::sampling::SamplingConfig;
use tweedie_report::Progress;

/// Examples, and the class of each where one was chosen.
pub(super) struct Drawn {
    pub(super) images: Vec<Vec<u8>>,
    pub(super) points: Option<Tensor>,
    pub(super) classes: Option<Vec<i64>>,
}

/// What is judged, opened and checked before anything is drawn.
pub enum Subject<'a> {
    /// So many examples of files, in an order of their own: by name the first ones may be of one class.
    Files {
        /// The files.
        files: Box<dyn Dataset>,
        /// How many examples.
        n: usize,
        /// The seed of their order.
        seed: u64,
    },
    /// A model and how it draws.
    Model {
        /// The generator.
        generator: Box<Generator<'a>>,
        /// The shape of the data.
        shape: DataShape,
        /// How many samples.
        n: usize,
        /// The seed of their noise.
        seed: u64,
    },
}

impl<'a> Subject<'a> {
    /// At most `n` examples of a folder or archive of images, or of a table of points, brought to the data's shape.
    ///
    /// # Errors
    /// Files that cannot be read.
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
        Ok(Self::Files { files, n, seed })
    }

    /// So many samples of a generator, of the data's shape.
    ///
    /// # Errors
    /// A model of another shape.
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

    /// How the model draws, where it is one.
    pub fn sampling(&self) -> Option<&SamplingConfig> {
        match self {
            Self::Files { .. } => None,
            Self::Model { generator, .. } => Some(generator.sampling()),
        }
    }

    /// How many examples there will be.
    pub fn n(&self) -> usize {
        match self {
            Self::Files { n, .. } | Self::Model { n, .. } => *n,
        }
    }

    pub(super) fn draw(&self, progress: &mut dyn Progress) -> Result<Drawn, Error> {
        match self {
            Self::Files { files, n, seed } => {
                let mut order = Order::new(*seed, files.len());
                let chosen: Vec<u64> = (0..*n as u64).map(|i| order.index(i)).collect();
                of_set(files.as_ref(), &chosen)
            }
            Self::Model { generator, shape, n, seed } => {
                let noise = Noise::Stream { seed: *seed };
                // Every batch has one size: a network's last bits depend on it.
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

/// Some examples of a set.
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
