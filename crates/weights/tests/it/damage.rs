//! Files that are cut, lengthened or inconsistent are refused with the reason.

use crate::{failed_at, open_bytes, place, refused, with_header, written};
use tweedie_weights::{Error, TensorFile};

/// Small, with a scalar and an empty tensor.
fn small() -> Vec<u8> {
    let (_folder, path) = written(&[("bias", &[3]), ("empty", &[0, 2]), ("scale", &[]), ("weight", &[2, 2])]);
    std::fs::read(path).unwrap()
}

#[test]
fn every_cut_is_refused() {
    let bytes = small();
    open_bytes(&bytes).unwrap();
    for n in 0..bytes.len() {
        let error = open_bytes(&bytes[..n]).expect_err("a part passed for the whole");
        assert!(matches!(error, Error::Format { .. }), "of {n} bytes: {error:?}");
        assert!(error.to_string().contains("weights.safetensors"), "of {n} bytes: {error}");
    }
}

#[test]
fn a_cut_says_so() {
    let bytes = small();
    refused(&[], "it has 0 bytes");
    refused(&bytes[..7], "it has 7 bytes");
    refused(&bytes[..20], "the file has 20");
    refused(&bytes[..bytes.len() - 1], "truncated");
}

#[test]
fn further_bytes_are_refused() {
    let mut bytes = small();
    for _ in 0..3 {
        bytes.push(0);
        refused(&bytes, "followed by foreign bytes");
    }
    refused(&with_header("{}", 1), "followed by foreign bytes");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (folder, path) = place("weights.safetensors");
    failed_at(&TensorFile::open(&path).unwrap_err(), &path);
    failed_at(&TensorFile::open(folder.path()).unwrap_err(), folder.path());
    assert!(!TensorFile::open(&path).unwrap_err().is_disk_full());
}

/// Reserving what is announced would end the process.
#[test]
fn a_huge_header_is_refused_unread() {
    for announced in [100_000_001, 1 << 40, 1 << 62, u64::MAX - 7, u64::MAX] {
        let mut bytes = small();
        bytes[..8].copy_from_slice(&announced.to_le_bytes());
        refused(&bytes, &format!("its header should have {announced} bytes"));
    }
}

/// Even where the file is as long: the format bounds headers at 100 MB.
#[test]
fn a_header_beyond_the_formats_bound_is_refused() {
    let (_folder, path) = place("weights.safetensors");
    std::fs::write(&path, 100_000_001u64.to_le_bytes()).unwrap();
    // The rest is a hole in the file.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(200_000_000).unwrap();
    let error = TensorFile::open(&path).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert!(error.to_string().contains("100000001"), "{error}");
}

#[test]
fn a_name_given_twice_is_named() {
    let entry = |at: usize| format!("{{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[{at},{}]}}", at + 2);
    let header =
        format!("{{\"once\":{},\"conv.weight\":{},\"conv.weight\":{}}}", entry(0), entry(2), entry(4));
    refused(&with_header(&header, 6), "conv.weight twice");
    // The same name, written otherwise.
    let header = format!("{{\"conv\":{},\"\\u0063onv\":{}}}", entry(0), entry(2));
    refused(&with_header(&header, 4), "conv twice");
    let header = "{\"__metadata__\":{\"a\":\"b\"},\"__metadata__\":{}}";
    refused(&with_header(header, 0), "__metadata__ twice");
}

#[test]
fn tensors_must_tile_the_file() {
    let two = |first: [usize; 2], second: [usize; 2]| {
        format!(
            "{{\"a\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":{first:?}}},\
             \"b\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":{second:?}}}}}"
        )
    };
    open_bytes(&with_header(&two([0, 4], [4, 8]), 8)).unwrap();
    open_bytes(&with_header(&two([4, 8], [0, 4]), 8)).unwrap();
    for (first, second) in [
        ([0, 4], [0, 4]), // the same place
        ([0, 4], [2, 6]), // overlapping
        ([0, 4], [5, 9]), // a hole between
        ([1, 5], [5, 9]), // a hole before
        ([4, 0], [4, 8]), // backwards
        ([0, 3], [3, 7]), // shorter than the shape
        ([0, 5], [5, 9]), // longer than the shape
    ] {
        let n = first[1].max(second[1]).max(first[0]);
        refused(&with_header(&two(first, second), n), "");
    }
}

/// Products and sums of announced sizes that do not fit 64 bits.
#[test]
fn sizes_beyond_counting_are_refused() {
    let tensor = |name: &str, shape: &[usize], from: usize, to: usize| {
        format!("\"{name}\":{{\"dtype\":\"U8\",\"shape\":{shape:?},\"data_offsets\":[{from},{to}]}}")
    };
    let most = usize::MAX;
    for entries in [
        vec![tensor("a", &[most], 0, most)],
        vec![tensor("a", &[most, most], 0, 1)],
        vec![tensor("a", &[1 << 40, 1 << 40], 0, 0)],
        vec![tensor("a", &[most, most, 0], 0, 0)],
        vec![tensor("a", &[(1 << 61) - 1], 0, (1 << 61) - 1)],
    ] {
        refused(&with_header(&format!("{{{}}}", entries.join(",")), 0), "");
    }
}

/// Each of these tensors can be counted; the byte of the file that the last one ends at cannot.
#[test]
fn places_beyond_counting_are_refused() {
    let size = (1usize << 61) - 1;
    let tensor = |i: usize| {
        format!(
            "\"t{i}\":{{\"dtype\":\"U8\",\"shape\":[{size}],\"data_offsets\":[{},{}]}}",
            i * size,
            (i + 1) * size
        )
    };
    let entries: Vec<String> = (0..8).map(tensor).collect();
    refused(&with_header(&format!("{{{}}}", entries.join(",")), 0), "");
}

#[test]
fn foreign_headers_are_refused() {
    let mut not_text = with_header("{\"a\":0}", 0);
    not_text[10] = 0xff;
    refused(&not_text, "");
    for header in [
        "",
        " ",
        "{",
        "[]",
        "null",
        "7",
        "\"{}\"",
        "{} {}",
        "{\"a\":null}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}",
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,1e99]}}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":[]}",
    ] {
        refused(&with_header(header, 0), "");
    }
    refused(&with_header(&"[".repeat(100_000), 0), "");
    refused(&with_header(&"{\"a\":".repeat(100_000), 0), "");
}

/// A kind that the format knows and no weights are of.
#[test]
fn kinds_without_weights_are_named() {
    let header = "{\"mask\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}";
    refused(&with_header(header, 2), "its tensor mask has the data type BOOL");
}
