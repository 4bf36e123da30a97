//! SHA-256 checksums of files.

use crate::{Error, open_regular};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The SHA-256 checksums of the files below a folder, in hexadecimal, by names with slashes.
pub type Checksums = BTreeMap<String, String>;

/// Computes the SHA-256 checksum of a regular file, in hexadecimal as printed by `sha256sum`.
///
/// # Errors
/// [`Error::Io`] for a file that cannot be read.
pub fn checksum_of(path: &Path) -> Result<String, Error> {
    let mut hash = Sha256::new();
    let mut read = || -> std::io::Result<()> {
        let mut file = open_regular(path)?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                n => hash.update(&buffer[..n]),
            }
        }
    };
    read().map_err(Error::io("cannot read", path))?;
    Ok(text_of(hash))
}

/// Computes the SHA-256 checksum of bytes, in hexadecimal.
pub fn checksum_of_bytes(bytes: &[u8]) -> String {
    text_of(Sha256::new().chain_update(bytes))
}

fn text_of(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computes the checksums of all files below a folder.
///
/// # Errors
/// [`Error::Io`] if a folder or a file cannot be read.
pub fn checksums_below(folder: &Path) -> Result<Checksums, Error> {
    let mut found = Checksums::new();
    walk(folder, "", &mut found)?;
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Checksums) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("cannot read", folder))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("cannot read", folder))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name, checksum_of(&entry.path())?);
        }
    }
    Ok(())
}

/// Compares the files of a folder with their checksums. Files without a checksum are ignored.
///
/// # Errors
/// [`Error::Checksum`] with the first file that differs; [`Error::Io`] for a file that is missing or cannot be read.
pub fn verify(folder: &Path, checksums: &Checksums) -> Result<(), Error> {
    for (name, expected) in checksums {
        let path: PathBuf = folder.join(name);
        if checksum_of(&path)? != *expected {
            return Err(Error::Checksum { path });
        }
    }
    Ok(())
}
