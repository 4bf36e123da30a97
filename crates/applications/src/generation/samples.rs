//! Samples that were drawn, in the data's own units.

use super::Previews;
use crate::Error;
use tch::{Kind, Tensor};
use tweedie_models::{About, to_array, to_pixels};

/// Samples that were drawn, and what they cost.
#[derive(Debug)]
pub struct Samples {
    /// Batch by batch, f32, in the model's units.
    pub(super) parts: Vec<Tensor>,
    /// Evaluations of the denoiser for one batch, at most.
    pub calls: usize,
    /// Seconds spent in the sampler.
    pub seconds: f64,
    /// Previews of the first batch, where they were requested.
    pub previews: Option<Previews>,
    /// Whether drawing was stopped before the last batch.
    pub interrupted: bool,
}

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.size()[0] as usize).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In the model's units, f32, (N, …).
    ///
    /// # Errors
    /// What LibTorch reports, for no samples.
    pub fn tensor(&self) -> Result<Tensor, Error> {
        Ok(Tensor::f_cat(&self.parts, 0)?)
    }

    /// In the data's own units, f32, (N, …): arrays and points as they were before standardization, images in the model's range.
    ///
    /// # Errors
    /// What LibTorch reports, for no samples.
    pub fn values(&self, about: &About) -> Result<Tensor, Error> {
        let x = self.tensor()?;
        Ok(match &about.standardization {
            Some(how) => to_array(&x, how)?,
            None => x,
        })
    }

    /// As images, channels × height × width bytes each.
    ///
    /// # Errors
    /// When they cannot be brought to the CPU.
    pub fn images(&self, about: &About) -> Result<Vec<Vec<u8>>, Error> {
        let mut images = Vec::new();
        for part in &self.parts {
            images.extend(images_of(part, about)?);
        }
        Ok(images)
    }

    /// As points in the data's own units.
    ///
    /// # Errors
    /// When they cannot be brought to the CPU.
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

/// (N, C, H, W) in the model's range as images of bytes.
///
/// # Errors
/// When they cannot be brought to the CPU.
pub fn images_of(x: &Tensor, about: &About) -> Result<Vec<Vec<u8>>, Error> {
    let each: i64 = x.size()[1..].iter().product();
    let bytes = to_pixels(x, about.range)?;
    Ok(bytes.chunks_exact(each as usize).map(<[u8]>::to_vec).collect())
}

/// Fails unless every number is finite.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn check_finite(x: &Tensor) -> Result<(), Error> {
    if i64::try_from(x.f_isfinite()?.f_all()?.f_to_kind(Kind::Int64)?)? == 0 {
        return Err(Error::NotFinite);
    }
    Ok(())
}
