//! The format of a file, recognised by its first bytes whatever its name is.

use crate::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The format of a file of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.safetensors`.
    Safetensors,
    /// PyTorch's zip of a pickle and numbers, or its older bare pickle.
    Torch,
    /// The JSON list of a model's shards.
    Index,
}

/// Bytes that decide the format.
const HEAD: usize = 64;

/// Formats that hold no weights this crate reads: the first bytes, and the sentence's middle.
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
    /// The format of a file, by its content. A file that is none of the known ones counts as what its name promises, so that the
    /// reader of that format names the damage.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::LfsPointer`] for Git LFS' stand-in; [`Error::Foreign`] for a format that holds no weights here.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(Error::io("cannot read", path))?;
        file.take(HEAD as u64).read_to_end(&mut head).map_err(Error::io("cannot read", path))?;
        if is_lfs_pointer(&head) {
            return Err(Error::LfsPointer { path: path.to_path_buf() });
        }
        if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| head.starts_with(start)) {
            return Err(Error::Foreign { path: path.to_path_buf(), found: what });
        }
        Ok(match head.as_slice() {
            // The header of a safetensors file begins after its length, eight bytes.
            [_, _, _, _, _, _, 0, 0, b'{', ..] => Self::Safetensors,
            [b'P', b'K', ..] | [0x80, 2..=5, ..] => Self::Torch,
            text if text.trim_ascii_start().starts_with(b"{") => Self::Index,
            _ => Self::promised(path),
        })
    }

    /// The format that a file's name promises.
    fn promised(path: &Path) -> Self {
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

/// Whether a file begins as the pointer that Git LFS leaves in the place of a large file.
pub fn is_lfs_pointer(head: &[u8]) -> bool {
    head.starts_with(b"version https://git-lfs") || head.starts_with(b"version https://hawser.github.com")
}
