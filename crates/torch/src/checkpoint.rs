//! Gradient checkpointing: parts of a network that keep only their inputs and are computed again in the backward pass.

use crate::{Error, border, shim};
use std::ffi::c_void;
use tch::Tensor;
use torch_sys::C_tensor;

/// A function from inputs to outputs, which is called once in the forward and once in the backward pass.
type Code = dyn Fn(&[Tensor]) -> Vec<Tensor>;

/// The greatest number of outputs of a part.
const ROOM: usize = 64;

/// Computes `code(inputs)` without keeping intermediate values (Chen et al. 2016). This saves memory at the cost of a second forward
/// pass. Gradients of tensors that the code captures, such as parameters, are accumulated in these tensors. Numbers from LibTorch's
/// global generator, such as masks of dropout, are the same in both passes. At least one input must require a gradient.
///
/// # Errors
/// [`Error::LibTorch`] if the code or LibTorch fails, or the code has more than 64 outputs.
pub fn checkpoint(
    inputs: &[Tensor],
    code: impl Fn(&[Tensor]) -> Vec<Tensor> + 'static,
) -> Result<Vec<Tensor>, Error> {
    let boxed: Box<Box<Code>> = Box::new(Box::new(code));
    let pointers: Vec<*const C_tensor> = inputs.iter().map(Tensor::as_ptr).collect();
    let mut outputs = [std::ptr::null_mut::<C_tensor>(); ROOM];
    let mut made = 0;
    // SAFETY: the inputs are alive during the call, and the shim makes its own handles. From here on the code is owned by the graph
    // and freed by `free`. If LibTorch calls it from another thread, the calling thread waits, so that one thread runs at a time.
    shim::check(unsafe {
        shim::tweedie_checkpoint(
            pointers.as_ptr(),
            pointers.len(),
            Box::into_raw(boxed).cast::<c_void>(),
            run,
            free,
            outputs.as_mut_ptr(),
            ROOM,
            &mut made,
        )
    })?;
    // SAFETY: the shim made this number of tensors on the heap and transfers their ownership.
    Ok(outputs[..made].iter().map(|&raw| unsafe { Tensor::from_ptr(raw) }).collect())
}

extern "C" fn run(
    code: *mut c_void,
    inputs: *const *const C_tensor,
    n: usize,
    outputs: *mut *mut C_tensor,
    room: usize,
) -> i64 {
    // SAFETY: the shim passes the code that `checkpoint` gave it, n live tensors, and an array for `room` outputs.
    let (code, inputs) = unsafe { (&*code.cast::<Box<Code>>(), std::slice::from_raw_parts(inputs, n)) };
    // No panic may unwind into C++.
    let computed = border::guard(|| {
        let handles: Vec<Tensor> = inputs.iter().map(|&raw| borrowed(raw)).collect();
        code(&handles)
    });
    match computed {
        Ok(results) if results.len() <= room => {
            let n = results.len() as i64;
            for (i, mut result) in results.into_iter().enumerate() {
                // SAFETY: i < room, and the shim takes ownership of the tensor, which must not be freed here.
                unsafe { *outputs.add(i) = result.as_mut_ptr() };
                std::mem::forget(result);
            }
            n
        }
        _ => -1,
    }
}

/// A new handle to a tensor that is owned elsewhere.
fn borrowed(raw: *const C_tensor) -> Tensor {
    // SAFETY: the tensor is alive during the call, and `ManuallyDrop` keeps the first handle from being freed.
    let theirs = std::mem::ManuallyDrop::new(unsafe { Tensor::from_ptr(raw.cast_mut()) });
    theirs.shallow_clone()
}

extern "C" fn free(code: *mut c_void) {
    // SAFETY: the box was made by `checkpoint` and is freed once, by the last owner of the graph.
    drop(unsafe { Box::from_raw(code.cast::<Box<Code>>()) });
}
