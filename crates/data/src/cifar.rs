//! The binary version of CIFAR-10: five files of 10,000 records; a record is a label and 3 × 32 × 32 bytes.

use crate::dataset::check_index;
use crate::files::MOST_BYTES;
use crate::identity::version_of;
use crate::{Dataset, Error, Shape, Values};
use std::path::{Path, PathBuf};
use tweedie_files::is_there;
use tweedie_math::DataShape;

/// CIFAR-10 from `data_batch_1.bin` … `data_batch_5.bin`.
#[derive(Debug)]
pub struct Cifar {
    records: Vec<u8>,
    class_names: Vec<String>,
}

const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };
const RECORD: usize = 1 + 3 * 32 * 32;
const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

impl Cifar {
    /// Reads the batch files in a folder or in its subfolder `cifar-10-batches-bin`.
    ///
    /// # Errors
    /// [`Error::NoData`] for a folder without batch files; [`Error::Format`] for a file that is truncated or of another format.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let inner = folder.join("cifar-10-batches-bin");
        let folder = if inner.is_dir() { inner } else { folder.to_path_buf() };
        std::fs::read_dir(&folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
        let batch = |i: usize| folder.join(format!("data_batch_{i}.bin"));
        let Some(last) = (1..=5).rev().find(|&i| is_there(&batch(i))) else {
            let reason = "it has no data_batch_1.bin (the binary version of CIFAR-10)".into();
            return Err(Error::NoData { path: folder, reason });
        };
        let batches: Vec<PathBuf> = (1..=last).map(batch).collect();
        let mut records = Vec::new();
        for path in batches {
            let bytes = tweedie_files::read_bytes(&path, MOST_BYTES)
                .map_err(|source| Error::Io { path: path.clone(), source })?;
            let bad = |reason: String| Error::Format { path: path.clone(), reason };
            if bytes.is_empty() || bytes.len() % RECORD != 0 {
                return Err(bad(format!(
                    "it has {} bytes, which is not a multiple of {RECORD}",
                    bytes.len()
                )));
            }
            if let Some(at) =
                bytes.chunks_exact(RECORD).position(|record| usize::from(record[0]) >= CLASSES.len())
            {
                return Err(bad(format!(
                    "its record {at} has the label {}; labels are 0 to 9",
                    bytes[at * RECORD]
                )));
            }
            records.extend(bytes);
        }
        Ok(Self { records, class_names: CLASSES.map(String::from).to_vec() })
    }

    fn record(&self, index: u64) -> Result<&[u8], Error> {
        let at = check_index(index, (self.records.len() / RECORD) as u64)? * RECORD;
        Ok(&self.records[at..at + RECORD])
    }
}

impl Dataset for Cifar {
    fn name(&self) -> String {
        "cifar10".into()
    }

    fn shape(&self) -> DataShape {
        SHAPE.into()
    }

    fn len(&self) -> Option<u64> {
        Some((self.records.len() / RECORD) as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        true
    }

    fn version(&self) -> String {
        version_of([&self.records])
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        Ok(Values::Bytes(self.record(index)?[1..].to_vec()))
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.record(index).ok().map(|record| u32::from(record[0]))
    }

    fn caption(&self, index: u64) -> String {
        self.label(index).map(|label| self.class_names[label as usize].clone()).unwrap_or_default()
    }
}
