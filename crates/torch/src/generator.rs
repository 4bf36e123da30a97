//! PyTorch's CPU generator, one of our own: the global one stays untouched.

use crate::{Error, shim};
use tch::Tensor;

/// A generator that gives the numbers of `torch.Generator("cpu").manual_seed(seed)`.
#[derive(Debug)]
pub struct Generator {
    raw: *mut shim::RawGenerator,
}

// SAFETY: the generator is owned by one value and used through `&mut self` alone.
unsafe impl Send for Generator {}

impl Generator {
    /// A generator at the start of a seed's sequence.
    ///
    /// # Errors
    /// [`Error::LibTorch`] when it cannot be made.
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
        // SAFETY: made by `generator_new`, freed once.
        unsafe { shim::tweedie_generator_free(self.raw) };
    }
}
