//! The classes that `tweedie sample` records in its images.

use serde_json::Value;
use std::path::Path;

/// The greatest size of an image file in bytes.
const MOST_IMAGE: u64 = 1 << 30;

/// A recorded class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordedClass {
    /// The row of the model's class table.
    pub(super) row: i64,
    /// The name of the class, if the model's classes have names.
    pub(super) name: Option<String>,
}

/// The class recorded in a PNG file, if there is one.
pub(super) fn recorded_class(path: &Path) -> Option<RecordedClass> {
    let text = tweedie_report::read_png_text(&tweedie_files::read_bytes(path, MOST_IMAGE).ok()?).ok()?;
    let parameters = text.iter().find(|(keyword, _)| keyword == "parameters")?;
    let value: Value = serde_json::from_str(&parameters.1).ok()?;
    let name = value["class_name"].as_str().map(ToString::to_string);
    Some(RecordedClass { row: value["class_row"].as_i64()?, name })
}
