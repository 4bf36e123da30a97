//! What `tch` lacks: devices by name, generators, precision, gradients in given storage, one border for errors.
//!
//! The only crate of the workspace with `unsafe` code: a small C++ file compiled against LibTorch's headers, and the CUDA
//! libraries opened at start, so that one binary serves both kinds of machine.

mod border;
mod checkpoint;
mod cuda;
mod device;
mod generator;
mod global;
mod machine;
mod precision;
mod shim;

pub use border::guard;
pub use checkpoint::checkpoint;
pub use cuda::{CudaState, open as open_cuda};
pub use device::{Choice, devices};
pub use generator::Generator;
pub use global::with_seed;
pub use machine::{Machine, machine};
pub use precision::{Precision, PrecisionChoice};
pub use shim::{channels_last, set_grad};

/// What LibTorch, or the machine under it, reports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LibTorch threw; the first line of what it said.
    #[error("LibTorch: {0}")]
    LibTorch(String),
    /// A device that is not written as devices are.
    #[error("`{0}` is not a device; devices are auto, cpu, cuda and cuda:N")]
    DeviceName(String),
    /// A CUDA device that this machine does not offer.
    #[error("{asked} is not there: {found}")]
    NoDevice {
        /// The device asked for.
        asked: String,
        /// What there is instead.
        found: String,
    },
    /// A precision that is not written as precisions are.
    #[error("`{0}` is not a precision; precisions are auto, f32 and bf16")]
    PrecisionName(String),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::LibTorch(border::first_line(&error.to_string()))
    }
}
