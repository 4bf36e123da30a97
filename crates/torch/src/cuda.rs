//! LibTorch's CUDA back end, opened where it is present: a linker would drop a library that nothing refers to.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What became of opening the CUDA back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CudaState {
    /// This LibTorch is a CPU set.
    Absent,
    /// The library is there and would not load, for this reason.
    Broken(String),
    /// Loaded, with so many devices; none where there is no driver.
    Loaded {
        /// The number of CUDA devices.
        devices: usize,
    },
}

/// Opens `libtorch_cuda.so` once, before the first tensor call, and says what came of it.
pub fn open() -> &'static CudaState {
    static STATE: OnceLock<CudaState> = OnceLock::new();
    STATE.get_or_init(load)
}

fn load() -> CudaState {
    let beside = library_folder().map(|folder| folder.join("libtorch_cuda.so"));
    let Some(path) = beside.filter(|path| path.exists()) else { return CudaState::Absent };
    // SAFETY: loading LibTorch's own library runs its initialisers, which register the CUDA back end.
    match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            // Its functions are registered for good: it must never be unloaded.
            std::mem::forget(library);
            CudaState::Loaded { devices: usize::try_from(tch::Cuda::device_count()).unwrap_or(0) }
        }
        Err(error) => CudaState::Broken(error.to_string()),
    }
}

/// The folder that the running program's `libtorch_cpu.so` was loaded from.
pub(crate) fn library_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    let path = PathBuf::from(line.get(line.find('/')?..)?);
    path.parent().map(PathBuf::from)
}

/// The compute capability of a CUDA device, as the driver tells it: (8, 0) is sm_80.
pub(crate) fn compute_capability(device: usize) -> Option<(i32, i32)> {
    const MAJOR: c_int = 75;
    const MINOR: c_int = 76;
    type Init = unsafe extern "C" fn(u32) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
    // SAFETY: the driver's documented C functions, called with their documented arguments.
    unsafe {
        let driver = Library::new("libcuda.so.1").ok()?;
        let init = driver.get::<Init>(b"cuInit").ok()?;
        let get = driver.get::<Get>(b"cuDeviceGet").ok()?;
        let attribute = driver.get::<Attribute>(b"cuDeviceGetAttribute").ok()?;
        let (mut handle, mut major, mut minor) = (0, 0, 0);
        let worked = init(0) == 0
            && get(&mut handle, c_int::try_from(device).ok()?) == 0
            && attribute(&mut major, MAJOR, handle) == 0
            && attribute(&mut minor, MINOR, handle) == 0;
        worked.then_some((major, minor))
    }
}
