//! The memory of tensors on a CPU.

/// Makes the process keep freed memory for later tensors, up to the most that it used at once, instead of returning it to the system.
///
/// By default the C library returns a freed tensor of more than 128 KiB at once, and the next tensor gets new pages, which the system
/// clears: a fifth of the time of a small network. Call this function once at the start of a program. Returns whether the options were
/// accepted; tensors of more than 32 MiB are returned to the system as before.
pub fn keep_freed_memory() -> bool {
    crate::shim::keep_freed_memory()
}
