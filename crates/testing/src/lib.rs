//! What the workspace's tests share.
//!
//! Some tests compare with recordings and data sets that are not part of the repository. They lie in the folder
//! `TWEEDIE_SHARED`, else in `shared` beside the workspace. Where a file is missing its test skips, and the skip is
//! counted; with `TWEEDIE_REQUIRE_SHARED` set it fails instead.

mod fuzz;

pub use fuzz::{Dice, fuzz, fuzz_time};

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a shared file, or `None` after the skip was noted.
///
/// # Panics
/// When the file is missing and `TWEEDIE_REQUIRE_SHARED` is set.
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
    skip("its shared recording or data set is not here");
    None
}

/// Notes that the running test skips, and why, for the runner's closing count.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_string();
    if let Some(log) = std::env::var_os("TWEEDIE_SKIPPED_TESTS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        // A skip that cannot be counted is still a skip.
        let _ = file.and_then(|mut file| file.write_all(format!("{test}\t{reason}\n").as_bytes()));
    }
}
