//! Captions from a list next to the images.

use crate::make::{Named, file, flat_png, folder, gzip, options, tar, zip};
use std::path::Path;
use tweedie_data::{Dataset, Error, ImageFiles, ImageOptions};
use zip::CompressionMethod::Stored;

/// The captions of the images of a set, in order.
fn captions(path: &Path, list: Option<&str>) -> Result<Vec<String>, Error> {
    let set = ImageFiles::open(path, ImageOptions { captions: list.map(String::from), ..options() })?;
    Ok((0..set.len().unwrap()).map(|index| set.caption(index)).collect())
}

#[track_caller]
fn error_of(path: &Path, list: Option<&str>) -> String {
    captions(path, list).unwrap_err().to_string()
}

#[test]
fn names_and_short_names_are_found() {
    let png = flat_png(2, 2, 7);
    let list =
        b"a/1.png\tthe first\n\n  \nb/1.png \t two\tparts \r\n2.png\twith its short name\nlost.png\tnone";
    let files: [Named; 5] =
        [("a/1.png", &png), ("a/2.png", &png), ("b/1.png", &png), ("b/3.png", &png), ("captions.tsv", list)];
    let expected = ["the first", "with its short name", "two\tparts", "b"];
    let (_outer, path) = folder(&files);
    assert_eq!(captions(&path, None).unwrap(), expected);
    let archives =
        [("toy.tar", tar(&files)), ("toy.tar.gz", gzip(&tar(&files))), ("toy.zip", zip(&files, Stored))];
    for (name, bytes) in archives {
        let (_outer, path) = file(name, &bytes);
        assert_eq!(captions(&path, None).unwrap(), expected, "{name}");
    }
}

/// As archives are packed: the list names what lies beside it.
#[test]
fn a_list_inside_the_folder_around_everything_is_found() {
    let png = flat_png(2, 2, 7);
    let list = b"a/1.png\tone\nb/1.png\ttwo";
    let files: [Named; 3] = [("toy/a/1.png", &png), ("toy/b/1.png", &png), ("toy/captions.tsv", list)];
    let (_outer, path) = file("toy.zip", &zip(&files, Stored));
    assert_eq!(captions(&path, None).unwrap(), ["one", "two"]);
}

#[test]
fn another_list_is_asked_for_by_name() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) =
        folder(&[("a.png", &png), ("captions.tsv", b"a.png\tone"), ("words/other.tsv", b"a.png\ttwo")]);
    assert_eq!(captions(&path, None).unwrap(), ["one"]);
    assert_eq!(captions(&path, Some("words/other.tsv")).unwrap(), ["two"]);
    let text = error_of(&path, Some("missing.tsv"));
    assert!(text.contains("missing.tsv") && text.contains(&path.display().to_string()), "{text}");
}

#[test]
fn a_list_beside_the_set_is_found_where_it_is_asked_for() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("a.png", &png)]);
    std::fs::write(path.with_file_name("captions.tsv"), b"a.png\tbeside").unwrap();
    assert_eq!(captions(&path, Some("captions.tsv")).unwrap(), ["beside"]);
    assert_eq!(captions(&path, None).unwrap(), [""]);
    let archive = path.with_file_name("toy.tar");
    std::fs::write(&archive, tar(&[("a.png", &png)])).unwrap();
    assert_eq!(captions(&archive, Some("captions.tsv")).unwrap(), ["beside"]);
    // What lies inside comes first.
    std::fs::write(path.join("captions.tsv"), b"a.png\tinside").unwrap();
    assert_eq!(captions(&path, Some("captions.tsv")).unwrap(), ["inside"]);
}

#[test]
fn lists_that_are_none_are_refused() {
    let png = flat_png(2, 2, 7);
    let cases: [(&[u8], &str); 3] = [
        (b"a.png\tone\n\nb.png two\n", "its line 3 has no tab between name and caption"),
        (b"a.png", "its line 1 has no tab"),
        (b"a.png\t\xff\xfe", "it is not UTF-8"),
    ];
    for (list, reason) in cases {
        let (_outer, path) = folder(&[("a.png", &png), ("captions.tsv", list)]);
        let text = error_of(&path, None);
        let named = path.join("captions.tsv").display().to_string();
        assert!(text.contains(&named) && text.contains(reason), "{text}");
    }
}
