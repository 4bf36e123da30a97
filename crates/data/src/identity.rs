//! What a set is known by: a run that goes on asks whether its data are still the same.

use crate::Dataset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a data set is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataIdentity {
    /// Its name.
    pub name: String,
    /// How many images; none where it has no end.
    pub len: Option<u64>,
    /// The names of its classes.
    #[serde(default)]
    pub classes: Vec<String>,
    /// A hash of every image's key and class; none where an earlier version did not ask.
    #[serde(default)]
    pub keys: Option<String>,
    /// A hash of what changes when an image does: contents, or lengths and times of files.
    #[serde(default)]
    pub contents: Option<String>,
}

impl DataIdentity {
    /// That of a set.
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

    /// How `now` is another set; empty where it is the same.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let say = |it: &Self| match it.len {
            Some(len) => format!("{} with {len} images", it.name),
            None => it.name.clone(),
        };
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && a != b;
        if (&self.name, self.len) != (&now.name, now.len) {
            vec![format!("the data set was {} and is {}", say(self), say(now))]
        } else if differ(&self.keys, &now.keys) {
            vec!["images of the data set have other names or classes than before".into()]
        } else if differ(&self.contents, &now.contents) {
            vec!["files of the data set were changed (their contents, or their lengths or times)".into()]
        } else {
            Vec::new()
        }
    }
}

/// The first 16 digits.
fn text_of(hash: Sha256) -> String {
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// CRC-32 of values, as a set's version.
pub(crate) fn version_of(bytes: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut crc = flate2::Crc::new();
    bytes.into_iter().for_each(|part| crc.update(part.as_ref()));
    format!("{:08x}", crc.sum())
}
