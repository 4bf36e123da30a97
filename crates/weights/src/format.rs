//! Detection of the format of a file of weights from its content.

use crate::Error;
use std::io::Read;
use std::path::Path;
use tweedie_files::open_regular;

/// The format of a file of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A safetensors file.
    Safetensors,
    /// A zip archive of PyTorch with a pickle and storages, or PyTorch's older format of a bare pickle.
    Torch,
    /// A JSON index of the shards of a model.
    Index,
}

/// The number of bytes at the start of a file that are inspected.
const HEAD: usize = 64;

/// The first bytes and the descriptions of formats that are not supported.
const FOREIGN: [(&[u8], &str); 7] = [
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"GGUF", "a GGUF file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "a gzip archive"),
];

impl Format {
    /// Detects the format of a file from its content. For unknown content, the format is that of the file's extension, so that the error
    /// of reading describes the damage.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::LfsPointer`] for a pointer of Git LFS; [`Error::Foreign`] for a known format that is not supported.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let mut head = Vec::new();
        let file = open_regular(path).map_err(Error::io("cannot read", path))?;
        file.take(HEAD as u64).read_to_end(&mut head).map_err(Error::io("cannot read", path))?;
        if is_lfs_pointer(&head) {
            return Err(Error::LfsPointer { path: path.to_path_buf() });
        }
        if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| head.starts_with(start)) {
            return Err(Error::Foreign { path: path.to_path_buf(), found: what });
        }
        Ok(match head.as_slice() {
            // The header of a safetensors file follows its length, which has eight bytes.
            [_, _, _, _, _, _, 0, 0, b'{', ..] => Self::Safetensors,
            [b'P', b'K', ..] | [0x80, 2..=5, ..] => Self::Torch,
            text if text.trim_ascii_start().starts_with(b"{") => Self::Index,
            _ => Self::of_extension(path),
        })
    }

    /// The format that belongs to the extension of a file.
    fn of_extension(path: &Path) -> Self {
        let name = path.to_string_lossy();
        if name.ends_with(".json") {
            Self::Index
        } else if name.ends_with(".safetensors") {
            Self::Safetensors
        } else {
            Self::Torch
        }
    }
}

/// Whether a file starts like a pointer of Git LFS, which replaces a large file that was not fetched.
pub fn is_lfs_pointer(head: &[u8]) -> bool {
    head.starts_with(b"version https://git-lfs") || head.starts_with(b"version https://hawser.github.com")
}
