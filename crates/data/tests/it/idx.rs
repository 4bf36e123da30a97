//! IDX files made by hand: right ones are read, wrong ones are named with what is wrong.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tweedie_data::{Dataset, Error, Idx};
use tweedie_math::DataShape;

/// Three images of 2 × 3 pixels that count up.
fn images() -> Vec<u8> {
    file(8, &[3, 2, 3], &(1..=18).collect::<Vec<u8>>())
}

fn labels() -> Vec<u8> {
    file(8, &[3], &[2, 0, 1])
}

fn file(kind: u8, sides: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, sides.len() as u8];
    bytes.extend(sides.iter().flat_map(|side| side.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder called `toy` with the given files.
fn folder(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("toy");
    std::fs::create_dir(&path).unwrap();
    for (name, bytes) in files {
        std::fs::write(path.join(name), bytes).unwrap();
    }
    (outer, path)
}

const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";

/// Asserts that these files are refused in a sentence that names the file and says `reason`.
#[track_caller]
fn refused(files: &[(&str, &[u8])], file: &str, reason: &str) {
    let (_outer, path) = folder(files);
    let error = Idx::open(&path).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    let named = path.join(file).display().to_string();
    assert!(text.contains(&named) && text.contains(reason), "{text} lacks {file} or {reason:?}");
}

/// The same for a file of images by itself, raw and gzipped.
#[track_caller]
fn refused_bytes(bytes: &[u8], reason: &str) {
    refused(&[(IMAGES, bytes)], IMAGES, reason);
    let name = format!("{IMAGES}.gz");
    refused(&[(&name, &gzip(bytes))], &name, reason);
}

#[test]
fn images_and_labels_are_read() {
    let (_outer, path) = folder(&[(IMAGES, &images()), (LABELS, &labels())]);
    let set = Idx::open(&path).unwrap();
    assert_eq!(set.shape(), DataShape::image(1, 2, 3));
    assert_eq!((set.len(), set.is_empty(), set.name().as_str()), (Some(3), false, "toy"));
    assert_eq!(set.class_names(), ["0", "1", "2"]);
    assert!(!set.may_flip());
    let second = set.get(1).unwrap();
    assert_eq!((second.image(), second.label), (&[7, 8, 9, 10, 11, 12][..], Some(0)));
    assert_eq!(set.get(0).unwrap().caption, "2");
}

#[test]
fn gzipped_or_not_and_under_either_name() {
    let (images_gz, labels_gz) = (gzip(&images()), gzip(&labels()));
    for (images, labels_name) in [
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
    ] {
        let (_outer, path) = folder(&[(images, &images_gz), (labels_name, &labels_gz)]);
        let set = Idx::open(&path).unwrap();
        let example = set.get(2).unwrap();
        assert_eq!((example.image(), example.label), (&[13, 14, 15, 16, 17, 18][..], Some(1)), "{images}");
    }
    // A gzip file may have several members, one after the other.
    let all = images();
    let members = [gzip(&all[..11]), gzip(&all[11..])].concat();
    let (_outer, path) = folder(&[(IMAGES, &members)]);
    assert_eq!(Idx::open(&path).unwrap().get(0).unwrap().image(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_file_by_itself_has_no_classes() {
    let (_outer, path) = folder(&[("digits.idx", &images()), (LABELS, &labels())]);
    let set = Idx::open(&path.join("digits.idx")).unwrap();
    assert_eq!((set.len(), set.name().as_str(), set.class_names().len()), (Some(3), "digits.idx", 0));
    let example = set.get(0).unwrap();
    assert_eq!((example.label, example.caption.as_str()), (None, ""));
}

#[test]
fn places_without_data_are_named() {
    let (_outer, path) = folder(&[(LABELS, &labels()), ("notes.txt", b"n")]);
    let error = Idx::open(&path).unwrap_err();
    assert!(matches!(error, Error::NoData { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains(IMAGES), "{text}");
    let missing = path.join("missing");
    let error = Idx::open(&missing).unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if *path == missing), "{error:?}");
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
}

#[test]
fn cut_files_are_refused() {
    let bytes = images();
    for n in 0..bytes.len() {
        refused_bytes(&bytes[..n], "");
    }
    refused_bytes(&[], "it has 0 bytes");
    refused_bytes(&bytes[..3], "it has 3 bytes");
    refused_bytes(&bytes[..15], "it ends within its head");
    refused_bytes(&bytes[..bytes.len() - 1], "announces 18 values ([3, 2, 3]), and 17 follow");
    refused_bytes(&[&bytes[..], &[0]].concat(), "announces 18 values ([3, 2, 3]), and 19 follow");
}

#[test]
fn cut_gzip_streams_are_refused() {
    let bytes = gzip(&images());
    let name = format!("{IMAGES}.gz");
    // From where it can be told from a raw file.
    for n in 2..bytes.len() {
        refused(&[(&name, &bytes[..n])], &name, "gzip stream is damaged or truncated");
    }
    let mut damaged = bytes.clone();
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    refused(&[(&name, &damaged)], &name, "gzip stream is damaged or truncated");
}

#[test]
fn foreign_files_are_refused() {
    refused_bytes(b"\x89PNG\r\n\x1a\n and more", "begins with the bytes 137 80");
    refused_bytes(&[0, 1, 8, 3], "begins with the bytes 0 1");
    refused_bytes(&file(0x0d, &[1, 1, 1], &[0; 4]), "of the kind 0x0d");
    refused_bytes(&file(8, &[3], &[0, 1, 2]), "images need 3 axes (number, height, width), and it has 1");
    refused_bytes(&file(8, &[1, 3, 2, 2], &[0; 12]), "and it has 4");
    refused_bytes(&file(8, &[], &[0]), "and it has 0");
    for sides in [[0, 2, 3], [3, 0, 3], [3, 2, 0]] {
        refused_bytes(&file(8, &sides, &[]), "it contains no images");
    }
    refused_bytes(&file(8, &[u32::MAX; 3], &[0; 9]), "more than can be counted");
    refused_bytes(&file(8, &[u32::MAX, u32::MAX, 1], &[0; 9]), "and 9 follow");
}

#[test]
fn labels_must_fit_the_images() {
    let with =
        |labels: &[u8], reason: &str| refused(&[(IMAGES, &images()), (LABELS, labels)], LABELS, reason);
    with(&file(8, &[2], &[0, 1]), "3 images need 3 labels, and its axes are [2]");
    with(&file(8, &[4], &[0; 4]), "3 images need 3 labels, and its axes are [4]");
    with(&file(8, &[3, 1], &[0; 3]), "its axes are [3, 1]");
    with(&labels()[..10], "announces 3 values");
    with(&file(9, &[3], &[0; 3]), "of the kind 0x09");
    with(&gzip(&labels())[..20], "gzip stream is damaged or truncated");
}

#[test]
fn an_index_beyond_the_end_is_refused() {
    let (_outer, path) = folder(&[(IMAGES, &images())]);
    let set = Idx::open(&path).unwrap();
    for index in [3, 4, 1 << 40] {
        let text = set.get(index).unwrap_err().to_string();
        assert_eq!(
            text,
            format!("an example's index is {index}; it must be below the number of examples, 3")
        );
    }
}

#[test]
fn an_index_beyond_counting_is_refused() {
    let (_outer, path) = folder(&[(IMAGES, &images())]);
    assert!(matches!(Idx::open(&path).unwrap().get(u64::MAX), Err(Error::Parameter { .. })));
}

#[test]
fn a_border_surrounds_the_same_pixels() {
    let (_outer, path) = folder(&[(IMAGES, &images()), (LABELS, &labels())]);
    let open = || Idx::open(Path::new(&path)).unwrap();
    let (plain, same, padded) = (open(), open().padded(0).unwrap(), open().padded(2).unwrap());
    assert_eq!(padded.shape(), DataShape::image(1, 6, 7));
    assert_eq!((padded.len(), padded.class_names()), (plain.len(), plain.class_names()));
    for index in 0..3 {
        let (before, after) = (plain.get(index).unwrap(), padded.get(index).unwrap());
        assert_eq!(same.get(index).unwrap(), before);
        assert_eq!((after.label, &after.caption), (before.label, &before.caption));
        for (at, &value) in after.image().iter().enumerate() {
            let (row, column) = (at / 7, at % 7);
            let inside = (2..4).contains(&row) && (2..5).contains(&column);
            let expected = if inside { before.image()[(row - 2) * 3 + column - 2] } else { 0 };
            assert_eq!(value, expected, "image {index}, row {row}, column {column}");
        }
    }
}
