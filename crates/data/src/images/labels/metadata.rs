//! `metadata.csv` and `metadata.jsonl`, the label files of Hugging Face image folders: a column `file_name` and columns of labels and
//! captions.

use super::scalar::Scalar;
use super::{Parsed, Row};
use crate::Error;
use csv::{ErrorKind, ReaderBuilder};
use serde::Deserialize;
use std::path::Path;

/// The names of the column of classes, in the order of precedence.
const LABELS: [&str; 3] = ["label", "labels", "class"];

/// The names of the column of captions, in the order of precedence.
const CAPTIONS: [&str; 4] = ["text", "caption", "captions", "prompt"];

/// The result for a file with other columns.
fn other_columns(names: &[String]) -> Parsed {
    let named: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
    Parsed::Other(format!(
        "its columns are {}; it must have file_name and one of {} or {}",
        named.join(", "),
        LABELS.join(", "),
        CAPTIONS.join(", ")
    ))
}

/// Parses comma-, semicolon- or tab-separated values with a header.
///
/// # Errors
/// [`Error::Format`] for text that is not UTF-8; [`Error::Row`] for a line with another number of fields than the header.
pub(super) fn parse_csv(path: &Path, bytes: &[u8]) -> Result<Parsed, Error> {
    let text = str::from_utf8(bytes)
        .map_err(|_| Error::Format { path: path.to_path_buf(), reason: "it is not UTF-8".into() })?;
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|&delimiter| {
        let n = header.bytes().filter(|&byte| byte == delimiter).count();
        // The comma wins a tie.
        (n, delimiter == b',')
    });
    let mut reader = ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).from_reader(text.as_bytes());
    let bad = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        let reason = match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("it has {len} fields, and the header has {expected_len}")
            }
            _ => error.to_string(),
        };
        Error::Row { path: path.to_path_buf(), line, column: None, reason }
    };
    let names: Vec<String> =
        reader.headers().map_err(bad)?.iter().map(|name| name.trim().to_lowercase()).collect();
    let column = |wanted: &[&str]| wanted.iter().find_map(|name| names.iter().position(|own| own == name));
    let (file, label, caption) = (column(&["file_name"]), column(&LABELS), column(&CAPTIONS));
    let Some(file) = file.filter(|_| label.is_some() || caption.is_some()) else {
        return Ok(other_columns(&names));
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let field = |at: Option<usize>| Scalar::of(at.and_then(|at| record.get(at)).unwrap_or_default()).0;
        let Some(name) = field(Some(file)) else {
            let line = record.position().map_or(1, csv::Position::line);
            return Err(without_name(path, line));
        };
        rows.push(Row { name, class: field(label), caption: field(caption) });
    }
    Ok(Parsed::Rows(rows))
}

fn without_name(path: &Path, line: u64) -> Error {
    Error::Row {
        path: path.to_path_buf(),
        line,
        column: Some("file_name".into()),
        reason: "it has no name of a file".into(),
    }
}

/// The keys of a line that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    file_name: Scalar,
    label: Scalar,
    labels: Scalar,
    class: Scalar,
    text: Scalar,
    caption: Scalar,
    captions: Scalar,
    prompt: Scalar,
}

/// Parses lines of one JSON object each.
///
/// # Errors
/// [`Error::Row`] for a line that is not an object or has no `file_name`.
pub(super) fn parse_json_lines(path: &Path, bytes: &[u8]) -> Result<Parsed, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut rows = Vec::new();
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = at as u64 + 1;
        let Line { file_name, label, labels, class, text, caption, captions, prompt } =
            serde_json::from_slice(line).map_err(|error| Error::Row {
                path: path.to_path_buf(),
                line: number,
                column: None,
                reason: format!("it is not a JSON object ({error})"),
            })?;
        match (file_name.0, rows.is_empty()) {
            (Some(name), _) => rows.push(Row {
                name,
                class: label.0.or(labels.0).or(class.0),
                caption: text.0.or(caption.0).or(captions.0).or(prompt.0),
            }),
            (None, true) => return Ok(Parsed::Other("its first line has no key file_name".into())),
            (None, false) => return Err(without_name(path, number)),
        }
    }
    if rows.iter().all(|row| row.class.is_none() && row.caption.is_none()) {
        let keys: Vec<&str> = LABELS.into_iter().chain(CAPTIONS).collect();
        return Ok(Parsed::Other(format!("its lines have none of the keys {}", keys.join(", "))));
    }
    Ok(Parsed::Rows(rows))
}
