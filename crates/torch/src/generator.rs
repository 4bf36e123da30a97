//! Separate instances of PyTorch's CPU generator. The global generator is not used.

use crate::{Error, shim};
use tch::Tensor;

/// A generator of the numbers of `torch.Generator("cpu").manual_seed(seed)`.
#[derive(Debug)]
pub struct Generator {
    raw: *mut shim::RawGenerator,
}

// SAFETY: the generator is owned by one value and is used only through `&mut self`.
unsafe impl Send for Generator {}

impl Generator {
    /// Creates a generator at the start of a seed's sequence.
    ///
    /// # Errors
    /// [`Error::LibTorch`] if the generator cannot be created.
    pub fn new(seed: u64) -> Result<Self, Error> {
        Ok(Self { raw: shim::generator_new(seed)? })
    }

    /// The next standard normal numbers, in f32 on the CPU: `torch.randn(shape, generator=self)`.
    ///
    /// # Errors
    /// [`Error::LibTorch`] for a shape that cannot be allocated.
    pub fn randn(&mut self, shape: &[i64]) -> Result<Tensor, Error> {
        shim::generator_randn(self.raw, shape)
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // SAFETY: the generator was made by `generator_new` and is freed once.
        unsafe { shim::tweedie_generator_free(self.raw) };
    }
}
