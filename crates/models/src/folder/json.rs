//! Reading and writing the JSON files of a checkpoint.

use crate::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads a JSON object from a file.
pub(crate) fn read_object(path: &Path) -> Result<Map<String, Value>, Error> {
    let wrong = |reason: String| Error::Configuration { path: path.to_path_buf(), reason };
    let text = tweedie_files::read_text(path, tweedie_files::MOST_SETTINGS)
        .map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    if tweedie_weights::is_lfs_pointer(text.as_bytes()) {
        return Err(tweedie_weights::Error::LfsPointer { path: path.to_path_buf() }.into());
    }
    // Some editors write a byte-order mark, which is not part of JSON.
    match serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("it is not a JSON object".into())),
        Err(error) => Err(wrong(format!("it is not JSON: {}", reason_of(&text, &error)))),
    }
}

/// The reason why a text is not JSON. NaN and Infinity, which Python writes, are explained; other errors are those of the parser.
fn reason_of(text: &str, error: &serde_json::Error) -> String {
    let word = ["NaN", "Infinity"].into_iter().find(|word| {
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or("");
        line.contains(word)
    });
    match word {
        Some(word) => {
            format!(
                "{word} is not a number in JSON (line {}); it must be a finite number or null",
                error.line()
            )
        }
        None => error.to_string(),
    }
}

/// The content of a JSON file, with a final newline.
pub(crate) fn bytes_of(value: &impl Serialize) -> Vec<u8> {
    // Serialising plain structs of numbers, strings and lists into memory cannot fail.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
