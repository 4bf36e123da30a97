//! Captions beside images: lines of name, tab, caption.

use super::classes::around;
use crate::Error;
use crate::files::Files;
use std::collections::HashMap;
use std::path::Path;

/// Where they stand unless it is said.
const CAPTIONS: &str = "captions.tsv";

/// Captions by the names of their files, from the file asked for, inside the set or beside it; none where there is none.
pub(super) fn read_captions(
    files: &dyn Files,
    asked: Option<&str>,
    path: &Path,
) -> Result<HashMap<String, String>, Error> {
    let name = asked.unwrap_or(CAPTIONS);
    let inside = |outer: &str| files.names().iter().position(|it| it.strip_prefix(outer) == Some(name));
    let outer = around(files.names().iter().map(String::as_str));
    let (text, from) = match inside("").or_else(|| inside(outer)) {
        Some(at) => (files.read(at)?, path.join(&files.names()[at])),
        // Beside an archive there may be one, too.
        None => match (asked, path.parent().map(|folder| folder.join(name))) {
            (Some(_), Some(beside)) if beside.is_file() => {
                let bytes = std::fs::read(&beside);
                (bytes.map_err(|source| Error::Io { path: beside.clone(), source })?, beside)
            }
            (Some(_), _) => {
                let reason = format!("it has no file of captions named {name}, nor has the folder around it");
                return Err(Error::NoData { path: path.to_path_buf(), reason });
            }
            (None, _) => return Ok(HashMap::new()),
        },
    };
    let bad = |reason: String| Error::Format { path: from.clone(), reason };
    let text = String::from_utf8(text).map_err(|_| bad("it is not UTF-8".into()))?;
    text.trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| match line.split_once('\t') {
            Some((file, caption)) => Ok((file.trim().to_string(), caption.trim().to_string())),
            None => Err(bad(format!("its line {} has no tab between name and caption", i + 1))),
        })
        .collect()
}
