//! Decoded images kept, so that each is decoded once: in memory where they fit, else in a file.

use crate::dataset::{as_whole, check_index, image_by_image_as_whole};
use crate::{Dataset, Error, Values};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A set whose images stay in memory once they were decoded.
pub struct MemoryCache {
    whole: Arc<dyn Dataset>,
    kept: Vec<OnceLock<Values>>,
}

impl MemoryCache {
    /// The set behind a cache, where all of its images have at most so many bytes; else the set itself.
    pub fn of(whole: Arc<dyn Dataset>, most_bytes: u64) -> Arc<dyn Dataset> {
        let width = if whole.moments().is_some() { size_of::<f32>() } else { 1 };
        let each = (width * whole.shape().n_values()) as u64;
        match whole.len() {
            Some(len) if len.saturating_mul(each) <= most_bytes => {
                let kept = (0..len).map(|_| OnceLock::new()).collect();
                Arc::new(Self { whole, kept })
            }
            _ => whole,
        }
    }
}

impl MemoryCache {
    /// The set with all of its images decoded, in order.
    pub fn filled(whole: Arc<dyn Dataset>, images: Vec<Values>) -> Arc<dyn Dataset> {
        Arc::new(Self { whole, kept: images.into_iter().map(OnceLock::from).collect() })
    }
}

/// A set whose images stay in a file once they were decoded. A slot that a killed process left half written has a wrong
/// checksum and is decoded anew.
pub struct DiskCache {
    whole: Arc<dyn Dataset>,
    file: File,
}

impl DiskCache {
    /// The set of pixels behind a cache file in a folder; the file's name depends on the set's name, keys and shape, and on
    /// `how` its images were decoded.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be made.
    pub fn of(whole: Arc<dyn Dataset>, folder: &Path, how: &str) -> Result<Arc<dyn Dataset>, Error> {
        let Some(len) = whole.len() else { return Ok(whole) };
        let mut hash = Sha256::new();
        hash.update(format!("{how}\n{}\n{}\n{len}\n{}", whole.name(), whole.shape(), whole.version()));
        for index in 0..len {
            hash.update(format!("\n{}", whole.key(index)));
        }
        let name: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.pixels"));
        let io = |source| Error::Io { path: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        let file =
            File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(io)?;
        Ok(Arc::new(Self { whole, file }))
    }

    /// The bytes of a slot, if it was filled.
    fn read(&self, at: u64, n: usize) -> Option<Vec<u8>> {
        let mut slot = vec![0; n + 4];
        self.file.read_exact_at(&mut slot, at).ok()?;
        let sum = u32::from_le_bytes(slot[n..].try_into().ok()?);
        slot.truncate(n);
        (checksum(&slot) == sum).then_some(slot)
    }
}

/// CRC-32 of bytes; never that of a hole in a file.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().max(1)
}

impl Dataset for MemoryCache {
    as_whole!();
    image_by_image_as_whole!();

    fn values(&self, index: u64) -> Result<Values, Error> {
        let slot = &self.kept[check_index(index, self.kept.len() as u64)?];
        if let Some(values) = slot.get() {
            return Ok(values.clone());
        }
        // Two threads may decode the same image at once; they decode the same.
        let values = self.whole.values(index)?;
        Ok(slot.get_or_init(|| values).clone())
    }
}

impl Dataset for DiskCache {
    as_whole!();
    image_by_image_as_whole!();

    fn values(&self, index: u64) -> Result<Values, Error> {
        let n = self.shape().n_values();
        let at = index.saturating_mul(n as u64 + 4);
        if let Some(bytes) = self.read(at, n) {
            return Ok(Values::Bytes(bytes));
        }
        let values = self.whole.values(index)?;
        // What stands in the place of a bad file is not kept: the file is still to be counted.
        if let Values::Bytes(bytes) = &values
            && !self.whole.left_out().contains(&self.whole.key(index))
        {
            let slot = [bytes.as_slice(), &checksum(bytes).to_le_bytes()].concat();
            // On a full disk images are decoded anew: slower, but nothing is wrong with them.
            let _ = self.file.write_all_at(&slot, at);
        }
        Ok(values)
    }
}
