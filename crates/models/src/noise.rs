//! PyTorch's noise, in the order of `diffusers`' pipelines.

use std::sync::{Mutex, PoisonError};
use tch::Tensor;
use tweedie_samplers::{Draw, Error, NoiseSource};
use tweedie_torch::Generator;

/// Noise of PyTorch's CPU generator. Each draw returns the next numbers of the generator, so the images depend on the batch size, as
/// they do in Python.
#[derive(Debug)]
pub struct TorchNoise {
    generator: Mutex<Generator>,
}

impl TorchNoise {
    /// A noise source with the numbers of `torch.Generator("cpu").manual_seed(seed)`.
    ///
    /// # Errors
    /// An error if the generator cannot be created.
    pub fn new(seed: u64) -> Result<Self, tweedie_torch::Error> {
        Ok(Self { generator: Mutex::new(Generator::new(seed)?) })
    }
}

impl NoiseSource<Tensor> for TorchNoise {
    fn normal(&self, like: &Tensor, _draw: Draw) -> Result<Tensor, Error> {
        let mut generator = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        let noise = generator.randn(&like.size()).map_err(Error::other)?;
        noise
            .f_to_device(like.device())
            .and_then(|n| n.f_to_kind(like.kind()))
            .map_err(|e| Error::Tensor(e.into()))
    }
}
