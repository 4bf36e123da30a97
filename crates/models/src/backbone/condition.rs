//! Conditions of a model other than the noise level.

use crate::Error;
use tch::{Device, Tensor};
use tweedie_math::NoiseLevel;
use tweedie_samplers::State;

/// The conditions of a batch, with one row per example.
#[derive(Debug, Default)]
pub struct Condition {
    /// Rows of the class table, which may include the row for no class.
    pub classes: Option<Vec<i64>>,
    /// Condition images, (N, C′, H, W), which are concatenated after the channels of x.
    pub image: Option<Tensor>,
    /// The noise level of each condition image, if the network is conditioned on it.
    pub image_levels: Option<Vec<NoiseLevel>>,
}

impl Condition {
    /// No condition.
    pub fn none() -> Self {
        Self::default()
    }

    /// A condition on classes, given by their rows of the class table.
    pub fn classes(rows: Vec<i64>) -> Self {
        Self { classes: Some(rows), ..Self::default() }
    }

    /// A condition on images, (N, C′, H, W).
    pub fn image(image: Tensor) -> Self {
        Self { image: Some(image), ..Self::default() }
    }

    /// The conditions of the examples with the given indices in the batch.
    ///
    /// # Errors
    /// An error of LibTorch for an index outside the batch.
    pub fn rows(&self, examples: &[i64]) -> Result<Self, Error> {
        let image = match &self.image {
            None => None,
            Some(image) => {
                let index = Tensor::f_from_slice(examples)?.f_to_device(image.device())?;
                Some(image.f_index_select(0, &index)?)
            }
        };
        Ok(Self {
            classes: picked(&self.classes, examples),
            image,
            image_levels: picked(&self.image_levels, examples),
        })
    }

    /// Returns an error unless each condition has one row per example of a batch of `n`.
    pub(crate) fn check(&self, n: usize) -> Result<(), Error> {
        let parts = [
            ("classes of a batch", self.classes.as_ref().map(Vec::len)),
            ("condition images of a batch", self.image.as_ref().map(State::n_samples)),
            ("levels of a batch's condition images", self.image_levels.as_ref().map(Vec::len)),
        ];
        for (what, rows) in parts {
            if let Some(found) = rows.filter(|&rows| rows != n) {
                let (found, expected) = (found.to_string(), n.to_string());
                return Err(tweedie_samplers::Error::Mismatch { what, found, expected }.into());
            }
        }
        Ok(())
    }

    /// A copy of the condition that shares its tensors.
    pub(crate) fn share(&self) -> Self {
        Self {
            classes: self.classes.clone(),
            image: self.image.as_ref().map(Tensor::shallow_clone),
            image_levels: self.image_levels.clone(),
        }
    }

    /// The condition with each class replaced by the row for no class.
    pub fn without_class(&self, null_class: i64) -> Self {
        Self { classes: self.classes.as_ref().map(|rows| vec![null_class; rows.len()]), ..self.share() }
    }

    /// The concatenation of the conditions of two batches, which must have the same parts.
    ///
    /// # Errors
    /// An error of LibTorch for images of different shapes.
    pub fn cat(&self, other: &Self) -> Result<Self, Error> {
        let image = match (&self.image, &other.image) {
            (Some(own), Some(other)) => Some(Tensor::f_cat(&[own, other], 0)?),
            _ => None,
        };
        Ok(Self {
            classes: joined(&self.classes, &other.classes),
            image,
            image_levels: joined(&self.image_levels, &other.image_levels),
        })
    }

    /// Converts the condition to tensors for the network. `number` maps a noise level to the number that the network is conditioned on.
    pub(super) fn tensors(
        &self,
        device: Device,
        number: impl Fn(NoiseLevel) -> Result<f64, Error>,
    ) -> Result<tweedie_networks::Condition, Error> {
        let class = match &self.classes {
            None => None,
            Some(rows) => Some(Tensor::f_from_slice(rows)?.f_to_device(device)?),
        };
        let levels = match &self.image_levels {
            None => None,
            Some(levels) => {
                let numbers = levels.iter().map(|&level| Ok(number(level)? as f32));
                let numbers = numbers.collect::<Result<Vec<_>, Error>>()?;
                Some(Tensor::f_from_slice(&numbers)?.f_to_device(device)?)
            }
        };
        let image = match &self.image {
            None => None,
            Some(image) => Some(image.f_to_device(device)?),
        };
        Ok(tweedie_networks::Condition { class, number: levels, vector: None, image })
    }
}

fn picked<T: Copy>(of: &Option<Vec<T>>, examples: &[i64]) -> Option<Vec<T>> {
    of.as_ref().map(|all| examples.iter().filter_map(|&i| all.get(i as usize).copied()).collect())
}

fn joined<T: Clone>(a: &Option<Vec<T>>, b: &Option<Vec<T>>) -> Option<Vec<T>> {
    Some([a.as_deref()?, b.as_deref()?].concat())
}
