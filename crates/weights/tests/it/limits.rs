//! Disks that are full or read-only. They need an operating system that can play them.
#![cfg(target_os = "linux")]

use crate::failed_at;
use std::collections::BTreeMap;
use std::path::Path;
use tweedie_weights::{DataType, TensorBytes, write_tensors};

/// The device that is always full.
#[test]
fn a_full_disk_is_told_apart() {
    let large = TensorBytes { kind: DataType::U8, shape: vec![100_000], bytes: vec![1; 100_000] };
    let tensors = BTreeMap::from([("w".to_string(), large)]);
    let error = write_tensors(Path::new("/dev/full"), &tensors, &BTreeMap::new()).unwrap_err();
    failed_at(&error, Path::new("/dev/full"));
    assert!(error.is_disk_full(), "{error:?}");
}

/// Not even the superuser may create a file there.
#[test]
fn a_read_only_folder_is_named() {
    let target = Path::new("/proc/self/model");
    let error = write_tensors(target, &BTreeMap::new(), &BTreeMap::new()).unwrap_err();
    failed_at(&error, target);
    assert!(!error.is_disk_full(), "{error:?}");
}
