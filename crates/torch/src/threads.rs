//! The number of threads of LibTorch's operations.

use crate::{Error, shim};
use std::sync::{Arc, Mutex, PoisonError};

/// Sets the number of threads that compute one operation.
///
/// # Errors
/// [`Error::Threads`] if the operating system does not start so many threads. LibTorch would wait for them forever.
pub fn set_threads(n: u16) -> Result<(), Error> {
    check_threads(n)?;
    tch::set_num_threads(i32::from(n));
    Ok(())
}

/// Sets the number of threads that compute one operation of the calling thread alone. Other threads keep their numbers.
///
/// # Errors
/// [`Error::LibTorch`] if LibTorch cannot start its threads.
pub fn limit_threads(n: u16) -> Result<(), Error> {
    shim::limit_threads(i32::from(n.max(1)))
}

/// The threads per operation of each of `n` threads among which those of the calling thread are divided; at least 1.
pub fn share_of_threads(n: usize) -> u16 {
    let all = usize::try_from(tch::get_num_threads()).unwrap_or(1);
    u16::try_from((all / n.max(1)).max(1)).unwrap_or(1)
}

/// Checks whether LibTorch can start the threads of its operations with the current number of threads.
///
/// # Errors
/// [`Error::Threads`] if the operating system does not start them.
pub fn check_current_threads() -> Result<(), Error> {
    check_threads(u16::try_from(tch::get_num_threads()).unwrap_or(1))
}

/// Starts as many threads at the same time as LibTorch's two pools do, and ends them.
fn check_threads(n: u16) -> Result<(), Error> {
    let n_threads = 2 * usize::from(n);
    // The threads wait for this lock until the last one was started.
    let lock = Arc::new(Mutex::new(()));
    let hold = lock.lock().unwrap_or_else(PoisonError::into_inner);
    let mut threads = Vec::with_capacity(n_threads);
    let mut failure = None;
    for _ in 0..n_threads {
        let lock = Arc::clone(&lock);
        let wait = move || drop(lock.lock());
        match std::thread::Builder::new().stack_size(1 << 16).spawn(wait) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                failure = Some(error.to_string());
                break;
            }
        }
    }
    drop(hold);
    let found = threads.len();
    for thread in threads {
        let _ = thread.join();
    }
    match failure {
        None => Ok(()),
        Some(reason) => Err(Error::Threads { requested: n, found, needed: n_threads, reason }),
    }
}
