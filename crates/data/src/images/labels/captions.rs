//! Lists of captions: lines of name, tab and caption.

use crate::Error;
use crate::files::Files;
use crate::images::classes::around;
use std::collections::HashMap;
use std::path::Path;
use tweedie_files::{MOST_SETTINGS, is_there};

/// The default name of the list.
const CAPTIONS: &str = "captions.tsv";

/// A list of captions.
pub(super) struct List {
    /// The index of the file in the set; `None` for a file next to the set.
    pub(super) at: Option<usize>,
    /// The name of the file.
    pub(super) name: String,
    /// The captions by the names of images.
    pub(super) captions: HashMap<String, String>,
}

/// Reads the given list, in the set or next to it, or `captions.tsv`; returns `None` if there is no list.
///
/// # Errors
/// [`Error::NoData`] if the given list does not exist; [`Error::Format`] for a line without a tab.
pub(super) fn read_captions(
    files: &dyn Files,
    given: Option<&str>,
    path: &Path,
) -> Result<Option<List>, Error> {
    let name = given.unwrap_or(CAPTIONS);
    let inside = |outer: &str| files.names().iter().position(|it| it.strip_prefix(outer) == Some(name));
    let outer = around(files.names().iter().map(String::as_str));
    let at = inside("").or_else(|| inside(outer));
    let (text, from) = match at {
        Some(at) => (files.read(at)?, path.join(&files.names()[at])),
        // The list may lie next to an archive.
        None => match (given, path.parent().map(|folder| folder.join(name))) {
            (Some(_), Some(beside)) if is_there(&beside) => {
                let bytes = tweedie_files::read_bytes(&beside, MOST_SETTINGS);
                (bytes.map_err(|source| Error::Io { path: beside.clone(), source })?, beside)
            }
            (Some(_), _) => {
                let reason = format!("it has no file of captions named {name}, nor has the folder around it");
                return Err(Error::NoData { path: path.to_path_buf(), reason });
            }
            (None, _) => return Ok(None),
        },
    };
    let bad = |reason: String| Error::Format { path: from.clone(), reason };
    let text = String::from_utf8(text).map_err(|_| bad("it is not UTF-8".into()))?;
    let captions = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| match line.split_once('\t') {
            Some((file, caption)) => Ok((file.trim().to_string(), caption.trim().to_string())),
            None => Err(bad(format!("its line {} has no tab between name and caption", i + 1))),
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(List { at, name: name.into(), captions }))
}
