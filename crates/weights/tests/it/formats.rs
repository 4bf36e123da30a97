//! The format of a file is its content's, whatever its name is.

use crate::{place, put, written};
use tweedie_weights::{Error, Format, Weights};

#[test]
fn content_decides_and_not_the_name() {
    let (_folder, path) = written(&[("a", &[2, 3])]);
    let bytes = std::fs::read(path).unwrap();
    for name in ["weights.bin", "weights.pt", "weights", "weights.json", "weights.safetensors"] {
        let path = put(name, &bytes);
        assert_eq!(Format::of(&path).unwrap(), Format::Safetensors, "{name}");
        assert_eq!(Weights::open(&path).unwrap().shapes()["a"], [2, 3], "{name}");
        let path = put(name, b"PK\x03\x04 and more");
        assert_eq!(Format::of(&path).unwrap(), Format::Torch, "{name}");
        assert!(matches!(Weights::open(&path), Err(Error::Pickle { .. })), "{name}");
        let path = put(name, b"  {\"weight_map\": {}}");
        assert_eq!(Format::of(&path).unwrap(), Format::Index, "{name}");
    }
}

#[test]
fn a_git_lfs_pointer_is_no_damaged_file() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 86980\n";
    for name in ["weights.safetensors", "weights.bin", "weights.safetensors.index.json"] {
        let error = Weights::open(&put(name, pointer)).unwrap_err();
        assert!(matches!(error, Error::LfsPointer { .. }), "{error}");
        assert!(error.to_string().contains("git lfs pull"), "{error}");
    }
}

#[test]
fn a_pointer_among_shards_is_named() {
    let (folder, index) = place("model.safetensors.index.json");
    std::fs::write(&index, "{\"weight_map\": {\"a\": \"one.safetensors\"}}").unwrap();
    std::fs::write(folder.path().join("one.safetensors"), "version https://git-lfs.github.com/spec/v1\n")
        .unwrap();
    match Weights::open(&index).unwrap_err() {
        Error::LfsPointer { path } => assert!(path.ends_with("one.safetensors")),
        other => panic!("{other}"),
    }
}

#[test]
fn formats_that_hold_no_weights_here_are_named() {
    for (bytes, what) in [
        (b"<!DOCTYPE html><html>".as_slice(), "web page"),
        (b"<html><body>404".as_slice(), "web page"),
        (b"GGUF\x03\0\0\0".as_slice(), "GGUF"),
        (b"\x89HDF\r\n\x1a\n".as_slice(), "HDF5"),
        (b"\x93NUMPY\x01\0".as_slice(), "NumPy"),
        (b"\x1f\x8b\x08\0".as_slice(), "gzip"),
    ] {
        let error = Weights::open(&put("weights.safetensors", bytes)).unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }) && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn metadata_that_is_no_text_is_named() {
    let header = |metadata: &str| {
        let json = format!(
            "{{\"__metadata__\":{metadata},\"a\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}}}"
        );
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes.extend([0; 4]);
        put("weights.safetensors", &bytes)
    };
    assert!(Weights::open(&header("{\"format\":\"pt\"}")).is_ok());
    for (metadata, words) in [
        ("{\"format\":\"pt\",\"epoch\":3}", ["`epoch`", "3"]),
        ("{\"nested\":{\"a\":\"b\"}}", ["`nested`", "{\"a\":\"b\"}"]),
        ("{\"none\":null}", ["`none`", "null"]),
        ("7", ["__metadata__", "7"]),
    ] {
        let text = Weights::open(&header(metadata)).unwrap_err().to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn an_empty_file_and_a_cut_one_are_damaged_files_of_their_name() {
    for (name, is_safetensors) in [("weights.safetensors", true), ("weights.bin", false)] {
        for bytes in [b"".as_slice(), b"\x01".as_slice(), &[0xff; 70]] {
            match Weights::open(&put(name, bytes)).unwrap_err() {
                Error::Format { .. } => assert!(is_safetensors),
                Error::Pickle { .. } => assert!(!is_safetensors),
                other => panic!("{other}"),
            }
        }
    }
}
