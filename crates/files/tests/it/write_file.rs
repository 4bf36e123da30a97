//! A file is replaced whole or not at all.

use crate::{failed_at, place};
use std::path::Path;
use tweedie_files::{check_writable, write_file};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_written_and_replaced() {
    let (folder, path) = place("metrics.svg");
    for content in [&b"first"[..], b"", b"a longer second \x00\xff"] {
        write_file(&path, content).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content);
        assert_eq!(names(folder.path()), ["metrics.svg"]);
    }
}

#[test]
fn what_an_interrupted_writer_left_is_overwritten() {
    let (folder, path) = place("metrics.svg");
    std::fs::write(folder.path().join("metrics.svg.partial"), "a long half of something").unwrap();
    write_file(&path, b"whole").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    assert_eq!(names(folder.path()), ["metrics.svg"]);
}

#[test]
fn a_failed_write_leaves_the_old_content() {
    let (folder, path) = place("metrics.svg");
    write_file(&path, b"old").unwrap();
    // The unfinished file's name is taken by a folder.
    std::fs::create_dir(folder.path().join("metrics.svg.partial")).unwrap();
    failed_at(&write_file(&path, b"new").unwrap_err(), &path);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
}

/// The last step fails: a folder stands where the file should be. Nothing unfinished stays.
#[test]
fn a_failed_rename_leaves_nothing_behind() {
    let (folder, path) = place("metrics.svg");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("inside"), "i").unwrap();
    failed_at(&write_file(&path, b"new").unwrap_err(), &path);
    assert_eq!(names(folder.path()), ["metrics.svg"]);
    assert_eq!(names(&path), ["inside"]);
}

/// Parents are not created: a mistyped folder is an error.
#[test]
fn a_missing_folder_is_named() {
    let (folder, path) = place("missing/metrics.svg");
    let error = write_file(&path, b"new").unwrap_err();
    failed_at(&error, &path);
    assert!(!error.is_disk_full());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// What a later write would meet is met now, and nothing is left or changed by the question.
#[test]
fn a_place_is_checked_before_the_work() {
    let (folder, path) = place("sheet.png");
    check_writable(&path).unwrap();
    assert_eq!(names(folder.path()), Vec::<String>::new());
    write_file(&path, b"old").unwrap();
    check_writable(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["sheet.png"]);
    for wrong in
        [folder.path().to_path_buf(), folder.path().join("missing/sheet.png"), path.join("sheet.png")]
    {
        failed_at(&check_writable(&wrong).unwrap_err(), &wrong);
    }
    assert_eq!(names(folder.path()), ["sheet.png"]);
}
