//! Labels and captions from the files that the field distributes with images.

use crate::make::{Named, file, flat_png, folder, gzip, keys, options, tar, zip};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;
use tempfile::TempDir;
use tweedie_data::{ClassSource, Dataset, Error, ImageFiles, ImageOptions};
use zip::CompressionMethod::Deflated;

/// Names of images with files of labels, opened; the folder goes with the first value.
fn kept(names: &[&str], label_files: &[Named]) -> (TempDir, Result<ImageFiles, Error>) {
    let png = flat_png(2, 2, 7);
    let files: Vec<Named> =
        names.iter().map(|name| (*name, &png[..])).chain(label_files.iter().copied()).collect();
    let (outer, path) = folder(&files);
    (outer, ImageFiles::open(&path, options()))
}

fn opened(names: &[&str], label_files: &[Named]) -> Result<ImageFiles, Error> {
    kept(names, label_files).1
}

/// The name of the class of each image.
fn classes(set: &dyn Dataset) -> Vec<String> {
    let names = set.class_names();
    (0..set.len().unwrap()).filter_map(|index| Some(names[set.label(index)? as usize].clone())).collect()
}

fn captions(set: &dyn Dataset) -> Vec<String> {
    (0..set.len().unwrap()).map(|index| set.caption(index)).collect()
}

#[track_caller]
fn has_line(set: &dyn Dataset, words: &str) {
    assert!(set.notices().iter().any(|line| line.contains(words)), "`{words}` is not in {:?}", set.notices());
}

const SHARDS: [&str; 4] = ["00000/a.png", "00000/b.png", "00001/c.png", "00001/d.png"];

#[test]
fn dataset_json_comes_before_folders() {
    let list =
        br#"{"labels": [["00000/a.png", 3], ["00000/b.png", 10], ["00001/c.png", 3], ["00001/d.png", 0]]}"#;
    let object = br#"{"info": [1], "labels": {"00000/a.png": 3, "00000/b.png": 10.0, "00001/c.png": "3", "00001/d.png": 0}}"#;
    for labels in [&list[..], object] {
        let set = opened(&SHARDS, &[("dataset.json", labels)]).unwrap();
        // In the order of the numbers.
        assert_eq!(
            (set.class_names(), classes(&set)),
            (strings(&["0", "3", "10"]), strings(&["3", "10", "3", "0"]))
        );
        assert_eq!(set.notices(), ["classes: 3 (of dataset.json): 0, 3, 10"]);
    }
    let png = flat_png(2, 2, 7);
    let files: Vec<Named> =
        SHARDS.iter().map(|name| (*name, &png[..])).chain([("dataset.json", &list[..])]).collect();
    for (name, bytes) in [("toy.zip", zip(&files, Deflated)), ("toy.tar.gz", gzip(&tar(&files)))] {
        let (_outer, path) = file(name, &bytes);
        assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["0", "3", "10"], "{name}");
        // Folders where they are chosen.
        let top = ImageOptions { classes: ClassSource::Top, ..options() };
        assert_eq!(ImageFiles::open(&path, top).unwrap().class_names(), ["00000", "00001"]);
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

#[test]
fn labels_that_are_null_mean_no_classes() {
    let set = opened(&SHARDS, &[("dataset.json", br#"{"labels": null}"#)]).unwrap();
    assert_eq!((set.len(), set.class_names().len()), (Some(4), 0));
    assert_eq!(set.notices(), ["classes: none (the labels of dataset.json are null)"]);
}

#[test]
fn dataset_json_of_another_structure_is_named_and_left_alone() {
    for (labels, reason) in [
        (&br#"{"label": []}"#[..], "it has no key labels"),
        (
            br#"{"labels": [["00000/a.png", [0, 1]]]}"#,
            "the label of 00000/a.png is neither a number nor a text",
        ),
        (br#"{"labels": 7}"#, "it must hold {\"labels\": [[name, label], …]}"),
        (br#"[1, 2]"#, "it must hold {\"labels\": [[name, label], …]}"),
        (
            br#"{"labels": [["x.png", 1], ["y.png", 2]]}"#,
            "none of its 2 names is that of an image of the set",
        ),
    ] {
        let set = opened(&SHARDS, &[("dataset.json", labels)]).unwrap();
        assert_eq!(set.class_names(), ["00000", "00001"], "{reason}");
        has_line(&set, &format!("dataset.json was not read: {reason}"));
    }
}

#[test]
fn label_files_that_are_damaged_or_contradict_themselves_are_refused() {
    let utf16 = [0xff, 0xfe, b'f', 0];
    for (name, bytes, words) in [
        ("dataset.json", &br#"{"labels": [["a.png", 1"#[..], &["dataset.json", "not whole JSON"][..]),
        (
            "dataset.json",
            br#"{"labels": [["a.png", 1], ["./a.png", 2]]}"#,
            &["a.png has the class 1 in one row and 2 in another"],
        ),
        (
            "metadata.csv",
            b"file_name,label\na.png,1,2\n",
            &["metadata.csv, line 2", "it has 3 fields, and the header has 2"],
        ),
        (
            "metadata.csv",
            b"file_name,label\na.png,1\n,2\n",
            &["metadata.csv, line 3, column file_name", "no name of a file"],
        ),
        ("metadata.csv", &utf16, &["metadata.csv", "not UTF-8"]),
        (
            "metadata.jsonl",
            b"{\"file_name\": \"a.png\", \"label\": 1}\n{\"file_name\": \n",
            &["metadata.jsonl, line 2", "not a JSON object"],
        ),
        (
            "metadata.jsonl",
            b"{\"file_name\": \"a.png\", \"label\": 1}\n{}\n",
            &["metadata.jsonl, line 2", "no name of a file"],
        ),
        ("a.cls", b" \n", &["a.cls", "it is empty; a class is a number or a name"]),
        ("a.cls", b"\xff", &["a.cls", "it is not UTF-8"]),
        ("a.cls", &[b'7'; 2000], &["a.cls", "more than 1024 bytes"]),
    ] {
        let Err(error) = opened(&["a.png", "b.png"], &[(name, bytes)]) else { panic!("{name}: {words:?}") };
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)) && !text.contains('\n'), "{text}");
    }
}

#[test]
fn metadata_of_image_folders_gives_captions_and_classes() {
    let csv = "\u{feff}file_name,text\na.png,\"a dog, sitting\"\nb.png,two\r\n";
    let set = opened(&["a.png", "b.png", "c.png"], &[("metadata.csv", csv.as_bytes())]).unwrap();
    assert_eq!((captions(&set), set.class_names().len()), (strings(&["a dog, sitting", "two", ""]), 0));
    has_line(&set, "captions: metadata.csv");
    let labelled = b"label;file_name;caption;size\ncat;a.png;a cat;1\ndog;b.png;a dog;2\n";
    let set = opened(&["a.png", "b.png", "c.png"], &[("metadata.csv", labelled)]).unwrap();
    assert_eq!((classes(&set), captions(&set)), (strings(&["cat", "dog"]), strings(&["a cat", "a dog"])));
    has_line(&set, "classes: 2 (of metadata.csv): cat, dog");
    has_line(&set, "left out: c.png, for which the label file has no class");
    let lines = b"{\"file_name\": \"a.png\", \"label\": 7, \"text\": [\"first\", \"second\"], \"more\": {\"x\": [1]}}\n\n{\"file_name\": \"b.png\", \"label\": 10}";
    let set = opened(&["a.png", "b.png"], &[("metadata.jsonl", lines)]).unwrap();
    assert_eq!((classes(&set), captions(&set)), (strings(&["7", "10"]), strings(&["first", "10"])));
}

/// In each part of a set one of its own.
#[test]
fn metadata_lies_in_each_part() {
    let of = |a: &str, b: &str| format!("file_name,label\n1.png,{a}\n2.png,{b}\n");
    let (train, test) = (of("cat", "dog"), of("dog", "cat"));
    let files: [Named; 2] =
        [("train/metadata.csv", train.as_bytes()), ("test/metadata.csv", test.as_bytes())];
    let set = opened(&["train/1.png", "train/2.png", "test/1.png", "test/2.png"], &files).unwrap();
    assert_eq!(keys(&set), ["test/1.png", "test/2.png", "train/1.png", "train/2.png"]);
    assert_eq!(classes(&set), ["dog", "cat", "cat", "dog"]);
    has_line(&set, "classes: 2 (of metadata.csv): cat, dog");
    has_line(&set, "trained on train (2 images), held out test (2 images)");
}

#[test]
fn metadata_of_other_columns_is_named() {
    let set = opened(&["a.png", "b.png"], &[("metadata.csv", b"image,artist\na.png,me\n")]).unwrap();
    has_line(
        &set,
        "metadata.csv was not read: its columns are image, artist; it must have file_name and one of label",
    );
    let set =
        opened(&["a.png"], &[("metadata.jsonl", b"{\"file_name\": \"a.png\", \"bbox\": [1]}")]).unwrap();
    has_line(&set, "metadata.jsonl was not read: its lines have none of the keys label");
    let set = opened(&["a.png"], &[("metadata.jsonl", b"{\"image\": \"a.png\"}")]).unwrap();
    has_line(&set, "metadata.jsonl was not read: its first line has no key file_name");
}

#[test]
fn label_files_of_other_names_are_named() {
    let files: [Named; 3] =
        [("labels.csv", b"a.png,1"), ("classes.txt", b"cat\ndog"), ("annotations.json", b"{}")];
    let set = opened(&["a.png"], &files).unwrap();
    has_line(
        &set,
        "labels that were not read: annotations.json, classes.txt, labels.csv (read are dataset.json, metadata.csv",
    );
    let boxes: Vec<String> = (0..40).map(|i| format!("boxes/{i:02}.xml")).collect();
    let boxes: Vec<Named> = boxes.iter().map(|name| (name.as_str(), &b"<x/>"[..])).collect();
    has_line(
        &opened(&["images/a.png"], &boxes).unwrap(),
        "labels that were not read: 40 files such as boxes/00.xml",
    );
}

#[test]
fn a_text_beside_each_image_is_its_caption() {
    let texts: [Named; 3] =
        [("a.txt", b"a dog,\r\nsitting \n"), ("deep/b.txt", b"\xef\xbb\xbftwo"), ("d.caption", b"\xff?")];
    let (_outer, set) = kept(&["a.png", "deep/b.x.png", "deep/b.png", "c.png", "d.png"], &texts);
    let set = set.unwrap();
    assert_eq!(captions(&set), ["a dog, sitting", "", "\u{fffd}?", "two", "two"]);
    has_line(&set, "captions: the .txt files next to the images");
    // A list comes first.
    let list: [Named; 2] = [("a.txt", b"beside"), ("captions.tsv", b"a.png\tlisted")];
    assert_eq!(captions(&opened(&["a.png"], &list).unwrap()), ["listed"]);
}

#[test]
fn samples_of_webdataset_archives_have_classes_and_captions() {
    let png = flat_png(2, 2, 7);
    let files: [Named; 7] = [
        ("0001.jpg", &png),
        ("0001.cls", b"7\n"),
        ("0001.txt", b"seven"),
        ("0001.json", b"{}"),
        ("0002.jpg", &png),
        ("0002.cls", b"12"),
        ("0002.txt", b"twelve"),
    ];
    for (name, bytes) in [("toy.tar", tar(&files)), ("toy.tar.gz", gzip(&tar(&files)))] {
        let (_outer, path) = file(name, &bytes);
        let set = ImageFiles::open(&path, options()).unwrap();
        assert_eq!(
            (set.class_names(), classes(&set)),
            (strings(&["7", "12"]), strings(&["7", "12"])),
            "{name}"
        );
        assert_eq!(captions(&set), ["seven", "twelve"]);
        has_line(&set, "classes: 2 (of the .cls files next to the images): 7, 12");
        has_line(&set, "labels that were not read: 0001.json");
    }
}

#[test]
fn of_two_label_files_one_counts() {
    let files: [Named; 2] = [
        ("dataset.json", br#"{"labels": [["a.png", 1], ["b.png", 2]]}"#),
        ("metadata.csv", b"file_name,label\na.png,x\nb.png,y\n"),
    ];
    let set = opened(&["a.png", "b.png"], &files).unwrap();
    assert_eq!(set.class_names(), ["1", "2"]);
    has_line(&set, "the labels of metadata.csv are not used, as those of dataset.json come first");
}

#[test]
fn labels_that_are_all_alike_are_no_classes() {
    let set =
        opened(&["a.png", "b.png"], &[("metadata.csv", b"file_name,label\na.png,x\nb.png,x\n")]).unwrap();
    assert_eq!((set.len(), set.class_names().len()), (Some(2), 0));
    assert_eq!(set.notices(), ["classes: none (all labels in metadata.csv are alike)"]);
}

const WHOLE: [Named; 4] = [
    ("dataset.json", br#"{"labels": [["a.png", 1], ["b.png", 2]]}"#),
    ("metadata.csv", b"file_name,label,text\na.png,x,\"one, two\"\nb.png,y,three\n"),
    (
        "metadata.jsonl",
        b"{\"file_name\": \"a.png\", \"label\": 1}\n{\"file_name\": \"b.png\", \"text\": [\"x\"]}\n",
    ),
    ("a.cls", b"17"),
];

fn look(path: &Path) {
    match ImageFiles::open(path, options()) {
        Ok(set) => {
            assert!(set.len().unwrap() > 0);
            let _ = (captions(&set), classes(&set), set.notices());
        }
        Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// One sentence or a set, for whatever bytes.
    #[test]
    fn damaged_label_files(places in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), end in any::<prop::sample::Index>(), cut in any::<bool>()) {
        let png = flat_png(2, 2, 7);
        for (name, bytes) in WHOLE {
            let mut bytes = bytes.to_vec();
            for (place, value) in &places {
                let at = place.index(bytes.len());
                bytes[at] = *value;
            }
            if cut {
                bytes.truncate(end.index(bytes.len() + 1));
            }
            let (_outer, path) = folder(&[("a.png", &png), ("b.png", &png), (name, &bytes)]);
            look(&path);
        }
    }
}
