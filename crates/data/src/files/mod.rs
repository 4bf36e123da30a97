//! Files by name in a folder, a tar or a zip.

mod folder;
mod tar;
mod zip;

use crate::Error;
use std::path::Path;

/// A collection of files that can be read from several threads.
pub(crate) trait Files: Send + Sync {
    /// The names of the files in order, with slashes, without folders and hidden files.
    fn names(&self) -> &[String];

    /// The content of the file at an index of the names.
    fn read(&self, at: usize) -> Result<Vec<u8>, Error>;

    /// The first bytes of a file, at most `most`.
    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error>;

    /// A text that changes if the content of one of these files changes: lengths and modification times.
    fn version(&self, places: &[usize]) -> String;
}

/// The length and the modification time of a file.
fn stamp(path: &Path) -> String {
    let Ok(about) = std::fs::metadata(path) else { return String::new() };
    let changed = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{} {:?}", about.len(), changed)
}

/// Names of files and folders that operating systems and storage devices create.
const LEFTOVERS: [&str; 9] = [
    "__MACOSX",
    "Thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "Desktop.ini",
    "Icon\r",
    "@eaDir",
    "$RECYCLE.BIN",
    "lost+found",
];

/// Whether a path is hidden or was created by an operating system, such as `.DS_Store`, `.git/…`, `__MACOSX/…` and `Thumbs.db`.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| (part.starts_with('.') && part != ".") || LEFTOVERS.contains(&part))
}

/// The greatest size of a file of a set. A few bytes of an archive can announce any size.
pub(crate) const MOST_BYTES: u64 = 1 << 30;

/// Opens a folder, a `.tar`, a `.tar.gz` or a `.zip`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Files>, Error> {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().to_lowercase());
    let ends = |ending: &str| name.ends_with(ending);
    if path.is_file() && std::fs::metadata(path).is_ok_and(|about| about.len() == 0) {
        return Err(Error::Format { path: path.to_path_buf(), reason: "it is empty".into() });
    }
    if path.is_dir() {
        Ok(Box::new(folder::Folder::open(path)?))
    } else if ends(".tar") {
        Ok(Box::new(tar::Tar::open(path)?))
    } else if ends(".tar.gz") || ends(".tgz") {
        Ok(Box::new(tar::Unpacked::open(path)?))
    } else if ends(".zip") {
        Ok(Box::new(zip::Zip::open(path)?))
    } else {
        std::fs::metadata(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let reason =
            "it is not a folder, .tar, .tar.gz or .zip (other archives must be unpacked first)".into();
        Err(Error::NoData { path: path.to_path_buf(), reason })
    }
}

/// Sorts names with their places and removes the hidden ones (`.DS_Store`, `__MACOSX/…`).
fn sorted<T>(mut list: Vec<(String, T)>) -> (Vec<String>, Vec<T>) {
    list.retain(|(name, _)| !is_hidden(name));
    // Of two files with the same name the later one is used, as when an archive is unpacked.
    list.reverse();
    list.sort_by(|a, b| a.0.cmp(&b.0));
    list.dedup_by(|a, b| a.0 == b.0);
    list.into_iter().unzip()
}
