//! Classes by folders, and the name of a set.

use super::ClassSource;
use crate::Error;
use crate::files::is_hidden;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of a set: the name of its folder, or of its archive without the extension.
pub(super) fn set_name(path: &Path) -> String {
    let name = path.file_name().map_or("images".into(), |name| name.to_string_lossy().to_string());
    let ending =
        [".tar.gz", ".tgz", ".tar", ".zip"].into_iter().find(|ending| name.to_lowercase().ends_with(ending));
    match ending {
        Some(ending) if !path.is_dir() => name[..name.len() - ending.len()].to_string(),
        _ => name,
    }
}

/// The path that all names share, with the last slash; empty if they share none.
pub(super) fn around<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = names.next() else { return "" };
    let upto = |text: &str| text.rfind('/').map_or(0, |at| at + 1);
    let shared = names.fold(upto(first), |shared, name| {
        let alike = first.bytes().zip(name.bytes()).take(shared).take_while(|(a, b)| a == b).count();
        upto(&first[..first.floor_char_boundary(alike)])
    });
    &first[..shared]
}

/// The folders that are classes, for images given by their names inside the shared path.
pub(super) struct Level<'a> {
    /// [`ClassSource::Leaf`], [`ClassSource::Top`], or [`ClassSource::None`] if the images have no classes.
    pub(super) source: ClassSource,
    /// The top folders whose own images have no class, because their subfolders are classes.
    groups: BTreeSet<&'a str>,
}

impl<'a> Level<'a> {
    /// Finds the level.
    ///
    /// There is none if there are fewer than two folders. [`ClassSource::Auto`] takes the top folders if at least half of the images in
    /// folders lie directly in them, or if every folder contains a single image; otherwise the folders that directly contain images. It takes
    /// none if at least as many images lie outside of folders as inside.
    pub(super) fn of(inner: &[&'a str], source: ClassSource) -> Self {
        let (mut tops, mut groups, mut leaves) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut inside, mut direct) = (0, 0);
        for name in inner {
            if let (Some((top, rest)), Some((leaf, _))) = (name.split_once('/'), name.rsplit_once('/')) {
                tops.insert(top);
                leaves.insert(leaf);
                inside += 1;
                if rest.contains('/') {
                    groups.insert(top);
                } else {
                    direct += 1;
                }
            }
        }
        let found = match source {
            ClassSource::Auto if inside <= inner.len() - inside || tops.len() < 2 => ClassSource::None,
            ClassSource::Auto if 2 * direct >= inside || leaves.len() == inside => ClassSource::Top,
            ClassSource::Auto => ClassSource::Leaf,
            ClassSource::Top if tops.len() > 1 => ClassSource::Top,
            ClassSource::Leaf if leaves.len() > 1 => ClassSource::Leaf,
            _ => ClassSource::None,
        };
        if source != ClassSource::Auto {
            groups.clear();
        }
        Self { source: found, groups }
    }

    /// The class of an image, given its name inside the shared path: the folder at the level. `None` if the image lies in no such folder.
    pub(super) fn class_of<'b>(&self, inner: &'b str) -> Option<&'b str> {
        match self.source {
            ClassSource::Top => inner.split_once('/').map(|(top, _)| top),
            ClassSource::Leaf => {
                inner.rsplit_once('/').map(|(leaf, _)| leaf).filter(|leaf| !self.groups.contains(leaf))
            }
            _ => None,
        }
    }
}

/// The end that all paths share, with its first slash: `/images` of `a/images` and `b/images`. It is never a whole path.
pub(super) fn shared_end<'a>(leaves: &BTreeSet<&'a str>) -> &'a str {
    let Some(first) = leaves.first() else { return "" };
    let ends = first.match_indices('/').map(|(at, _)| &first[at..]);
    ends.into_iter().find(|end| leaves.iter().all(|leaf| leaf.ends_with(end))).unwrap_or("")
}

/// Returns an error if a class folder contains no images, since the classes after it would be renumbered without notice. `names` are the
/// names of the images. The checked folders are those at the level of the classes; if all images lie in one folder, its siblings.
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
        // A folder of labels or notes next to a single folder of images is not a class.
        let is_class =
            !is_single || std::fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_none());
        if is_class && !is_hidden(&name) && !filled.contains(name.as_str()) {
            let reason = format!("its class {name} has no images; remove the folder or fill it");
            return Err(Error::NoData { path: level, reason });
        }
    }
    Ok(())
}
