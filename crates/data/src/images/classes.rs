//! What folders say: a set's name, and the classes of its images.

use crate::Error;
use crate::files::is_hidden;
use std::collections::BTreeSet;
use std::path::Path;

/// A set's name: that of its folder, or of its archive without the ending.
pub(super) fn set_name(path: &Path) -> String {
    let name = path.file_name().map_or("images".into(), |name| name.to_string_lossy().to_string());
    let ending =
        [".tar.gz", ".tgz", ".tar", ".zip"].into_iter().find(|ending| name.to_lowercase().ends_with(ending));
    match ending {
        Some(ending) if !path.is_dir() => name[..name.len() - ending.len()].to_string(),
        _ => name,
    }
}

/// The folders around everything, with their last slash, as archives are packed; often there are none.
pub(super) fn around<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = names.next() else { return "" };
    let upto = |text: &str| text.rfind('/').map_or(0, |at| at + 1);
    let shared = names.fold(upto(first), |shared, name| {
        let alike = first.bytes().zip(name.bytes()).take(shared).take_while(|(a, b)| a == b).count();
        upto(&first[..first.floor_char_boundary(alike)])
    });
    &first[..shared]
}

/// The folders that the images lie in by name and each image's place among them, where every image lies in one and
/// there are several.
pub(super) fn classes<'a>(names: impl Iterator<Item = &'a str> + Clone) -> (Vec<String>, Option<Vec<u32>>) {
    let outer = around(names.clone()).len();
    let folders: Option<Vec<&str>> =
        names.map(|name| name[outer..].split_once('/').map(|(folder, _)| folder)).collect();
    let Some(folders) = folders else { return (Vec::new(), None) };
    let names: Vec<&str> = folders.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if names.len() < 2 {
        return (Vec::new(), None);
    }
    let label = |folder: &&str| names.binary_search(folder).unwrap_or(0) as u32;
    let labels = folders.iter().map(label).collect();
    (names.into_iter().map(String::from).collect(), Some(labels))
}

/// A class folder without images is a slip that would silently renumber the others, where all images lie in folders.
/// Looked at is the level of the classes; where there is but one folder of images, that folder's own.
pub(super) fn check_no_empty_class<'a>(
    root: &Path,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Error> {
    let mut outer = around(names.clone());
    if names.clone().any(|name| !name[outer.len()..].contains('/')) {
        outer = outer.strip_suffix('/').map_or("", |inner| &outer[..inner.rfind('/').map_or(0, |at| at + 1)]);
    }
    let filled: Option<BTreeSet<&str>> =
        names.map(|name| Some(name[outer.len()..].split_once('/')?.0)).collect();
    let Some(filled) = filled.filter(|filled| !filled.is_empty()) else { return Ok(()) };
    let level = root.join(outer);
    let entries = std::fs::read_dir(&level).map_err(|source| Error::Io { path: level.clone(), source })?;
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().to_string();
        if !is_hidden(&name) && !filled.contains(name.as_str()) {
            let reason = format!("its class {name} has no images; remove the folder or fill it");
            return Err(Error::NoData { path: level, reason });
        }
    }
    Ok(())
}
