//! The one place that touches LibTorch's global generator, which dropout draws from.

use std::sync::{Mutex, PoisonError};

static GLOBAL: Mutex<()> = Mutex::new(());

/// Seeds LibTorch's global generators (CPU and every CUDA device) and runs code that draws from them; one caller at a time.
pub fn with_seed<T>(seed: u64, code: impl FnOnce() -> T) -> T {
    let _held = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed as i64);
    code()
}
