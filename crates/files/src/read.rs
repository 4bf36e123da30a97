//! Reading of regular files within a size.

use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The greatest size of a file of settings, such as JSON or TOML, for [`read_bytes`] and [`read_text`].
pub const MOST_SETTINGS: u64 = 64 << 20;

/// The greatest size of a log, for [`read_bytes`] and [`read_text`].
pub const MOST_LOG: u64 = 4 << 30;

/// Whether something has this name: a file, a folder, a device, or a link, even one without a target.
///
/// [`Path::exists`] returns false for a link without a target, and [`Path::is_file`] for everything that is not a file. Use this function
/// where the presence of a file has a meaning of its own, so that a damaged file is an error of reading and not an absent file.
pub fn is_there(path: &Path) -> bool {
    // Another error than "not found", such as a folder that may not be searched, is an error of reading, too.
    !matches!(std::fs::symlink_metadata(path), Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Opens a regular file for reading. A FIFO would block the program, and a device has no end.
///
/// # Errors
/// An error whose message describes what was found instead of a regular file, or an error of the operating system.
pub fn open_regular(path: &Path) -> Result<File> {
    let described = |error: Error| match std::fs::read_link(path) {
        Ok(target) if error.kind() == ErrorKind::NotFound => {
            Error::new(error.kind(), format!("it is a link to {}, which does not exist", target.display()))
        }
        _ => error,
    };
    // The type is checked before the file is opened, because opening a FIFO blocks.
    check_regular(std::fs::metadata(path).map_err(described)?.file_type())?;
    let file = File::open(path)?;
    check_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Returns an error that describes what was found unless it is a regular file.
pub(crate) fn check_regular(kind: FileType) -> Result<()> {
    let found = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder, not a file"));
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("it is {found}, not a regular file")))
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// Errors of [`open_regular`]; [`ErrorKind::FileTooLarge`] for a larger file.
pub fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if length > most {
        let reason = format!("it has {length} bytes; at most {most} are read");
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of text of at most `most` bytes.
///
/// # Errors
/// Errors of [`read_bytes`]; [`ErrorKind::InvalidData`] with the position for bytes that are not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read_bytes(path, most)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new(ErrorKind::InvalidData, format!("its byte {at} is not UTF-8"))
    })
}
