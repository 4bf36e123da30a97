//! Disks that are full or read-only. They need an operating system that can play them.
#![cfg(target_os = "linux")]

use crate::{failed_at, place};
use std::path::Path;
use std::process::Command;
use tweedie_files::{Error, Staging, check_writable, write_file, write_synced};

/// The variable with the folder of a test that runs again in a process of its own.
const INNER: &str = "TWEEDIE_TEST_FOLDER";

/// Runs the named test again in the folder, in a process that may write no file beyond a kilobyte.
fn run_limited(test: &str, folder: &Path) {
    let output = Command::new("sh")
        // Past the limit the system sends a signal first, which would end the process.
        .args(["-c", "trap '' XFSZ && ulimit -f 1 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads", "1", "--nocapture"])
        .env(INNER, folder)
        .current_dir(folder)
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

static LARGE: [u8; 100_000] = [1; 100_000];

/// Asserts that there was no room, and that the error names the file.
#[track_caller]
fn full(result: Result<(), Error>, path: &Path) {
    let error = result.unwrap_err();
    failed_at(&error, path);
    assert!(error.is_disk_full(), "{error:?}");
}

#[test]
fn without_room_the_old_files_stay() {
    if let Some(folder) = std::env::var_os(INNER) {
        let folder = Path::new(&folder);
        full(write_file(&folder.join("plot.svg"), &LARGE), &folder.join("plot.svg"));
        // A path without a folder works the same.
        full(write_file(Path::new("plot.svg"), &LARGE), Path::new("plot.svg"));
        write_file(Path::new("small.svg"), b"small").unwrap();

        let staging = Staging::new(&folder.join("model")).unwrap();
        staging.write("config.json", b"{}").unwrap();
        full(staging.write("image.png", &LARGE), Path::new("image.png"));
        let weights = staging.path("unet/weights").unwrap();
        full(write_synced(&weights, &LARGE), &weights);
        return;
    }
    let (folder, model) = place("model");
    std::fs::write(folder.path().join("plot.svg"), "old").unwrap();
    let staging = Staging::new(&model).unwrap();
    staging.write("unet/weights", b"old").unwrap();
    staging.commit().unwrap();
    run_limited("limits::without_room_the_old_files_stay", folder.path());
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["model", "plot.svg", "small.svg"]);
    assert_eq!(std::fs::read(folder.path().join("plot.svg")).unwrap(), b"old");
    assert_eq!(std::fs::read(model.join("unet/weights")).unwrap(), b"old");
    assert!(!model.join("config.json").exists());
}

/// The device that is always full.
#[test]
fn a_full_disk_is_told_apart() {
    full(write_synced(Path::new("/dev/full"), &LARGE), Path::new("/dev/full"));
}

/// Not even the superuser may create a file there.
#[test]
fn a_read_only_folder_is_named() {
    let target = Path::new("/proc/self/model");
    for error in [
        write_file(target, b"new").unwrap_err(),
        Staging::new(target).map(drop).unwrap_err(),
        Staging::new(&target.join("checkpoint")).map(drop).unwrap_err(),
        write_synced(target, b"new").unwrap_err(),
        check_writable(target).unwrap_err(),
    ] {
        failed_at(&error, target);
        assert!(!error.is_disk_full(), "{error:?}");
    }
}
