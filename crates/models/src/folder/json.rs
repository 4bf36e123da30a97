//! JSON files of a checkpoint.

use crate::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::Path;

/// An object from a file.
pub(crate) fn read_object(path: &Path) -> Result<Map<String, Value>, Error> {
    let wrong = |reason: String| Error::Configuration { path: path.to_path_buf(), reason };
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("it is not a JSON object".into())),
        Err(error) => Err(wrong(format!("it is not JSON ({error})"))),
    }
}

/// The bytes of a JSON file, with a line end.
pub(crate) fn bytes_of(value: &impl Serialize) -> Vec<u8> {
    // Plain structs of numbers, strings and lists: serialising them into memory cannot fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
