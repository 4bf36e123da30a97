//! Only regular files within a size are read, and the error describes what was found.

use crate::place;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;
use tweedie_files::{check_writable, is_there, open_regular, read_bytes, read_text, write_file};

#[test]
fn a_file_is_read_up_to_a_size() {
    let (_folder, path) = place("log");
    std::fs::write(&path, "twelve bytes").unwrap();
    assert_eq!(read_text(&path, 12).unwrap(), "twelve bytes");
    let error = read_bytes(&path, 11).unwrap_err();
    assert_eq!(error.to_string(), "it has 12 bytes; at most 11 are read");
    std::fs::write(&path, b"ab\xff").unwrap();
    assert_eq!(read_text(&path, 12).unwrap_err().to_string(), "its byte 2 is not UTF-8");
    // A sparse file of a size that no memory holds.
    std::fs::File::create(&path).unwrap().set_len(1 << 42).unwrap();
    assert!(read_bytes(&path, 1 << 30).unwrap_err().to_string().contains("at most"));
}

#[test]
fn everything_else_is_named_and_never_replaced() {
    let (folder, path) = place("x");
    let refused = |found: &str| {
        let error = open_regular(&path).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(is_there(&path), "{found}");
        if !found.contains("link") {
            assert!(write_file(&path, b"new").unwrap_err().to_string().contains(found));
            assert!(check_writable(&path).unwrap_err().to_string().contains(found));
        }
        std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir(&path)).unwrap();
        assert!(!is_there(&path));
    };
    std::fs::create_dir(&path).unwrap();
    refused("it is a folder, not a file");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    refused("it is a FIFO, not a regular file");
    let _socket = UnixListener::bind(&path).unwrap();
    refused("it is a socket, not a regular file");
    symlink("/dev/zero", &path).unwrap();
    refused("it is a device, not a regular file");
    symlink("nowhere", &path).unwrap();
    refused("it is a link to nowhere, which does not exist");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_link_to_a_file_is_read() {
    let (folder, path) = place("x");
    std::fs::write(folder.path().join("y"), "content").unwrap();
    symlink("y", &path).unwrap();
    assert_eq!(read_text(&path, 100).unwrap(), "content");
}
