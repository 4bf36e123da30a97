//! Where LibTorch's exceptions, which `tch` turns into panics, become errors.

use crate::Error;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code that may panic on a C++ exception and turns the panic into [`Error::LibTorch`] with its first line.
///
/// Values that the code was changing in place may be half changed afterwards; drop them.
///
/// # Errors
/// [`Error::LibTorch`] when the code panicked.
pub fn guard<T>(code: impl FnOnce() -> T) -> Result<T, Error> {
    silence_guarded_panics();
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    GUARDED.set(outer);
    result.map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("an unknown failure");
        Error::LibTorch(first_line(text))
    })
}

/// One hook for the whole process that looks at a thread-local flag: swapping hooks would race between threads.
fn silence_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
}

/// The first line of a C++ message, without the Rust wrapping around it.
pub(crate) fn first_line(text: &str) -> String {
    let start = text.find("Torch(\"").map_or(text, |at| &text[at + "Torch(\"".len()..]);
    let end = start.find("\\n").or_else(|| start.find('\n')).unwrap_or(start.len());
    let line = start[..end].trim();
    line.strip_prefix("Internal torch error: ").unwrap_or(line).to_string()
}
