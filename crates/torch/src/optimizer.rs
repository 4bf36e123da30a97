//! The update of parameters in one pass over memory.

use crate::{Error, shim};
use tch::Tensor;

/// The numbers of one update by AdamW (Loshchilov & Hutter 2019, Algorithm 2).
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct AdamWNumbers {
    /// The factor of the gradients.
    pub gradient_scale: f32,
    /// 1 − β₁.
    pub first_share: f32,
    /// 1 − β₂.
    pub second_share: f32,
    /// 1/√(1 − β₂ᵗ).
    pub root_factor: f32,
    /// ε.
    pub eps: f32,
    /// The factor of the values: 1 − learning rate × weight decay.
    pub decay: f32,
    /// The learning rate divided by 1 − β₁ᵗ.
    pub rate: f32,
}

/// Updates values and moments in place from the gradients. All are contiguous f32 tensors of one size on a CPU. The result does not depend
/// on the number of threads.
///
/// # Errors
/// [`Error::LibTorch`] for other tensors.
pub fn adamw(
    values: &mut Tensor,
    gradients: &Tensor,
    first_moment: &mut Tensor,
    second_moment: &mut Tensor,
    numbers: &AdamWNumbers,
) -> Result<(), Error> {
    // SAFETY: the tensors and the numbers are alive during the call, and those that are changed are exclusively borrowed.
    shim::check(unsafe {
        shim::tweedie_adamw(
            values.as_mut_ptr(),
            gradients.as_ptr(),
            first_moment.as_mut_ptr(),
            second_moment.as_mut_ptr(),
            numbers,
        )
    })
}
