//! Additions to `tch`: devices by name, generators, precisions, gradients in given storage, and errors instead of panics.
//!
//! This is the only crate of the workspace with `unsafe` code. It compiles a small C++ file against LibTorch's headers and opens the
//! CUDA libraries at run time, so that one binary works on machines with and without CUDA.

mod border;
mod checkpoint;
mod cuda;
mod device;
mod exit;
mod fused;
mod generator;
mod global;
mod grad;
mod machine;
mod memory;
mod optimizer;
mod packed;
mod precision;
mod shim;
mod threads;
mod version;

pub use border::guard;
pub use checkpoint::checkpoint;
pub use cuda::{CudaState, open as open_cuda};
pub use device::{Choice, devices, synchronize};
pub use exit::exit_now;
pub use fused::{KERNELS, Modulation, attention, attention_takes, group_norm};
pub use generator::Generator;
pub use global::with_seed;
pub use grad::{gradients_enabled, with_grad};
pub use machine::{Machine, machine, memory_bytes};
pub use memory::keep_freed_memory;
pub use optimizer::{AdamWNumbers, adamw};
pub use packed::{PackedConv2d, PackedLinear, RowMap};
pub use precision::{Precision, PrecisionChoice};
pub use shim::{channels_last, set_grad};
pub use threads::{check_current_threads, limit_threads, set_threads, share_of_threads};
pub use version::{Version, share_version};

/// An error of LibTorch, or of a device or precision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first line of the message of a LibTorch exception.
    #[error("LibTorch: {0}")]
    LibTorch(String),
    /// A text that is not the name of a device.
    #[error("`{0}` is not a device; devices are auto, cpu, cuda and cuda:N")]
    DeviceName(String),
    /// A CUDA device that is not available on this machine.
    #[error("{requested} is not available: {found}")]
    NoDevice {
        /// The name of the requested device.
        requested: String,
        /// The available devices, as a sentence.
        found: String,
    },
    /// The operating system does not start the threads of LibTorch's operations.
    #[error(
        "{requested} threads per operation need {needed} threads in all, but only {found} could be started ({reason}); \
         a smaller number of threads or a higher limit of processes is needed"
    )]
    Threads {
        /// The number of threads per operation.
        requested: u16,
        /// The number of threads that were started.
        found: usize,
        /// The number of threads that LibTorch starts.
        needed: usize,
        /// The error of the operating system.
        reason: String,
    },
    /// A text that is not the name of a precision.
    #[error("`{0}` is not a precision; precisions are auto, f32 and bf16")]
    PrecisionName(String),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::LibTorch(border::first_line(&error.to_string()))
    }
}
