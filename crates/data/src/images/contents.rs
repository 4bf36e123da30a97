//! The files of a set, sorted into images and other files.

use super::formats::{Content, HEAD, READ, content_by_name, content_of, ending};
use crate::Error;
use crate::files::Files;
use std::path::Path;

/// The files of a set by their content, as indices of all files.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Images in formats that are decoded.
    pub(super) images: Vec<usize>,
    /// Images in other formats, each with the format's name.
    unread: Vec<(usize, &'static str)>,
    /// Files that are not images.
    pub(super) others: Vec<usize>,
}

impl Contents {
    /// Sorts the files of a set by the extensions of their names, or by their first bytes if the extension is unknown.
    ///
    /// # Errors
    /// [`Error::Io`] for a file that cannot be read.
    pub(super) fn of(files: &dyn Files) -> Result<Self, Error> {
        let mut contents = Self::default();
        for (at, name) in files.names().iter().enumerate() {
            let content = match content_by_name(name) {
                Some(content) => content,
                None => content_of(&files.head(at, HEAD as u64)?),
            };
            match content {
                Content::Image => contents.images.push(at),
                Content::Unread(format) => contents.unread.push((at, format)),
                Content::Other => contents.others.push(at),
            }
        }
        Ok(contents)
    }

    /// The error for a set without images, which names the files that there are.
    pub(super) fn no_images(&self, files: &dyn Files, path: &Path) -> Error {
        let name = |at: usize| &files.names()[at];
        let found = match (self.unread.first(), self.others.first()) {
            (Some(&(at, format)), _) => {
                format!("{}, such as {} ({format})", count(self.unread.len(), "image"), name(at))
            }
            (None, Some(&at)) => format!("{}, such as {}", count(self.others.len(), "other file"), name(at)),
            (None, None) => "no files".into(),
        };
        let reason = format!("it has no image that can be decoded ({READ}); it has {found}");
        Error::NoData { path: path.to_path_buf(), reason }
    }

    /// Lines about images in formats that are not decoded and about files that are not images. `used` returns whether a file was read for
    /// labels or captions.
    pub(super) fn notices(&self, files: &dyn Files, used: &dyn Fn(usize) -> bool) -> Vec<String> {
        let name = |at: usize| &files.names()[at];
        let mut lines = Vec::new();
        if let Some(&(first, _)) = self.unread.first() {
            let mut formats: Vec<&str> = self.unread.iter().map(|(_, format)| *format).collect();
            formats.sort_unstable();
            formats.dedup();
            lines.push(format!(
                "left out: {} in a format that is not decoded ({}), such as {}",
                count(self.unread.len(), "image"),
                formats.join(", "),
                name(first)
            ));
        }
        let (labels, rest): (Vec<usize>, Vec<usize>) =
            self.others.iter().copied().filter(|&at| !used(at)).partition(|&at| may_label(name(at)));
        if let Some(&first) = labels.first() {
            let named = match labels.len() {
                0..4 => labels.iter().map(|&at| name(at).as_str()).collect::<Vec<_>>().join(", "),
                n => format!("{n} files such as {}", name(first)),
            };
            lines.push(format!("labels that were not read: {named} ({LABEL_FILES})"));
        }
        if let Some(&first) = rest.first() {
            let what = "is neither an image nor a label file";
            lines.push(match rest.len() {
                1 => format!("left out: {} {what}", name(first)),
                n => format!(
                    "left out: {n} files that are neither images nor label files, such as {}",
                    name(first)
                ),
            });
        }
        lines
    }
}

/// The label files that are read, for messages.
const LABEL_FILES: &str = "read are dataset.json, metadata.csv, metadata.jsonl, captions.tsv, and a .txt or .cls file next to each image";

/// Whether a file that is not an image may contain labels or captions.
fn may_label(name: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "txt", "caption", "captions", "cls", "csv", "tsv", "json", "jsonl", "ndjson", "xml", "yaml", "yml",
        "parquet", "mat",
    ];
    let short = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_note = ["readme", "license", "licence", "notes", "changelog", "copying"]
        .iter()
        .any(|note| short.starts_with(note));
    ENDINGS.contains(&ending(name).as_str()) && !is_note
}

/// A number with a noun in the singular or the plural.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
