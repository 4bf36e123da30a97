//! Comparison of the names and shapes of tensors with the expected ones.

use crate::Error;
use std::collections::BTreeMap;
use std::path::Path;

/// The expected shape of each tensor, by name.
pub type Expected = BTreeMap<String, Vec<usize>>;

/// The maximum number of names that are listed for one kind of difference.
const LISTED: usize = 8;

/// Returns an error that lists all differences unless a file contains exactly the expected names and shapes.
///
/// # Errors
/// [`Error::Names`] if there are differences.
pub fn compare(path: &Path, found: &Expected, expected: &Expected) -> Result<(), Error> {
    let missing: Vec<String> = expected.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
    let unknown: Vec<String> = found.keys().filter(|name| !expected.contains_key(*name)).cloned().collect();
    let other_shape: Vec<String> = expected
        .iter()
        .filter_map(|(name, shape)| {
            let found = found.get(name)?;
            (found != shape).then(|| format!("{name} is {found:?} instead of {shape:?}"))
        })
        .collect();
    let parts: Vec<String> = [("missing", missing), ("unknown", unknown), ("of another shape", other_shape)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{} {what} ({})", names.len(), list(&names)))
        .collect();
    if parts.is_empty() {
        return Ok(());
    }
    Err(Error::Names { path: path.to_path_buf(), differences: parts.join("; ") })
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
