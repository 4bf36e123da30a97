//! Caches of decoded images, in memory or in a file.

use crate::dataset::{as_whole, check_index, image_by_image_as_whole};
use crate::{Dataset, Error, Values};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A set whose decoded images are kept in memory.
pub struct MemoryCache {
    whole: Arc<dyn Dataset>,
    kept: Vec<OnceLock<Values>>,
}

impl MemoryCache {
    /// Wraps a set in a cache if all of its decoded images together take at most `most_bytes`; otherwise returns the set itself.
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
    /// Wraps a set in a cache that contains all of its decoded images, given in order.
    pub fn filled(whole: Arc<dyn Dataset>, images: Vec<Values>) -> Arc<dyn Dataset> {
        Arc::new(Self { whole, kept: images.into_iter().map(OnceLock::from).collect() })
    }
}

/// A set whose decoded images are kept in a file. A slot that an interrupted process wrote partially has a wrong checksum, and its image is
/// decoded again.
pub struct DiskCache {
    whole: Arc<dyn Dataset>,
    file: File,
}

impl DiskCache {
    /// Wraps a set of images in a cache file in a folder. The name of the file depends on the name, the keys, the version and the shape of
    /// the set, and on `how`, a description of the decoding.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be created.
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

    /// The bytes of a slot; `None` if it is empty or damaged.
    fn read(&self, at: u64, n: usize) -> Option<Vec<u8>> {
        let mut slot = vec![0; n + 4];
        self.file.read_exact_at(&mut slot, at).ok()?;
        let sum = u32::from_le_bytes(slot[n..].try_into().ok()?);
        slot.truncate(n);
        (checksum(&slot) == sum).then_some(slot)
    }
}

/// The CRC-32 of bytes, replaced by 1 if it is 0, so that it differs from the zeros of an empty slot.
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
        // Two threads may decode the same image at once; both get the same result.
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
        // The replacement of a bad file is not cached, so that the file is counted again by the next process.
        if let Values::Bytes(bytes) = &values
            && !self.whole.left_out().contains(&self.whole.key(index))
        {
            let slot = [bytes.as_slice(), &checksum(bytes).to_le_bytes()].concat();
            // If the disk is full, the image is decoded again the next time.
            let _ = self.file.write_all_at(&slot, at);
        }
        Ok(values)
    }
}
