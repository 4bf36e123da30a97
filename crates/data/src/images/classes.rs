//! The classes of images by the folders that they lie in, and the name of a set.

use super::ClassSource;
use crate::Error;
use crate::files::is_hidden;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of a set: that of its folder, or of its archive without the ending.
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

/// The level of folders that are classes, of images by their names inside the folders around them: [`ClassSource::Leaf`],
/// [`ClassSource::Top`], or [`ClassSource::None`] where there are fewer than two folders or, for [`ClassSource::Auto`], where at least as
/// many images lie outside of folders as in them.
pub(super) fn level(inner: &[&str], source: ClassSource) -> ClassSource {
    // Of each top folder, whether it holds images itself.
    let mut tops = BTreeMap::<&str, bool>::new();
    let mut leaves = BTreeSet::<&str>::new();
    let mut inside = 0;
    for name in inner {
        if let (Some((top, rest)), Some((leaf, _))) = (name.split_once('/'), name.rsplit_once('/')) {
            *tops.entry(top).or_default() |= !rest.contains('/');
            leaves.insert(leaf);
            inside += 1;
        }
    }
    match source {
        ClassSource::Auto if inside <= inner.len() - inside => ClassSource::None,
        ClassSource::Auto if tops.len() < 2 => ClassSource::None,
        // A folder for each image is a way to store it.
        ClassSource::Auto if tops.values().any(|holds| *holds) || 2 * leaves.len() > inside => {
            ClassSource::Top
        }
        ClassSource::Auto => ClassSource::Leaf,
        ClassSource::Top if tops.len() > 1 => ClassSource::Top,
        ClassSource::Leaf if leaves.len() > 1 => ClassSource::Leaf,
        _ => ClassSource::None,
    }
}

/// The class of an image by its name inside the folders around all: a folder at a level. `None` where it lies in no folder.
pub(super) fn class_of(inner: &str, level: ClassSource) -> Option<&str> {
    match level {
        ClassSource::Top => inner.split_once('/').map(|(top, _)| top),
        ClassSource::Leaf => inner.rsplit_once('/').map(|(leaf, _)| leaf),
        _ => None,
    }
}

/// The folders at the end of all of these paths, with their first slash: `/images` of `a/images` and `b/images`. No path is empty without
/// them.
pub(super) fn shared_end<'a>(leaves: &BTreeSet<&'a str>) -> &'a str {
    let Some(first) = leaves.first() else { return "" };
    let ends = first.match_indices('/').map(|(at, _)| &first[at..]);
    ends.into_iter().find(|end| leaves.iter().all(|leaf| leaf.ends_with(end))).unwrap_or("")
}

/// Fails where a class folder holds no images: a slip that would silently renumber the classes after it. `names` are those of the images
/// that have classes. The level of the classes is looked at; where there is but one folder of images, the level of that folder.
pub(super) fn check_no_empty_class<'a>(
    root: &Path,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Error> {
    let mut outer = around(names.clone());
    let is_single = names.clone().any(|name| !name[outer.len()..].contains('/'));
    if is_single {
        outer = outer.strip_suffix('/').map_or("", |inner| &outer[..inner.rfind('/').map_or(0, |at| at + 1)]);
    }
    let filled: Option<BTreeSet<&str>> =
        names.map(|name| Some(name[outer.len()..].split_once('/')?.0)).collect();
    let Some(filled) = filled.filter(|filled| !filled.is_empty()) else { return Ok(()) };
    let level = root.join(outer);
    let entries = std::fs::read_dir(&level).map_err(|source| Error::Io { path: level.clone(), source })?;
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().to_string();
        // Beside a single folder of images one of labels or notes is no class.
        let is_class =
            !is_single || std::fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_none());
        if is_class && !is_hidden(&name) && !filled.contains(name.as_str()) {
            let reason = format!("its class {name} has no images; remove the folder or fill it");
            return Err(Error::NoData { path: level, reason });
        }
    }
    Ok(())
}
