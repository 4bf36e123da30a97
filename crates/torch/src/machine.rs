//! The conditions under which numbers are reproducible bit for bit.

use crate::{cuda, shim};
use std::path::PathBuf;

/// What a run's bits depend on beside its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// LibTorch's version.
    pub libtorch: String,
    /// Where it was loaded from.
    pub library_folder: Option<PathBuf>,
    /// Threads inside an operation.
    pub threads: i32,
    /// The instruction set that LibTorch's own kernels use, such as `AVX512`.
    pub cpu_capability: String,
    /// The processor's name.
    pub processor: String,
}

/// This machine, as LibTorch sees it.
pub fn machine() -> Machine {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    Machine {
        libtorch: loaded_version(),
        library_folder: cuda::library_folder(),
        threads: tch::get_num_threads(),
        cpu_capability: shim::cpu_capability(),
        processor: processor.trim_start_matches([' ', '\t', ':']).to_string(),
    }
}

/// The version of the library that was loaded, which may not be the one that was built against.
fn loaded_version() -> String {
    let text = shim::build_configuration();
    let version = text.split("TORCH_VERSION=").nth(1).and_then(|rest| rest.split([',', ' ', '\n']).next());
    version.unwrap_or("unknown").to_string()
}

pub(crate) fn has_cpu_flag(name: &str) -> bool {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = text.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    flags.split_whitespace().any(|flag| flag == name)
}
