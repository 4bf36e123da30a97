//! The detection of changes of tensors in place.

use crate::{Error, shim};
use tch::Tensor;

/// The state of a tensor: its memory and the number of its changes in place. Values that were computed from a tensor are valid while its
/// version is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    memory: usize,
    changes: u64,
}

impl Version {
    /// The present state of a tensor.
    pub fn of(tensor: &Tensor) -> Self {
        Self { memory: tensor.data_ptr() as usize, changes: shim::version(tensor) }
    }
}

/// Makes changes of `whole` in place count as changes of `part`. This is needed if `part` was given memory of `whole` by
/// [`Tensor::set_data`], which keeps the count of its own. Views need no such call.
///
/// # Errors
/// [`Error::LibTorch`] for a tensor without memory.
pub fn share_version(part: &Tensor, whole: &Tensor) -> Result<(), Error> {
    shim::share_version(part, whole)
}
