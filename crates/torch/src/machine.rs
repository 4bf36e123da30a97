//! The properties of the machine on which the bits of results depend.

use crate::{cuda, shim};
use std::path::PathBuf;

/// The properties on which the bits of a run's results depend, in addition to its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The version of LibTorch.
    pub libtorch: String,
    /// The folder from which LibTorch was loaded.
    pub library_folder: Option<PathBuf>,
    /// The number of threads within an operation.
    pub threads: i32,
    /// The instruction set of LibTorch's own kernels, such as `AVX512`.
    pub cpu_capability: String,
    /// The name of the processor.
    pub processor: String,
}

/// The properties of this machine.
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

/// The memory of the machine in bytes; `None` on systems without `/proc`.
pub fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    kib.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The version of the loaded library, which may differ from the version at build time.
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
