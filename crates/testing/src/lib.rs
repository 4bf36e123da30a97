//! Helpers of the workspace's tests.
//!
//! Some tests use recordings and data sets that are not part of the repository. They are in the folder that the variable
//! `TWEEDIE_SHARED` names, or else in `shared` beside the workspace. If a file is missing, its test is skipped and the skip is
//! counted. With `TWEEDIE_REQUIRE_SHARED` set, the test fails instead.

mod fuzz;

pub use fuzz::{Dice, fuzz, fuzz_time};

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a shared file. If the file is missing, it records a skip and returns `None`.
///
/// # Panics
/// If the file is missing and `TWEEDIE_REQUIRE_SHARED` is set.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("TWEEDIE_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("TWEEDIE_REQUIRE_SHARED").is_none(),
        "TWEEDIE_REQUIRE_SHARED is set and {} is missing",
        path.display()
    );
    skip("its shared recording or data set is missing");
    None
}

/// Records that the running test is skipped, and the reason, for the summary of the test runner.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_string();
    if let Some(log) = std::env::var_os("TWEEDIE_SKIPPED_TESTS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        // A test is skipped even if the skip cannot be recorded.
        let _ = file.and_then(|mut file| file.write_all(format!("{test}\t{reason}\n").as_bytes()));
    }
}
