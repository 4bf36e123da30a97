//! Which folders are classes, and which are parts of the set.

use crate::make::{Named, file, flat_png, folder, keys, options, refused, tar, zip};
use std::path::Path;
use std::sync::Arc;
use tweedie_data::{ClassSource, Dataset, Error, ImageFiles, ImageOptions, SplitFolders, split};
use zip::CompressionMethod::Deflated;

/// A folder of images of these names, opened in a way.
fn opened(names: &[&str], options: ImageOptions) -> ImageFiles {
    let png = flat_png(2, 2, 7);
    let files: Vec<Named> = names.iter().map(|name| (*name, &png[..])).collect();
    let (_outer, path) = folder(&files);
    ImageFiles::open(&path, options).unwrap()
}

fn classes(names: &[&str], classes: ClassSource) -> Vec<String> {
    opened(names, ImageOptions { classes, ..options() }).class_names()
}

/// The names of the images on both sides.
fn sides(set: ImageFiles) -> [Vec<String>; 2] {
    let (trained, held) = split(Arc::new(set), 0.0).unwrap();
    [keys(&trained), keys(&held)]
}

const NESTED: [&str; 7] = [
    "a/airfield/1.png",
    "a/alley/1.png",
    "a/alley/2.png",
    "a/apartment/outdoor/1.png",
    "a/apartment/outdoor/2.png",
    "b/bar/1.png",
    "b/apartment/outdoor/1.png",
];

#[test]
fn folders_that_only_hold_folders_are_no_classes() {
    let leaves = ["a/airfield", "a/alley", "a/apartment/outdoor", "b/apartment/outdoor", "b/bar"];
    let names = NESTED;
    assert_eq!(classes(&names, ClassSource::Auto), leaves);
    assert_eq!(classes(&names, ClassSource::Leaf), leaves);
    assert_eq!(classes(&names, ClassSource::Top), ["a", "b"]);
    assert!(classes(&names, ClassSource::None).is_empty());
    let lines = opened(&names, options()).notices();
    let expected = "classes: 5 (the folders that hold images; data.classes = \"top\" takes the top folders): a/airfield, a/alley, ";
    assert!(lines[0].starts_with(expected), "{lines:?}");
}

#[test]
fn top_folders_are_classes_where_most_images_lie_in_them() {
    let names = ["cat/1.png", "cat/2.png", "cat/old/1.png", "dog/1.png", "dog/old/1.png", "dog/old/2.png"];
    assert_eq!(classes(&names, ClassSource::Auto), ["cat", "dog"]);
    assert_eq!(classes(&names, ClassSource::Leaf), ["cat", "cat/old", "dog", "dog/old"]);
}

/// As one beside all folders.
#[test]
fn an_image_beside_inner_folders_changes_no_class() {
    let stray = [&NESTED[..], &["a/alley/3.png", "a/cover.png"]].concat();
    let set = opened(&stray, options());
    assert_eq!(
        set.class_names(),
        ["a/airfield", "a/alley", "a/apartment/outdoor", "b/apartment/outdoor", "b/bar"]
    );
    let line =
        "left out: a/cover.png, beside the folders of the set; data.classes = \"none\" takes all images";
    assert!(set.notices().iter().any(|own| own == line), "{:?}", set.notices());
    // A folder without inner ones is a class.
    let names = ["a/x/1.png", "a/x/2.png", "a/y/1.png", "a/y/2.png", "b/1.png", "b/2.png"];
    assert_eq!(classes(&names, ClassSource::Auto), ["a/x", "a/y", "b"]);
}

#[test]
fn what_all_folders_end_in_is_no_part_of_a_class() {
    let names = ["n01/images/1.png", "n01/images/2.png", "n02/images/1.png", "n02/images/2.png"];
    assert_eq!(classes(&names, ClassSource::Auto), ["n01", "n02"]);
    // A folder for each image is no class.
    let names = ["a/0001/1.png", "a/0002/1.png", "b/0003/1.png"];
    assert_eq!(classes(&names, ClassSource::Auto), ["a", "b"]);
}

#[test]
fn an_image_beside_class_folders_is_left_out_and_named() {
    let names = ["a/1.png", "a/2.png", "b/1.png", "cover.png"];
    let set = opened(&names, options());
    assert_eq!(
        (set.class_names(), keys(&set)),
        (vec!["a".into(), "b".into()], names[..3].iter().map(|it| it.to_string()).collect())
    );
    let line = "left out: cover.png, beside the folders of the set; data.classes = \"none\" takes all images";
    assert!(set.notices().iter().any(|own| own == line), "{:?}", set.notices());
    // All of them without classes.
    let all = opened(&names, ImageOptions { classes: ClassSource::None, ..options() });
    assert_eq!((all.len(), all.class_names().len(), all.label(0)), (Some(4), 0, None));
    // The same where one folder lies around the classes.
    let names = ["in/a/1.png", "in/a/2.png", "in/b/1.png", "cover.png", "back.png"];
    let set = opened(&names, options());
    assert_eq!((set.class_names(), set.len()), (vec!["a".into(), "b".into()], Some(3)));
    assert!(set.notices().iter().any(|own| own.contains("2 images such as back.png")), "{:?}", set.notices());
}

#[test]
fn folders_beside_most_images_are_no_classes() {
    let set = opened(&["1.png", "2.png", "a/3.png", "b/4.png"], options());
    assert_eq!((set.len(), set.class_names().len()), (Some(4), 0));
    assert_eq!(set.notices(), ["classes: none (the images do not lie in several folders)"]);
    let set = opened(
        &["1.png", "2.png", "a/3.png", "b/4.png"],
        ImageOptions { classes: ClassSource::Top, ..options() },
    );
    assert_eq!((set.len(), set.class_names().len()), (Some(2), 2));
}

const SPLIT: [&str; 6] = [
    "train/cat/1.png",
    "train/cat/2.png",
    "train/dog/1.png",
    "test/cat/1.png",
    "test/dog/1.png",
    "test/dog/2.png",
];

#[test]
fn train_is_trained_on_and_test_is_held_out() {
    let set = opened(&SPLIT, options());
    assert_eq!(set.class_names(), ["cat", "dog"]);
    let line = "splits: trained on train (3 images), held out test (3 images); data.splits = \"ignore\" makes one set of all";
    assert!(set.notices().iter().any(|own| own == line), "{:?}", set.notices());
    let [trained, held] = sides(set);
    assert_eq!((trained, held), (to_strings(&SPLIT[..3]), to_sorted(&SPLIT[3..])));
    // Whatever the share is.
    let (trained, held) = split(Arc::new(opened(&SPLIT, options())), 0.9).unwrap();
    assert_eq!((trained.len(), held.len()), (Some(3), Some(3)));
    assert_eq!((held.label(0), held.label(2)), (Some(0), Some(1)));
    let ignored = opened(&SPLIT, ImageOptions { splits: SplitFolders::Ignore, ..options() });
    assert_eq!((ignored.len(), ignored.side(0)), (Some(6), None));
}

fn to_strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn to_sorted(names: &[&str]) -> Vec<String> {
    let mut names = to_strings(names);
    names.sort();
    names
}

#[test]
fn archives_and_folders_around_are_split_alike() {
    let png = flat_png(2, 2, 7);
    let names: Vec<String> = SPLIT.iter().map(|name| format!("toy/{name}")).collect();
    let files: Vec<Named> = names.iter().map(|name| (name.as_str(), &png[..])).collect();
    for (name, bytes) in [("toy.tar", tar(&files)), ("toy.zip", zip(&files, Deflated))] {
        let (_outer, path) = file(name, &bytes);
        let set = ImageFiles::open(&path, options()).unwrap();
        assert_eq!(set.class_names(), ["cat", "dog"], "{name}");
        assert_eq!(sides(set).map(|side| side.len()), [3, 3], "{name}");
    }
}

#[test]
fn validation_comes_before_test() {
    for name in ["val", "valid", "Validation", "dev", "EVAL"] {
        let own = [format!("{name}/1.png"), format!("{name}/2.png")];
        let names = [&["train/1.png", "test/1.png"][..], &[&own[0], &own[1]]].concat();
        let set = opened(&names, options());
        let line = format!("held out {name} (2 images), left out 1 image of test");
        assert!(set.notices().iter().any(|own| own.contains(&line)), "{:?}", set.notices());
        assert_eq!(sides(set), [vec!["train/1.png".to_string()], own.to_vec()]);
    }
}

#[test]
fn other_folders_beside_them_are_classes() {
    let names = ["train/1.png", "test/1.png", "bus/1.png"];
    let set = opened(&names, options());
    assert_eq!((set.class_names(), set.side(0)), (vec!["bus".into(), "test".into(), "train".into()], None));
    let names = ["val/1.png", "test/1.png"];
    assert_eq!(classes(&names, ClassSource::Auto), ["test", "val"], "nothing to train on");
}

#[test]
fn images_to_hold_out_have_classes_that_are_trained_on() {
    // A test set without classes, as competitions give it.
    let names = ["train/cat/1.png", "train/dog/1.png", "train/dog/2.png", "test/1.png", "test/2.png"];
    let set = opened(&names, options());
    assert!(
        set.notices().iter().any(|own| own.contains("held out a share of it, left out 2 images of test")),
        "{:?}",
        set.notices()
    );
    assert_eq!((set.len(), set.side(0), set.class_names().len()), (Some(3), None, 2));
    // One class of it is not trained on.
    let names = ["train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/cow/1.png", "cover.png"];
    let set = opened(&names, options());
    let lines = set.notices().join("\n");
    assert!(lines.contains("left out: val/cow/1.png, of a class that is not trained on"), "{lines}");
    assert!(lines.contains("left out: cover.png, beside the folders of the set"), "{lines}");
    assert_eq!(sides(set).map(|side| side.len()), [2, 1]);
}

#[test]
fn a_class_folder_without_images_is_refused_inside_of_train() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[
        ("train/a/1.png", &png),
        ("train/b/", b""),
        ("train/c/1.png", &png),
        ("test/a/1.png", &png),
    ]);
    let text = refused(&path);
    assert!(text.contains("toy/train") && text.contains("its class b has no images"), "{text}");
    let (_outer, path) = folder(&[("in/train/", b""), ("in/test/a/1.png", &png), ("in/test/b/1.png", &png)]);
    let text = refused(&path);
    assert!(
        text.contains("toy/in ") && text.contains("its folder train has no images, but test has"),
        "{text}"
    );
    // A folder of labels beside the only one of images is no class.
    let (_outer, path) = folder(&[("images/1.png", &png), ("labels/1.xml", b"<x/>")]);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().len(), Some(1));
}

#[test]
fn a_file_of_labels_can_be_demanded() {
    let of = |path: &Path| ImageFiles::open(path, ImageOptions { classes: ClassSource::Labels, ..options() });
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("a/1.png", &png), ("b/1.png", &png)]);
    let Err(error) = of(&path) else { panic!("it has none") };
    assert!(
        matches!(error, Error::NoData { .. }) && error.to_string().contains("data.classes is labels"),
        "{error}"
    );
}

/// Thousands of classes make no thousands of names in a line.
#[test]
fn lists_of_classes_are_short() {
    let names: Vec<String> = (0..3000).map(|i| format!("class{i:04}/1.png")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lines = opened(&names, options()).notices();
    assert!(
        lines[0].starts_with("classes: 3000 (the top folders): class0000, ")
            && lines[0].ends_with("and 2988 more"),
        "{lines:?}"
    );
}
