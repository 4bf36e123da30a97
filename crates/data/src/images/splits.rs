//! Folders named `train`, `val` or `test` at the top of a set.

use crate::Error;
use std::path::Path;

/// The part of the set that an image belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Training.
    Train,
    /// Validation.
    Validation,
    /// Test.
    Test,
}

/// The names of folders in lower case, with their roles.
const NAMES: [(&str, Role); 11] = [
    ("train", Role::Train),
    ("training", Role::Train),
    ("val", Role::Validation),
    ("valid", Role::Validation),
    ("validation", Role::Validation),
    ("dev", Role::Validation),
    ("eval", Role::Validation),
    ("evaluation", Role::Validation),
    ("test", Role::Test),
    ("testing", Role::Test),
    ("tests", Role::Test),
];

/// The role of a folder, given its name.
pub(super) fn role_of(folder: &str) -> Option<Role> {
    let folder = folder.to_ascii_lowercase();
    NAMES.iter().find(|(name, _)| *name == folder).map(|(_, role)| *role)
}

/// The role of each image, given its name inside the shared path; `None` for an image in no folder. Returns `None` if the folders are not
/// parts of the set: one of them has another name, or there is no training folder, or no other part.
pub(super) fn roles<'a>(inner: impl Iterator<Item = &'a str>) -> Option<Vec<Option<Role>>> {
    let mut roles = Vec::new();
    for name in inner {
        roles.push(match name.split_once('/') {
            Some((folder, _)) => Some(role_of(folder)?),
            None => None,
        });
    }
    let has = |role: Role| roles.contains(&Some(role));
    (has(Role::Train) && (has(Role::Validation) || has(Role::Test))).then_some(roles)
}

/// Returns an error if all images lie in a folder of a held-out part, next to a training folder without images. `outer` is the path that all
/// images share.
pub(super) fn check_training_is_filled(root: &Path, outer: &str) -> Result<(), Error> {
    let mut level = root.to_path_buf();
    for part in outer.split_terminator('/') {
        if matches!(role_of(part), Some(Role::Validation | Role::Test)) {
            let entries =
                std::fs::read_dir(&level).map_err(|source| Error::Io { path: level.clone(), source })?;
            let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().to_string());
            if let Some(name) = names.find(|name| role_of(name) == Some(Role::Train)) {
                let reason =
                    format!("its folder {name} has no images, but {part} has; remove the folder or fill it");
                return Err(Error::NoData { path: level, reason });
            }
        }
        level.push(part);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<Vec<Option<Role>>> {
        roles(names.iter().copied())
    }

    #[test]
    fn a_set_is_split_where_all_folders_are_named_so() {
        let (train, test) = (Some(Role::Train), Some(Role::Test));
        assert_eq!(of(&["Train/a.png", "TEST/b/c.png", "d.png"]), Some(vec![train, test, None]));
        assert_eq!(of(&["train/a.png", "test/b.png", "cat/c.png"]), None);
        assert_eq!(of(&["val/a.png", "test/b.png"]), None, "nothing to train on");
        assert_eq!(of(&["train/a.png", "training/b.png"]), None, "nothing to hold out");
        assert_eq!(of(&["train.png", "test.png"]), None);
        for name in ["val", "valid", "validation", "dev", "eval"] {
            assert_eq!(role_of(name), Some(Role::Validation));
        }
    }
}
