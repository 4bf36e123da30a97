//! The moving average of the weights, with which samples are generated.

use crate::{Error, FlatParameters};
use tch::Tensor;
use tweedie_math::power_average;

/// An exponential moving average with its half-life in images (Karras et al. 2022).
#[derive(Debug)]
pub struct Ema {
    /// The averaged values, in the layout of [`FlatParameters::values`].
    pub values: Tensor,
}

impl Ema {
    /// Starts the average at the current parameters.
    ///
    /// # Errors
    /// An error of LibTorch if memory runs out.
    pub fn new(parameters: &FlatParameters) -> Result<Self, Error> {
        Ok(Self { values: copy_of(&parameters.values)? })
    }

    /// Updates the average after a step on `batch` images; `images` is the total seen, including that step.
    ///
    /// The half-life is at most `ramp`·images, so that the initial weights soon lose their influence. With a half-life of 0 the average
    /// equals the parameters.
    ///
    /// # Errors
    /// Errors returned by LibTorch.
    pub fn update(
        &mut self,
        parameters: &FlatParameters,
        half_life: f64,
        ramp: f64,
        images: u64,
        batch: usize,
    ) -> Result<(), Error> {
        let _no_gradient = tch::no_grad_guard();
        let _ = self.values.f_lerp_(&parameters.values, 1.0 - decay(half_life, ramp, images, batch))?;
        Ok(())
    }

    /// Updates a power-function average (Karras et al. 2024) after a step on `batch` images; `images` is the total seen, including that
    /// step.
    ///
    /// # Errors
    /// Errors returned by LibTorch.
    pub fn update_power(
        &mut self,
        parameters: &FlatParameters,
        gamma: f64,
        images: u64,
        batch: usize,
    ) -> Result<(), Error> {
        let _no_gradient = tch::no_grad_guard();
        let kept = power_average::kept(gamma, images as f64, batch as f64);
        let _ = self.values.f_lerp_(&parameters.values, 1.0 - kept)?;
        Ok(())
    }

    /// Replaces the network's weights by the averaged ones and returns the replaced weights.
    ///
    /// # Errors
    /// Errors returned by LibTorch.
    pub fn put_into(&self, parameters: &mut FlatParameters) -> Result<OwnWeights, Error> {
        let own = copy_of(&parameters.values)?;
        let _no_gradient = tch::no_grad_guard();
        parameters.values.f_copy_(&self.values)?;
        Ok(OwnWeights(own))
    }
}

/// The weights of a network while it holds averaged ones.
#[derive(Debug)]
#[must_use = "the network holds the averaged weights until these are put back"]
pub struct OwnWeights(Tensor);

impl OwnWeights {
    /// Puts the weights back into the network.
    ///
    /// # Errors
    /// Errors returned by LibTorch.
    pub fn put_back(self, parameters: &mut FlatParameters) -> Result<(), Error> {
        let _no_gradient = tch::no_grad_guard();
        parameters.values.f_copy_(&self.0)?;
        Ok(())
    }
}

/// A copy of the values in newly allocated memory.
fn copy_of(values: &Tensor) -> Result<Tensor, Error> {
    let mut copy = values.f_zeros_like()?;
    copy.f_copy_(values)?;
    Ok(copy)
}

/// The factor with which the average is multiplied in a step on `batch` images.
fn decay(half_life: f64, ramp: f64, images: u64, batch: usize) -> f64 {
    let half_life = half_life.min(ramp * images as f64);
    if half_life > 0.0 { 0.5f64.powf(batch as f64 / half_life) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::decay;

    #[test]
    fn a_half_life_halves() {
        let kept: f64 = (0..50).map(|_| decay(3_200.0, 1.0, 1_000_000, 64)).product();
        assert!((kept - 0.5).abs() < 1e-12);
    }

    #[test]
    fn early_weights_are_forgotten_sooner() {
        assert!(decay(5_000.0, 0.1, 640, 64) < decay(5_000.0, 0.1, 64_000, 64));
        assert_eq!(decay(0.0, 0.1, 640, 64), 0.0);
    }
}
