//! The end of the process.

use crate::shim;

/// Ends the process at once with an exit status. Neither destructors of static objects run, nor is buffered output written.
///
/// `std::process::exit` and a return from `main` destroy the static objects of LibTorch. A thread that computes at this moment, such as one
/// that loads batches or writes a checkpoint, then crashes the process with a segmentation fault.
pub fn exit_now(status: u8) -> ! {
    shim::exit_now(i32::from(status))
}
