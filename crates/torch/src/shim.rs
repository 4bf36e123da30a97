//! The Rust side of `shim/shim.cpp`.

use crate::{AdamWNumbers, Error, border};
use std::ffi::{CStr, c_char, c_int, c_void};
use tch::Tensor;
use torch_sys::C_tensor;

#[repr(C)]
pub(crate) struct RawGenerator(c_void);

unsafe extern "C" {
    fn tweedie_free_message(message: *mut c_char);
    fn tweedie_limit_threads(n: c_int) -> *mut c_char;
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
    fn tweedie_keep_freed_memory() -> bool;
    fn tweedie_exit_now(status: c_int) -> !;
    fn tweedie_version(tensor: *const C_tensor) -> u64;
    fn tweedie_gradients_enabled() -> bool;
    fn tweedie_share_version(part: *const C_tensor, whole: *const C_tensor) -> *mut c_char;
    pub(crate) fn tweedie_group_norm(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        add: *const C_tensor,
        scale: *const C_tensor,
        shift: *const C_tensor,
        groups: i64,
        eps: f64,
        silu: bool,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_pack_convolution(
        weight: *const C_tensor,
        stride: *const i64,
        padding: *const i64,
        input: *const i64,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_packed_convolution(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        stride: *const i64,
        padding: *const i64,
        sum: *mut C_tensor,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_pack_linear(
        weight: *const C_tensor,
        rows: i64,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_packed_linear(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        sum: *const C_tensor,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_adamw(
        values: *mut C_tensor,
        gradients: *const C_tensor,
        first: *mut C_tensor,
        second: *mut C_tensor,
        numbers: *const AdamWNumbers,
    ) -> *mut c_char;
    pub(crate) fn tweedie_row_map(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        outputs: i64,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
    pub(crate) fn tweedie_attention(
        qkv: *const C_tensor,
        heads: i64,
        made: *mut *mut C_tensor,
    ) -> *mut c_char;
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

pub(crate) fn keep_freed_memory() -> bool {
    // SAFETY: the function sets options of the C library's allocator, which takes its own lock.
    unsafe { tweedie_keep_freed_memory() }
}

pub(crate) fn limit_threads(n: c_int) -> Result<(), Error> {
    // SAFETY: the function sets numbers of the calling thread.
    check(unsafe { tweedie_limit_threads(n) })
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
    // SAFETY: the owner keeps the generator alive, and the shape outlives the call.
    made(|made| unsafe { tweedie_generator_randn(generator, shape.as_ptr(), shape.len(), made) })
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

/// Calls a function of the shim that makes one tensor.
pub(crate) fn made(call: impl FnOnce(*mut *mut C_tensor) -> *mut c_char) -> Result<Tensor, Error> {
    let mut made = std::ptr::null_mut();
    check(call(&mut made))?;
    // SAFETY: the shim returned null, so it made a tensor on the heap, whose ownership it transfers.
    Ok(unsafe { Tensor::from_ptr(made) })
}

pub(crate) fn version(tensor: &Tensor) -> u64 {
    // SAFETY: the tensor is alive during the call.
    unsafe { tweedie_version(tensor.as_ptr()) }
}

pub(crate) fn share_version(part: &Tensor, whole: &Tensor) -> Result<(), Error> {
    // SAFETY: both tensors are alive during the call.
    check(unsafe { tweedie_share_version(part.as_ptr(), whole.as_ptr()) })
}

pub(crate) fn gradients_enabled() -> bool {
    // SAFETY: the function reads a thread-local flag.
    unsafe { tweedie_gradients_enabled() }
}

/// The same values with channels-last (NHWC) strides. The shape is still N, C, H, W.
///
/// # Errors
/// [`Error::LibTorch`] unless the tensor has four axes.
pub fn channels_last(tensor: &Tensor) -> Result<Tensor, Error> {
    // SAFETY: the tensor is alive during the call.
    made(|made| unsafe { tweedie_channels_last(tensor.as_ptr(), made) })
}
