//! Gradient checkpointing: a part of a network that keeps its inputs alone and is computed again in the backward pass.

use crate::{Error, border, shim};
use std::ffi::c_void;
use tch::Tensor;
use torch_sys::C_tensor;

/// Inputs to outputs; called once now and once in the backward pass.
type Code = dyn Fn(&[Tensor]) -> Vec<Tensor>;

/// A part has no more results.
const ROOM: usize = 64;

/// Computes `code(inputs)` without keeping what lies between (Chen et al. 2016): memory for the time of one more forward
/// pass. Gradients of tensors that the code holds itself, its parameters, are accumulated where they belong. What LibTorch's
/// global generator gives, such as dropout's masks, is the same both times. At least one input must ask for a gradient.
///
/// # Errors
/// [`Error::LibTorch`] when the code or LibTorch fails.
pub fn checkpoint(
    inputs: &[Tensor],
    code: impl Fn(&[Tensor]) -> Vec<Tensor> + 'static,
) -> Result<Vec<Tensor>, Error> {
    let boxed: Box<Box<Code>> = Box::new(Box::new(code));
    let pointers: Vec<*const C_tensor> = inputs.iter().map(Tensor::as_ptr).collect();
    let mut outputs = [std::ptr::null_mut::<C_tensor>(); ROOM];
    let mut made = 0;
    // SAFETY: the inputs live for the call, and the shim makes its own handles; the code is owned by the graph from here on
    // and freed by `free`. Where LibTorch calls it from another thread, the thread that called it waits: one runs at a time.
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
    // SAFETY: the shim made that many tensors on the heap and hands their ownership over.
    Ok(outputs[..made].iter().map(|&raw| unsafe { Tensor::from_ptr(raw) }).collect())
}

extern "C" fn run(
    code: *mut c_void,
    inputs: *const *const C_tensor,
    n: usize,
    outputs: *mut *mut C_tensor,
    room: usize,
) -> i64 {
    // SAFETY: the shim passes what `checkpoint` gave it, n live tensors, and room for outputs.
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
                // SAFETY: i < room; the shim takes the tensor over, so that it must not be freed here.
                unsafe { *outputs.add(i) = result.as_mut_ptr() };
                std::mem::forget(result);
            }
            n
        }
        _ => -1,
    }
}

/// A handle of our own to a tensor that another owns.
fn borrowed(raw: *const C_tensor) -> Tensor {
    // SAFETY: the tensor is alive for the call; the first handle is not ours to free.
    let theirs = std::mem::ManuallyDrop::new(unsafe { Tensor::from_ptr(raw.cast_mut()) });
    theirs.shallow_clone()
}

extern "C" fn free(code: *mut c_void) {
    // SAFETY: made by `checkpoint`, freed once, by the graph's last owner.
    drop(unsafe { Box::from_raw(code.cast::<Box<Code>>()) });
}
