//! The gradient mode of the current thread.

/// Sets the gradient mode back when it is dropped, also while a panic unwinds.
struct Restored(bool);

impl Drop for Restored {
    fn drop(&mut self) {
        set_enabled(self.0);
    }
}

fn set_enabled(enabled: bool) -> bool {
    // SAFETY: the function sets a thread-local flag of LibTorch and returns the previous one.
    unsafe { torch_sys::at_grad_set_enabled(i32::from(enabled)) != 0 }
}

/// Whether the current thread records operations for gradients.
pub fn gradients_enabled() -> bool {
    crate::shim::gradients_enabled()
}

/// Runs code with gradients enabled and then restores the former mode of the thread, also if the code panics. `tch::with_grad` leaves
/// gradients enabled if a panic is caught outside of it, as by [`guard`](crate::guard).
pub fn with_grad<T>(code: impl FnOnce() -> T) -> T {
    let _restored = Restored(set_enabled(true));
    code()
}
