//! Zip archives, read in place.

use super::{Files, MOST_BYTES, sorted, stamp};
use crate::Error;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tweedie_files::open_regular;
use zip::{CompressionMethod, ZipArchive};

/// The place of a file in the archive.
struct Place {
    start: u64,
    packed: u64,
    size: u64,
    deflated: bool,
    crc: u32,
}

/// The files of a zip.
pub(super) struct Zip {
    path: PathBuf,
    file: File,
    names: Vec<String>,
    places: Vec<Place>,
}

impl Zip {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
        let file = open_regular(path).map_err(io)?;
        let mut archive =
            ZipArchive::new(&file).map_err(|error| bad(format!("it is not a whole zip ({error})")))?;
        let mut found = Vec::new();
        for i in 0..archive.len() {
            let entry =
                archive.by_index_raw(i).map_err(|error| bad(format!("it is not a whole zip ({error})")))?;
            let name = entry
                .name()
                .map_err(|error| bad(format!("it is not a whole zip ({error})")))?
                .replace('\\', "/");
            let name = name.trim_start_matches("./").to_string();
            if entry.is_symlink() {
                return Err(bad(format!(
                    "{name} is a link, which is read only from a folder: unpack the archive"
                )));
            }
            if !entry.is_file() {
                continue;
            }
            let deflated = match entry.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => {
                    return Err(bad(format!("{} is packed by {other}; stored and deflate are read", name)));
                }
            };
            if entry.encrypted() {
                return Err(bad(format!("{} is encrypted", name)));
            }
            let start =
                entry.data_start().ok_or_else(|| bad(format!("the start of {} cannot be found", name)))?;
            let place = Place {
                start,
                packed: entry.compressed_size(),
                size: entry.size(),
                crc: entry.crc32(),
                deflated,
            };
            found.push((name, place));
        }
        drop(archive);
        let (names, places) = sorted(found);
        Ok(Self { path: path.to_path_buf(), file, names, places })
    }
}

impl Files for Zip {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        let Place { start, packed, size, deflated, crc } = &self.places[at];
        let name = self.path.join(&self.names[at]);
        let mut bytes = vec![0; (*packed).min(MOST_BYTES) as usize];
        let read = self.file.read_exact_at(&mut bytes, *start);
        read.map_err(|source| Error::Io { path: name.clone(), source })?;
        let bad = |reason: String| Error::Format { path: name.clone(), reason };
        if *deflated {
            let mut unpacked = Vec::new();
            let read = DeflateDecoder::new(bytes.as_slice()).take(MOST_BYTES).read_to_end(&mut unpacked);
            read.map_err(|error| bad(format!("its packed bytes are damaged ({error})")))?;
            bytes = unpacked;
        }
        if bytes.len() as u64 != *size {
            return Err(bad(format!("it has {} bytes instead of {size}", bytes.len())));
        }
        let mut sum = flate2::Crc::new();
        sum.update(&bytes);
        if sum.sum() != *crc {
            return Err(bad("its bytes do not match the checksum in the archive".into()));
        }
        Ok(bytes)
    }

    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error> {
        let Place { start, packed, size, deflated, .. } = &self.places[at];
        let name = self.path.join(&self.names[at]);
        // A deflated byte takes less than two packed ones, apart from the tables at the beginning of a block.
        let least = if *deflated { most.saturating_mul(2).saturating_add(1 << 12) } else { most.min(*size) };
        let mut bytes = vec![0; least.min(*packed).min(MOST_BYTES) as usize];
        let read = self.file.read_exact_at(&mut bytes, *start);
        read.map_err(|source| Error::Io { path: name.clone(), source })?;
        if !*deflated {
            return Ok(bytes);
        }
        // The rest of the stream is missing: what comes before an error is what can be unpacked.
        let mut unpacked = Vec::new();
        let _ = DeflateDecoder::new(bytes.as_slice()).take(most.min(*size)).read_to_end(&mut unpacked);
        Ok(unpacked)
    }

    fn version(&self, _places: &[usize]) -> String {
        stamp(&self.path)
    }
}
