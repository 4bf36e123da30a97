//! Helpers that the tests of the workspace share.
//!
//! Some tests compare with recordings and data sets that are not part of the repository. These files lie in the folder named by
//! `TWEEDIE_SHARED`, otherwise in a folder `shared` beside the workspace that holds a folder `reference`. Where there is such a folder, a
//! missing file is an error. Where there is none, the tests that need it are skipped, and each skip is counted.

pub mod faults;
mod fuzz;
pub mod markdown;

pub use fuzz::{Dice, fuzz, fuzz_time};

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a shared file, or `None` if there is no folder of shared files; the skip is then noted.
///
/// # Panics
/// If there is a folder of shared files and the file is missing in it.
pub fn shared(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("TWEEDIE_SHARED").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let found = shared_in(named, &beside, name);
    if found.is_none() {
        skip("the folder of shared recordings and data sets does not exist");
    }
    found
}

/// The file in the folder that was named, otherwise in the one beside the workspace.
fn shared_in(named: Option<PathBuf>, beside: &Path, name: &str) -> Option<PathBuf> {
    // Only a folder with recordings is ours.
    let folder = named.or_else(|| beside.join("reference").is_dir().then(|| beside.to_path_buf()))?;
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing in the folder of shared files", path.display());
    Some(path)
}

/// Notes that the running test is skipped, and why, for the count that `cargo xtask test` prints at the end.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_string();
    if let Some(log) = std::env::var_os("TWEEDIE_SKIPPED_TESTS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        // A test is skipped even if the skip cannot be recorded.
        let _ = file.and_then(|mut file| file.write_all(format!("{test}\t{reason}\n").as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_files_are_compulsory_where_their_folder_is() {
        let place = std::env::temp_dir().join(format!("tweedie-shared-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        assert_eq!(shared_in(None, &place, "a"), None);
        let missing =
            |named: Option<PathBuf>| std::panic::catch_unwind(|| shared_in(named, &place, "a")).is_err();
        assert!(missing(Some(place.clone())));
        std::fs::create_dir_all(place.join("reference")).unwrap();
        assert!(missing(None));
        std::fs::write(place.join("a"), "").unwrap();
        assert_eq!(shared_in(None, &place, "a"), Some(place.join("a")));
        assert_eq!(shared_in(Some(place.clone()), Path::new("nowhere"), "a"), Some(place.join("a")));
        std::fs::remove_dir_all(place).unwrap();
    }
}
