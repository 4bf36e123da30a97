//! Generated samples and their conversion to the units of the data.

use super::Previews;
use crate::Error;
use tch::{Kind, Tensor};
use tweedie_models::{About, to_array, to_pixels};

/// Generated samples and their cost.
#[derive(Debug)]
pub struct Samples {
    /// The samples of each batch, f32, in the model's units.
    pub(super) parts: Vec<Tensor>,
    /// The maximum number of evaluations of the denoiser for one batch.
    pub calls: usize,
    /// The time spent in the sampler, in seconds.
    pub seconds: f64,
    /// Previews of the first batch, if they were requested.
    pub previews: Option<Previews>,
    /// Whether sampling was stopped before the last batch was finished.
    pub interrupted: bool,
}

impl Samples {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.size()[0] as usize).sum()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples in the model's units, f32, (N, …).
    ///
    /// # Errors
    /// An error of LibTorch if there are no samples.
    pub fn tensor(&self) -> Result<Tensor, Error> {
        Ok(Tensor::f_cat(&self.parts, 0)?)
    }

    /// The samples, f32, (N, …). Arrays and points have the units of the data before standardization; images have the model's range.
    ///
    /// # Errors
    /// An error of LibTorch if there are no samples.
    pub fn values(&self, about: &About) -> Result<Tensor, Error> {
        let x = self.tensor()?;
        Ok(match &about.standardization {
            Some(how) => to_array(&x, how)?,
            None => x,
        })
    }

    /// The samples as images of channels × height × width bytes.
    ///
    /// # Errors
    /// Errors of LibTorch.
    pub fn images(&self, about: &About) -> Result<Vec<Vec<u8>>, Error> {
        let mut images = Vec::new();
        for part in &self.parts {
            images.extend(images_of(part, about)?);
        }
        Ok(images)
    }

    /// The samples as points in the units of the data.
    ///
    /// # Errors
    /// Errors of LibTorch.
    pub fn points(&self, about: &About) -> Result<Vec<Vec<f32>>, Error> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.values(about)?;
        let d = values.size()[1] as usize;
        let flat =
            Vec::<f32>::try_from(values.f_to_device(tch::Device::Cpu)?.f_contiguous()?.f_flatten(0, -1)?)?;
        Ok(flat.chunks_exact(d).map(<[f32]>::to_vec).collect())
    }
}

/// Converts (N, C, H, W) in the model's range to images of bytes.
///
/// # Errors
/// Errors of LibTorch.
pub fn images_of(x: &Tensor, about: &About) -> Result<Vec<Vec<u8>>, Error> {
    let each: i64 = x.size()[1..].iter().product();
    let bytes = to_pixels(x, about.range)?;
    Ok(bytes.chunks_exact(each as usize).map(<[u8]>::to_vec).collect())
}

/// Returns an error unless all values are finite.
///
/// # Errors
/// [`Error::NotFinite`] if a value is not finite.
pub fn check_finite(x: &Tensor) -> Result<(), Error> {
    if i64::try_from(x.f_isfinite()?.f_all()?.f_to_kind(Kind::Int64)?)? == 0 {
        return Err(Error::NotFinite);
    }
    Ok(())
}
