//! Tables that cannot be used: the sentence names the file, the line and the column, and no bytes make the reader panic.

use crate::point_files::{open, read};
use proptest::collection::vec;
use proptest::prelude::*;
use tweedie_data::{Dataset, Error, PointFile, PointFileOptions};

/// Asserts that a table is refused in a sentence about the file that ends as given.
#[track_caller]
fn refused(text: &str, ending: &str) -> Error {
    let error = read(text).err().unwrap_or_else(|| panic!("{text:?} was read"));
    let sentence = error.to_string();
    assert!(
        sentence.contains("toy.csv") && sentence.ends_with(ending),
        "{sentence:?} does not end in {ending:?}"
    );
    error
}

#[test]
fn what_is_no_number_is_named_with_its_place() {
    let error = refused("x,y\n1,2\n3,four\n5,6\n", "toy.csv, line 3, column y: \"four\" is not a number");
    assert!(matches!(error, Error::Row { line: 3, column: Some(_), .. }), "{error:?}");
    refused("1,2\n3,four\n5,6\n", ", line 2, column 2: \"four\" is not a number");
    refused("x,y\n\n1,2\r\n\n  \n3,\n5,6\n", ", line 6, column y: the field is empty");
    refused("x,y\n1,2\n\"\n\n1\",2\n3,x\n4,5", ", line 6, column y: \"x\" is not a number");
    for none in ["nan", "NaN", "inf", "-infinity"] {
        refused(
            &format!("x,y\n1,2\n3,{none}\n"),
            &format!(", line 3, column y: {none} is not a finite number"),
        );
    }
    refused("nan,1\n2,3\n", ", line 1, column 1: nan is not a finite number");
    refused("x\n1\n1e39\n", ", line 3, column x: 1e39 is too large for a 32-bit number");
    let long = "z".repeat(500);
    let sentence = refused(&format!("x,y\n1,2\n3,{long}\n"), "…\" is not a number").to_string();
    assert!(sentence.len() < 300, "{sentence}");
}

#[test]
fn ragged_rows_are_named() {
    let error = refused("x,y\n1,2\n3\n", ", line 3: it has 1 fields, and the first line has 2");
    assert!(matches!(error, Error::Row { line: 3, column: None, .. }), "{error:?}");
    refused("x,y\n1,2\n3,4,5\n", ", line 3: it has 3 fields, and the first line has 2");
    refused("1,2\n3,4,5\n", ", line 2: it has 3 fields, and the first line has 2");
    // A quote that is never closed takes in the rest.
    refused("x,y\n1,2\n\"3,4\n5,6\n", ", line 3: it has 1 fields, and the first line has 2");
}

#[test]
fn tables_without_points_are_refused() {
    for empty in ["", "\n\r\n", "   \n", "\u{feff}"] {
        assert!(matches!(refused(empty, "it is empty"), Error::Format { .. }));
    }
    refused("x,y\n", "it has a header and no rows");
    refused("name,site\na,b\nc,d\n", "it has no column of numbers; it has name, site");
    refused("x,y\n1,0.1\n2,0.1\n3,0.1\n", "its column y is 0.1 in every row, without any spread");
    refused("x,y\n1,2\n", "its column x is 1 in every row, without any spread");
    refused("c,x\na,1\n,2\n", ", line 3, column c: the class is empty");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let error = open("toy.csv", b"x,y\n1,2\n\xff,3\n", PointFileOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("toy.csv, line 3: it is not UTF-8 text"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("missing.csv")] {
        let error = PointFile::open(&path, PointFileOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }) && error.to_string().contains(&path.display().to_string()));
    }
}

#[test]
fn choices_that_do_not_exist_are_refused() {
    let text = b"species,width,height\ncat,1,2\ndog,3,4\n";
    let refuse = |columns: Option<&[&str]>, class: Option<&str>, only: Option<&str>, ending: &str| {
        let columns = columns.map(|names| names.iter().map(ToString::to_string).collect());
        let options =
            PointFileOptions { columns, class: class.map(String::from), only: only.map(String::from) };
        let sentence = open("toy.csv", text, options).unwrap_err().to_string();
        assert!(sentence.ends_with(ending), "{sentence:?} does not end in {ending:?}");
    };
    let known = "it has species, width, height";
    refuse(
        Some(&["widht"]),
        None,
        None,
        &format!("toy.csv has no column widht; {known} (did you mean width?)"),
    );
    refuse(Some(&["width", "?"]), None, None, &format!("toy.csv has no column ?; {known}"));
    refuse(None, Some("specie"), None, &format!("has no column specie; {known} (did you mean species?)"));
    refuse(None, None, Some("cats"), "has no class cats; it has cat, dog (did you mean cat?)");
    refuse(Some(&["width", "width"]), None, None, "is width, width; it must be at least one name, each once");
    refuse(Some(&[]), None, None, "the list of columns is empty; it must be at least one name, each once");
    refuse(Some(&["species"]), None, None, "line 2, column species: \"cat\" is not a number");
    let only = PointFileOptions { only: Some("cat".into()), ..Default::default() };
    let sentence = open("toy.csv", b"1,2\n3,4\n", only).unwrap_err().to_string();
    assert!(sentence.ends_with("but no column of classes; it must be named"), "{sentence}");
}

/// What was read is whole: finite, of the set's shape, with labels that have names.
fn whole(set: Result<PointFile, Error>) {
    let Ok(set) = set else { return };
    let (means, scales) = set.moments().unwrap();
    assert!(
        means.iter().all(|mean| mean.is_finite())
            && scales.iter().all(|scale| *scale > 0.0 && scale.is_finite())
    );
    for index in 0..set.len().unwrap() {
        let example = set.get(index).unwrap();
        assert_eq!(example.values.len(), set.shape().n_values());
        assert_eq!(example.label.is_some(), !set.class_names().is_empty());
        assert!(example.label.is_none_or(|label| (label as usize) < set.class_names().len()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
        whole(open("toy.csv", &bytes, PointFileOptions::default()));
    }

    #[test]
    fn nothing_like_a_table_makes_it_panic(text in "[0-9x\\-.e,;\t\"\r\n \u{feff}ä]{0,120}", only in "[0-9x]{0,2}") {
        whole(read(&text));
        let options = PointFileOptions { columns: Some(vec!["x".into()]), class: Some("1".into()), only: None };
        whole(open("toy.csv", text.as_bytes(), options));
        whole(open("toy.csv", text.as_bytes(), PointFileOptions { only: Some(only), ..Default::default() }));
    }
}
