//! `dataset.json`, the label file of StyleGAN and EDM: `{"labels": [["00000/img.png", 3], …]}`, or null in place of the list.

use super::scalar::Scalar;
use super::{Parsed, Row};
use crate::Error;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::path::Path;

/// The part of the file that is read.
#[derive(Deserialize)]
struct File {
    #[serde(default, deserialize_with = "present")]
    labels: Option<Option<List>>,
}

/// Distinguishes null from a missing key, for which this function is not called.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<List>>, D::Error> {
    Option::<List>::deserialize(deserializer).map(Some)
}

/// Names with their labels, as a list of pairs or as an object.
struct List(Vec<(String, Scalar)>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of [name, label]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = list.next_element()? {
                    rows.push(row);
                }
                Ok(List(rows))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                Ok(List(rows))
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

/// Parses the file.
///
/// # Errors
/// [`Error::Format`] for a file that is not JSON.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Parsed, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: File = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        Err(error) if error.is_data() => {
            return Ok(Parsed::Other(format!("it must hold {{\"labels\": [[name, label], …]}} ({error})")));
        }
        Err(error) => {
            return Err(Error::Format {
                path: path.to_path_buf(),
                reason: format!("it is not whole JSON ({error})"),
            });
        }
    };
    let rows = match file.labels {
        None => return Ok(Parsed::Other("it has no key labels".into())),
        Some(None) => return Ok(Parsed::NoLabels),
        Some(Some(List(rows))) => rows,
    };
    if let Some((name, _)) = rows.iter().find(|(_, label)| label.0.is_none()) {
        return Ok(Parsed::Other(format!("the label of {name} is neither a number nor a text")));
    }
    let row = |(name, label): (String, Scalar)| Row { name, class: label.0, caption: None };
    Ok(Parsed::Rows(rows.into_iter().map(row).collect()))
}
