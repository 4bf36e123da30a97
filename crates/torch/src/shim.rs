//! The Rust side of `shim/shim.cpp`.

use crate::{Error, border};
use std::ffi::{CStr, c_char, c_int, c_void};
use tch::Tensor;
use torch_sys::C_tensor;

#[repr(C)]
pub(crate) struct RawGenerator(c_void);

unsafe extern "C" {
    fn tweedie_free_message(message: *mut c_char);
    fn tweedie_cpu_capability() -> *mut c_char;
    fn tweedie_build_configuration() -> *mut c_char;
    fn tweedie_generator_new(seed: u64, made: *mut *mut RawGenerator) -> *mut c_char;
    pub(crate) fn tweedie_generator_free(generator: *mut RawGenerator);
    fn tweedie_generator_randn(
        generator: *mut RawGenerator,
        shape: *const i64,
        n_axes: usize,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn tweedie_set_grad(leaf: *mut C_tensor, gradient: *const C_tensor) -> *mut c_char;
    pub(crate) fn tweedie_checkpoint(
        inputs: *const *const C_tensor,
        n: usize,
        code: *mut c_void,
        run: extern "C" fn(*mut c_void, *const *const C_tensor, usize, *mut *mut C_tensor, usize) -> i64,
        drop: extern "C" fn(*mut c_void),
        outputs: *mut *mut C_tensor,
        room: usize,
        made: *mut usize,
    ) -> *mut c_char;
    fn tweedie_exit_now(status: c_int) -> !;
    fn tweedie_channels_last(tensor: *const C_tensor, made: *mut *mut C_tensor) -> *mut c_char;
}

/// Takes a message from the shim and frees it.
fn take(message: *mut c_char) -> Option<String> {
    if message.is_null() {
        return None;
    }
    // SAFETY: the shim returns null or a zero-terminated string from malloc, which the caller must free once.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().to_string();
    unsafe { tweedie_free_message(message) };
    Some(text)
}

pub(crate) fn check(message: *mut c_char) -> Result<(), Error> {
    match take(message) {
        None => Ok(()),
        Some(text) => Err(Error::LibTorch(border::first_line(&text))),
    }
}

pub(crate) fn cpu_capability() -> String {
    // SAFETY: no arguments; the message is freed by `take`.
    take(unsafe { tweedie_cpu_capability() }).unwrap_or_default()
}

/// The build configuration of the loaded library.
pub(crate) fn build_configuration() -> String {
    // SAFETY: no arguments; the message is freed by `take`.
    take(unsafe { tweedie_build_configuration() }).unwrap_or_default()
}

pub(crate) fn exit_now(status: c_int) -> ! {
    // SAFETY: the call ends the process and does not return.
    unsafe { tweedie_exit_now(status) }
}

pub(crate) fn generator_new(seed: u64) -> Result<*mut RawGenerator, Error> {
    let mut made = std::ptr::null_mut();
    // SAFETY: `made` outlives the call and is written if the shim returns null.
    check(unsafe { tweedie_generator_new(seed, &mut made) })?;
    Ok(made)
}

pub(crate) fn generator_randn(generator: *mut RawGenerator, shape: &[i64]) -> Result<Tensor, Error> {
    let mut made = std::ptr::null_mut();
    // SAFETY: the owner keeps the generator alive, and shape and `made` outlive the call.
    check(unsafe { tweedie_generator_randn(generator, shape.as_ptr(), shape.len(), &mut made) })?;
    // SAFETY: the shim made a tensor on the heap and transfers its ownership.
    Ok(unsafe { Tensor::from_ptr(made) })
}

/// Makes `gradient` the storage in which a leaf's gradient is accumulated in place.
///
/// The gradients of many parameters can then be views of one flat tensor, which an optimiser processes with a few kernel launches.
///
/// # Errors
/// [`Error::LibTorch`] if the shape, kind or device differs from that of the leaf.
pub fn set_grad(leaf: &mut Tensor, gradient: &Tensor) -> Result<(), Error> {
    // SAFETY: both tensors are alive during the call.
    check(unsafe { tweedie_set_grad(leaf.as_mut_ptr(), gradient.as_ptr()) })
}

/// The same values with channels-last (NHWC) strides. The shape is still N, C, H, W.
///
/// # Errors
/// [`Error::LibTorch`] unless the tensor has four axes.
pub fn channels_last(tensor: &Tensor) -> Result<Tensor, Error> {
    let mut made = std::ptr::null_mut();
    // SAFETY: the tensor is alive during the call, and `made` is written if the shim returns null.
    check(unsafe { tweedie_channels_last(tensor.as_ptr(), &mut made) })?;
    // SAFETY: the shim made a tensor on the heap and transfers its ownership.
    Ok(unsafe { Tensor::from_ptr(made) })
}
