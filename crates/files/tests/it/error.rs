//! The messages and properties of errors.

use std::io::ErrorKind;
use tweedie_files::Error;

fn error(kind: ErrorKind) -> Error {
    Error::Io { action: "cannot write", path: "runs/metrics.svg".into(), source: kind.into() }
}

#[test]
fn an_error_names_the_action_and_the_path() {
    assert_eq!(
        error(ErrorKind::PermissionDenied).to_string(),
        "cannot write runs/metrics.svg: permission denied"
    );
}

#[test]
fn a_full_disk_is_told_from_other_failures() {
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
        assert!(error(kind).is_disk_full(), "{kind}");
    }
    for kind in [ErrorKind::PermissionDenied, ErrorKind::NotFound, ErrorKind::OutOfMemory] {
        assert!(!error(kind).is_disk_full(), "{kind}");
    }
}
