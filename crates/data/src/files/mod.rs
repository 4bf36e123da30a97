//! Files by name, whether they lie in a folder, a tar or a zip.

mod folder;
mod tar;
mod zip;

use crate::Error;
use std::path::Path;

/// Many files that are read one by one, from several threads.
pub(crate) trait Files: Send + Sync {
    /// Their names, with slashes, in order; those of directories and hidden files are not among them.
    fn names(&self) -> &[String];

    /// The bytes of a file by its place among the names.
    fn read(&self, at: usize) -> Result<Vec<u8>, Error>;

    /// The first bytes of a file, `most` of them where it has so many.
    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error>;

    /// A text that changes when the content of one of these files changes: lengths and times.
    fn version(&self, places: &[usize]) -> String;
}

/// Length and time of change of a file.
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

/// Whether a path is hidden or was created by an operating system: `.DS_Store`, `.git/…`, `__MACOSX/…`, `Thumbs.db`.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| (part.starts_with('.') && part != ".") || LEFTOVERS.contains(&part))
}

/// A file of a set is no larger: a few bytes of an archive may announce any size.
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
        let reason = "it is no folder, .tar, .tar.gz or .zip (other archives must be unpacked first)".into();
        Err(Error::NoData { path: path.to_path_buf(), reason })
    }
}

/// Names in order, each with what finds it; hidden ones (`.DS_Store`, `__MACOSX/…`) are left out.
fn sorted<T>(mut list: Vec<(String, T)>) -> (Vec<String>, Vec<T>) {
    list.retain(|(name, _)| !is_hidden(name));
    // Of two files of a name the later one counts, as it does when an archive is unpacked.
    list.reverse();
    list.sort_by(|a, b| a.0.cmp(&b.0));
    list.dedup_by(|a, b| a.0 == b.0);
    list.into_iter().unzip()
}
