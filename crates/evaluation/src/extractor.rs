//! Feature extractors for images.

use crate::Error;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_data::Shape;
use tweedie_networks::features::{FeatureNetwork, Named};
use tweedie_weights::Weights;

/// Number of images per batch.
const AT_ONCE: usize = 256;

/// Number of principal components that are kept.
const COMPONENTS: i64 = 64;

/// The greatest number of values per image for principal components. Larger images are first reduced by averaging 2×2 squares.
const MOST_VALUES: i64 = 1024;

/// Computes features of images.
#[derive(Debug)]
pub enum Extractor {
    /// The features of a classifier's last hidden layer.
    Classifier(FeatureNetwork),
    /// Principal components of the pixels, fitted to the data. They measure colours and coarse forms and serve when there is no classifier.
    Pixels {
        /// The mean of the pixels, (D).
        mean: Tensor,
        /// The components as columns, (D, components).
        components: Tensor,
    },
}

/// Features of images, with the logits of a classifier.
#[derive(Debug)]
pub struct Features {
    /// The features, (N, D), f32.
    pub values: Tensor,
    /// The logits, (N, classes), f32, if the extractor is a classifier.
    pub logits: Option<Tensor>,
}

impl Extractor {
    /// Loads a classifier from a file of weights.
    ///
    /// # Errors
    /// [`Error::Weights`] for a file that cannot be read; [`Error::Extractor`] for a file of an unknown network.
    pub fn classifier(path: &Path) -> Result<Self, Error> {
        let mut weights = Weights::open(path)?;
        let mut named = Named::new();
        for (name, shape) in weights.shapes() {
            let Some((kind, bytes)) = weights.read(&name)? else { continue };
            let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
            let tensor = tweedie_models::tensor_of(kind, &bytes, &shape)?;
            named.insert(name, tensor.f_to_kind(Kind::Float)?);
        }
        let classifier = FeatureNetwork::of(named)
            .map_err(|error| Error::Extractor { path: path.to_path_buf(), reason: error.to_string() })?;
        Ok(Self::Classifier(classifier))
    }

    /// Fits principal components to images.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two images.
    pub fn pixels(images: &[Vec<u8>], shape: Shape) -> Result<Self, Error> {
        if images.len() < 2 {
            let found = images.len() as i64;
            return Err(Error::TooFew { what: "images for principal components", found, needed: 2 });
        }
        let x = pooled(&tensor_of(images, shape)?)?.f_to_kind(Kind::Double)?;
        let mean = x.f_mean_dim(&[0i64][..], false, Kind::Double)?;
        let centred = x.f_sub(&mean)?;
        let covariance = centred.f_transpose(0, 1)?.f_matmul(&centred)?;
        let (_, vectors) = covariance.f_linalg_eigh("L")?;
        let d = vectors.size()[1];
        let kept = COMPONENTS.min(d);
        Ok(Self::Pixels { mean, components: vectors.f_narrow(1, d - kept, kept)? })
    }

    /// The extractor's name in reports.
    pub fn name(&self) -> String {
        match self {
            Self::Classifier(net) => net.name(),
            Self::Pixels { components, .. } => {
                format!("{} principal components of the pixels", components.size()[1])
            }
        }
    }

    /// Computes the features of images of channels × height × width bytes each.
    ///
    /// # Errors
    /// [`Error::TooFew`] for no images; [`Error::Network`] or [`Error::Torch`] for images of another shape than the extractor's.
    pub fn read(&self, images: &[Vec<u8>], shape: Shape) -> Result<Features, Error> {
        if images.is_empty() {
            return Err(Error::TooFew { what: "images to extract features from", found: 0, needed: 1 });
        }
        let (mut values, mut logits) = (Vec::new(), Vec::new());
        for part in images.chunks(AT_ONCE) {
            let x = tensor_of(part, shape)?;
            match self {
                Self::Classifier(net) => {
                    let reading = net.read(&x)?;
                    values.push(reading.features);
                    logits.push(reading.logits);
                }
                Self::Pixels { mean, components } => {
                    let centred = pooled(&x)?.f_to_kind(Kind::Double)?.f_sub(mean)?;
                    values.push(centred.f_matmul(components)?.f_to_kind(Kind::Float)?);
                }
            }
        }
        let logits = if logits.is_empty() { None } else { Some(Tensor::f_cat(&logits, 0)?) };
        Ok(Features { values: Tensor::f_cat(&values, 0)?, logits })
    }
}

/// Images as a tensor (N, C, H, W) with values in [0, 1].
fn tensor_of(images: &[Vec<u8>], shape: Shape) -> Result<Tensor, Error> {
    let [channels, height, width] = shape.as_array().map(|side| side as i64);
    let bytes = Tensor::f_from_slice(&images.concat())?;
    let x = bytes.f_reshape([images.len() as i64, channels, height, width])?;
    Ok(x.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_div_scalar(255.0)?)
}

/// The images as rows (N, values), reduced by averaging 2×2 squares until a row has at most [`MOST_VALUES`] values.
fn pooled(x: &Tensor) -> Result<Tensor, Error> {
    let mut x = x.shallow_clone();
    while x.size()[1..].iter().product::<i64>() > MOST_VALUES && x.size()[2].min(x.size()[3]) > 1 {
        x = x.f_avg_pool2d([2, 2], [2, 2], [0, 0], true, true, None::<i64>)?;
    }
    Ok(x.f_flatten(1, -1)?)
}
