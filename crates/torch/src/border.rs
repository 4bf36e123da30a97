//! The conversion of LibTorch's exceptions, which `tch` turns into panics, into errors.

use crate::Error;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code that may panic on a C++ exception, and converts the panic into [`Error::LibTorch`] with the first line of its message.
///
/// After an error, values that the code changes in place may be in an inconsistent state and must be dropped.
///
/// # Errors
/// [`Error::LibTorch`] if the code panics.
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

/// Installs one panic hook for the whole process, which checks a thread-local flag. Replacing the hook for each call would be a race
/// between threads.
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

/// The first line of a C++ message, without the text that the Rust bindings add.
pub(crate) fn first_line(text: &str) -> String {
    // The debug format of an error of `tch` encloses the message in `Torch("…")` and escapes it.
    const OPEN: &str = "Torch(\"";
    let start = text.find(OPEN).map_or(text, |at| {
        let inside = &text[at + OPEN.len()..];
        inside.rfind("\")").map_or(inside, |end| &inside[..end])
    });
    let end = start.find("\\n").or_else(|| start.find('\n')).unwrap_or(start.len());
    let line = start[..end].trim();
    line.strip_prefix("Internal torch error: ").unwrap_or(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn nothing_of_the_binding_stays() {
        for (text, expected) in [
            (r#"called `Result::unwrap()` on an `Err` value: Torch("one line")"#, "one line"),
            (r#"Torch("Internal torch error: two\nlines")"#, "two"),
            (r#"Torch("a (b)")"#, "a (b)"),
            ("Internal torch error: plain\nlines", "plain"),
            ("plain (text)", "plain (text)"),
        ] {
            assert_eq!(first_line(text), expected);
        }
    }
}
