//! Folders appear whole or not at all.

use crate::{failed_at, place};
use std::collections::BTreeMap;
use std::path::Path;
use tweedie_files::{Staging, remove_stale};

/// Every file below a folder with its content, by path; a folder without files by its path alone.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if path.is_dir() {
            let below = tree(&path);
            if below.is_empty() {
                found.insert(format!("{name}/"), String::new());
            }
            found.extend(below.into_iter().map(|(inner, content)| (format!("{name}/{inner}"), content)));
        } else {
            found.insert(name, std::fs::read_to_string(path).unwrap());
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    tree(folder).into_keys().collect()
}

/// A folder in its place with one file in it.
fn put(target: &Path, name: &str, content: &str) {
    let staging = Staging::new(target).unwrap();
    staging.write(name, content.as_bytes()).unwrap();
    staging.commit().unwrap();
}

#[test]
fn nothing_appears_before_the_commit() {
    let (folder, target) = place("model");
    let staging = Staging::new(&target).unwrap();
    staging.write("config.json", b"{}").unwrap();
    staging.write("unet/deep/weights", b"w").unwrap();
    std::fs::write(staging.path("extra/by-hand").unwrap(), "h").unwrap();
    assert!(!target.exists());
    // An unfinished folder has the suffix of unfinished ones.
    assert!(names(folder.path()).iter().all(|name| name.starts_with("model.partial/")));
    assert_eq!(staging.commit().unwrap(), target);
    let expected = [("config.json", "{}"), ("extra/by-hand", "h"), ("unet/deep/weights", "w")];
    assert_eq!(tree(&target), expected.map(|(name, content)| (name.into(), content.into())).into());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn dropped_it_disappears() {
    let (folder, target) = place("model");
    let staging = Staging::new(&target).unwrap();
    staging.write("unet/weights", b"w").unwrap();
    drop(staging);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn dropped_it_leaves_the_old_folder() {
    let (folder, target) = place("model");
    put(&target, "old", "1");
    let staging = Staging::new(&target).unwrap();
    staging.write("new", b"2").unwrap();
    assert_eq!(names(&target), ["old"]);
    drop(staging);
    assert_eq!(names(folder.path()), ["model/old"]);
}

#[test]
fn a_commit_replaces_the_old_folder_whole() {
    let (folder, target) = place("model");
    put(&target, "unet/old", "1");
    put(&target, "new", "2");
    assert_eq!(tree(folder.path()), BTreeMap::from([("model/new".into(), "2".into())]));
    // And a file that stood there.
    std::fs::remove_dir_all(&target).unwrap();
    std::fs::write(&target, "a file").unwrap();
    put(&target, "newer", "3");
    assert_eq!(tree(folder.path()), BTreeMap::from([("model/newer".into(), "3".into())]));
}

#[test]
fn an_empty_folder_can_be_committed() {
    let (folder, target) = place("model");
    put(&target, "old", "1");
    Staging::new(&target).unwrap().commit().unwrap();
    assert_eq!(names(folder.path()), ["model/"]);
}

#[test]
fn parents_are_created() {
    let (folder, target) = place("runs/00001/checkpoints/0000000128");
    put(&target, "weights", "w");
    assert_eq!(names(folder.path()), ["runs/00001/checkpoints/0000000128/weights"]);
}

/// What an interrupted writer left is no part of the next folder.
#[test]
fn a_left_over_folder_is_emptied() {
    let (folder, target) = place("model");
    let left_over = folder.path().join("model.partial");
    std::fs::create_dir_all(left_over.join("unet")).unwrap();
    std::fs::write(left_over.join("unet/half"), "half").unwrap();
    put(&target, "weights", "w");
    assert_eq!(names(folder.path()), ["model/weights"]);
    // As a file, and from a replacement.
    std::fs::write(&left_over, "half").unwrap();
    std::fs::create_dir(folder.path().join("model.replaced.partial")).unwrap();
    put(&target, "weights", "w");
    assert_eq!(names(folder.path()), ["model/weights"]);
}

#[test]
fn what_is_stale_is_removed_and_nothing_else() {
    let (folder, target) = place("0000000128");
    put(&target, "weights.partial", "a name inside");
    std::fs::create_dir_all(folder.path().join("0000000256.partial/unet")).unwrap();
    std::fs::write(folder.path().join("0000000256.partial/unet/half"), "h").unwrap();
    std::fs::create_dir(folder.path().join("0000000064.replaced.partial")).unwrap();
    std::fs::write(folder.path().join("metrics.svg.partial"), "h").unwrap();
    for kept in ["partial", "partial.txt", "x.partial.txt"] {
        std::fs::write(folder.path().join(kept), "k").unwrap();
    }
    remove_stale(folder.path()).unwrap();
    assert_eq!(
        names(folder.path()),
        ["0000000128/weights.partial", "partial", "partial.txt", "x.partial.txt"]
    );
}

#[test]
fn a_missing_folder_has_nothing_stale() {
    let (folder, missing) = place("runs");
    remove_stale(&missing).unwrap();
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_place_below_a_file_is_refused() {
    let (folder, file) = place("model");
    std::fs::write(&file, "a file").unwrap();
    failed_at(&Staging::new(&file.join("checkpoint")).unwrap_err(), &file);
    assert_eq!(tree(folder.path()), BTreeMap::from([("model".into(), "a file".into())]));
}

/// A file where a folder of the new one should be.
#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (_folder, target) = place("model");
    let staging = Staging::new(&target).unwrap();
    staging.write("unet", b"a file").unwrap();
    failed_at(&staging.write("unet/weights", b"w").unwrap_err(), Path::new("unet"));
    std::fs::create_dir(staging.path("folder").unwrap()).unwrap();
    failed_at(&staging.write("folder", b"w").unwrap_err(), Path::new("folder"));
}

/// A folder that was lost before its commit leaves the old one.
#[test]
fn a_failed_commit_leaves_the_old_folder() {
    let (folder, target) = place("model");
    put(&target, "old", "1");
    let staging = Staging::new(&target).unwrap();
    std::fs::remove_dir_all(folder.path().join("model.partial")).unwrap();
    failed_at(&staging.commit().unwrap_err(), &target);
    assert_eq!(tree(folder.path()), BTreeMap::from([("model/old".into(), "1".into())]));
}
