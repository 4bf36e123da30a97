//! LibTorch's CUDA back end, which is opened at run time if it is present. A linker would drop the library, since no symbol refers to
//! it.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The state of the CUDA back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CudaState {
    /// The installed LibTorch has no CUDA library.
    Absent,
    /// The library is present but could not be loaded, for this reason.
    Broken(String),
    /// The library is loaded. Without a driver there are no devices.
    Loaded {
        /// The number of CUDA devices.
        devices: usize,
    },
}

/// Opens `libtorch_cuda.so` once and returns the result. It must be called before the first operation on a tensor.
pub fn open() -> &'static CudaState {
    static STATE: OnceLock<CudaState> = OnceLock::new();
    STATE.get_or_init(load)
}

fn load() -> CudaState {
    let beside = library_folder().map(|folder| folder.join("libtorch_cuda.so"));
    let Some(path) = beside.filter(|path| path.exists()) else { return CudaState::Absent };
    // SAFETY: loading this library of LibTorch runs its initialisers, which register the CUDA back end.
    match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            // Its functions stay registered, so that it must never be unloaded.
            std::mem::forget(library);
            CudaState::Loaded { devices: usize::try_from(tch::Cuda::device_count()).unwrap_or(0) }
        }
        Err(error) => CudaState::Broken(error.to_string()),
    }
}

/// The folder from which the running program loaded `libtorch_cpu.so`.
pub(crate) fn library_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    let path = PathBuf::from(line.get(line.find('/')?..)?);
    path.parent().map(PathBuf::from)
}

/// The compute capability of a CUDA device according to the driver; (8, 0) is sm_80.
pub(crate) fn compute_capability(device: usize) -> Option<(i32, i32)> {
    const MAJOR: c_int = 75;
    const MINOR: c_int = 76;
    type Init = unsafe extern "C" fn(u32) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
    // SAFETY: these are documented C functions of the driver, called with their documented arguments.
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
