//! LibTorch's global generator, from which dropout draws. Only this module seeds it.

use std::sync::{Mutex, PoisonError};

static GLOBAL: Mutex<()> = Mutex::new(());

/// Seeds LibTorch's global generators (CPU and every CUDA device) and runs code that draws from them. A lock admits one caller at a
/// time.
pub fn with_seed<T>(seed: u64, code: impl FnOnce() -> T) -> T {
    let _held = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed as i64);
    code()
}
