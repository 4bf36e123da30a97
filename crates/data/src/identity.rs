//! The identity of a data set. A resumed run uses it to detect that its data have changed.

use crate::Dataset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The identity of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataIdentity {
    /// The name of the set.
    pub name: String,
    /// The number of examples; none for an endless set.
    pub len: Option<u64>,
    /// The names of the classes.
    #[serde(default)]
    pub classes: Vec<String>,
    /// A hash of the keys and classes of all examples; none in a checkpoint of an early version.
    #[serde(default)]
    pub keys: Option<String>,
    /// A hash of the version of the set: of contents, or of lengths and modification times of files.
    #[serde(default)]
    pub contents: Option<String>,
}

impl DataIdentity {
    /// Computes the identity of a set.
    pub fn of(data: &dyn Dataset) -> Self {
        let mut keys = Sha256::new();
        for index in 0..data.len().unwrap_or(0) {
            keys.update(format!("{}\t{:?}\n", data.key(index), data.label(index)));
        }
        Self {
            name: data.name(),
            len: data.len(),
            classes: data.class_names(),
            keys: Some(text_of(keys)),
            contents: Some(text_of(Sha256::new().chain_update(data.version()))),
        }
    }

    /// The differences between this identity and the current one, as sentences; empty if there are none.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let described = |it: &Self| match it.len {
            Some(len) => format!("{} with {len} images", it.name),
            None => it.name.clone(),
        };
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && a != b;
        if (&self.name, self.len) != (&now.name, now.len) {
            vec![format!("the data set was {} and is {}", described(self), described(now))]
        } else if differ(&self.keys, &now.keys) {
            vec!["images of the data set have other names or classes than before".into()]
        } else if differ(&self.contents, &now.contents) {
            vec!["files of the data set were changed (their contents, or their lengths or times)".into()]
        } else {
            Vec::new()
        }
    }
}

/// The first 16 hexadecimal digits of a hash.
fn text_of(hash: Sha256) -> String {
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The CRC-32 of bytes in hexadecimal digits, as the version of a set.
pub(crate) fn version_of(bytes: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut crc = flate2::Crc::new();
    bytes.into_iter().for_each(|part| crc.update(part.as_ref()));
    format!("{:08x}", crc.sum())
}
