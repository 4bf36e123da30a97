//! Tar archives: plain ones are read in place, gzipped ones are unpacked into memory.

use super::{Files, MOST_BYTES, sorted, stamp};
use crate::Error;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tweedie_files::open_regular;

/// The files of a plain tar, by offset and length.
pub(super) struct Tar {
    path: PathBuf,
    file: File,
    names: Vec<String>,
    places: Vec<(u64, u64)>,
}

/// The files of a gzipped tar, in memory.
pub(super) struct Unpacked {
    names: Vec<String>,
    contents: Vec<Vec<u8>>,
    version: String,
}

/// The greatest total size of the files of a gzipped tar.
const MOST_IN_MEMORY: u64 = 8 << 30;

impl Tar {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        let file = open_regular(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut archive = ::tar::Archive::new(&file);
        let mut found = Vec::new();
        let entries = archive.entries_with_seek().map_err(|error| damaged(path, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| damaged(path, &error))?;
            refuse_links(path, &entry)?;
            if entry.header().entry_type().is_file() {
                let (start, size) = (entry.raw_file_position(), entry.size());
                if start.checked_add(size).is_none_or(|end| end > length) {
                    let reason = format!("it is truncated: one of its files ends beyond its {length} bytes");
                    return Err(Error::Format { path: path.to_path_buf(), reason });
                }
                found.push((name_of(path, &entry)?, (start, size)));
            }
        }
        let (names, places) = sorted(found);
        Ok(Self { path: path.to_path_buf(), file, names, places })
    }
}

impl Files for Tar {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        self.head(at, MOST_BYTES)
    }

    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error> {
        let (start, size) = self.places[at];
        let mut bytes = vec![0; size.min(most) as usize];
        let read = self.file.read_exact_at(&mut bytes, start);
        read.map_err(|source| Error::Io { path: self.path.join(&self.names[at]), source })?;
        Ok(bytes)
    }

    fn version(&self, _places: &[usize]) -> String {
        stamp(&self.path)
    }
}

impl Unpacked {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = open_regular(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let mut archive = ::tar::Archive::new(MultiGzDecoder::new(file));
        let mut found = Vec::new();
        let mut total = 0;
        for entry in archive.entries().map_err(|error| damaged(path, &error))? {
            let mut entry = entry.map_err(|error| damaged(path, &error))?;
            refuse_links(path, &entry)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            total += entry.size();
            if entry.size() > MOST_BYTES || total > MOST_IN_MEMORY {
                let reason = "it is too large to be unpacked in memory: unpack it into a folder".into();
                return Err(Error::Format { path: path.to_path_buf(), reason });
            }
            let name = name_of(path, &entry)?;
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|error| damaged(path, &error))?;
            found.push((name, bytes));
        }
        let (names, contents) = sorted(found);
        Ok(Self { names, contents, version: stamp(path) })
    }
}

impl Files for Unpacked {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        Ok(self.contents[at].clone())
    }

    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error> {
        Ok(self.contents[at].iter().take(most as usize).copied().collect())
    }

    fn version(&self, _places: &[usize]) -> String {
        self.version.clone()
    }
}

/// Returns an error for a link, because an image that is a link would be missing without notice.
fn refuse_links<R: Read>(path: &Path, entry: &::tar::Entry<'_, R>) -> Result<(), Error> {
    let kind = entry.header().entry_type();
    if kind.is_hard_link() || kind.is_symlink() || kind.is_gnu_sparse() {
        let name = name_of(path, entry)?;
        let reason = format!(
            "{name} is a link or a sparse file, which is read only from a folder: unpack the archive"
        );
        return Err(Error::Format { path: path.to_path_buf(), reason });
    }
    Ok(())
}

fn name_of<R: Read>(path: &Path, entry: &::tar::Entry<'_, R>) -> Result<String, Error> {
    let name = entry.path().map_err(|error| damaged(path, &error))?.to_string_lossy().to_string();
    Ok(name.trim_start_matches("./").to_string())
}

fn damaged(path: &Path, error: &std::io::Error) -> Error {
    Error::Format {
        path: path.to_path_buf(),
        reason: format!(
            "it is not a whole tar ({})",
            error.to_string().chars().take(120).collect::<String>()
        ),
    }
}
