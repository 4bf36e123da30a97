//! Nouns: small files made by hand, and the project's own.

use crate::make::{file, folder};
use crate::{image, likely};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tweedie_data::{Dataset, Error, Nouns};
use tweedie_math::DataShape;
use tweedie_testing::shared;

/// One part of each kind, of which two paint: rows 4 and 5, columns 5 to 7 for the body, one pixel of it for the head.
pub fn small() -> Value {
    let part = |name: &str, data: &str| json!([{ "filename": name, "data": data }]);
    json!({
        "bgcolors": ["d5d7e1", "010203"],
        "palette": ["", "ff0000", "00fF00"],
        "images": {
            // Palette 0, top 4, right 8, bottom 6, left 5; two red, one clear, three green.
            "bodies": part("body-red-and-green", "0x0004080605020101000302"),
            "accessories": part("accessory-none", "0x0000000000"),
            "heads": part("head-dot", "0x0004060405"),
            "glasses": part("square", "0x00040704060102"),
        }
    })
}

fn open(value: &Value) -> Result<Nouns, Error> {
    let (_folder, path) = file("image-data.json", value.to_string().as_bytes());
    Nouns::open(&path, 3)
}

/// Asserts that the small file with one value replaced is refused in a sentence that names the file.
#[track_caller]
fn refused(place: &str, value: Value, reason: &str) {
    let mut whole = small();
    *whole.pointer_mut(place).unwrap() = value;
    let error = open(&whole).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("image-data.json") && text.contains(reason), "{text} lacks {reason:?}");
}

#[test]
fn parts_are_painted_over_one_another() {
    let set = open(&small()).unwrap();
    assert_eq!((set.name().as_str(), set.len(), set.may_flip()), ("nouns", None, false));
    assert_eq!(set.shape(), DataShape::image(3, 32, 32));
    // Two backgrounds, and one part of each kind.
    assert_eq!(set.n_combinations(), 2);
    let (red, green) = ([255, 0, 0], [0, 255, 0]);
    for index in 0..20 {
        let planes = image(&set, index);
        let at = |row: usize, column: usize| [0, 1, 2].map(|c| planes[c * 1024 + row * 32 + column]);
        let paper = at(0, 0);
        assert!([[0xd5, 0xd7, 0xe1], [1, 2, 3]].contains(&paper), "{paper:?}");
        // Row 4 is red, green by the glasses, clear; row 5 is green.
        let painted =
            [(4, 5, red), (4, 6, green), (4, 7, paper), (5, 5, green), (5, 6, green), (5, 7, green)];
        for (row, column) in (0..32).flat_map(|row| (0..32).map(move |column| (row, column))) {
            let known = painted.iter().find(|it| (it.0, it.1) == (row, column));
            assert_eq!(at(row, column), known.map_or(paper, |it| it.2), "row {row}, column {column}");
        }
        assert_eq!(set.caption(index), "a dot head with square glasses, red and green body, none");
        assert_eq!((set.label(index), set.class_names().len()), (None, 0));
    }
}

#[test]
fn a_folder_with_the_file_will_do() {
    let text = small().to_string();
    let (_outer, path) = folder(&[("image-data.json", text.as_bytes())]);
    let [one, other] =
        [path.clone(), path.join("image-data.json")].map(|path| Nouns::open(&path, 3).unwrap());
    assert_eq!(image(&one, 5), image(&other, 5));
    let error = Nouns::open(&path.join("missing"), 3).unwrap_err();
    assert!(matches!(error, Error::Io { .. }) && error.to_string().contains("missing"), "{error:?}");
}

#[test]
fn damaged_files_are_refused() {
    for text in ["", "[]", "{}", "dear diary", "{\"bgcolors\": [\"000000\"]}"] {
        let (_folder, path) = file("image-data.json", text.as_bytes());
        let said = Nouns::open(&path, 0).unwrap_err().to_string();
        assert!(
            said.contains("image-data.json cannot be used: it is not the image-data.json of Nouns"),
            "{said}"
        );
    }
    for wrong in ["12345", "1234567", "00000g", "#00000", "ééé"] {
        refused("/palette/1", json!(wrong), "its palette contains an entry that is not a colour RRGGBB");
        refused("/bgcolors/0", json!(wrong), "its bgcolors contain an entry that is not a colour RRGGBB");
    }
    refused("/bgcolors", json!([]), "it has no backgrounds or no parts of some kind");
    for kind in ["bodies", "accessories", "heads", "glasses"] {
        refused(&format!("/images/{kind}"), json!([]), "it has no backgrounds or no parts of some kind");
    }
}

/// No 0x, half a byte, no hexadecimal, too short, half a run, right of the frame, right before left, below the frame, no such
/// colour, an empty box.
#[test]
fn damaged_parts_are_named() {
    let wrong = [
        "00040806050101",
        "0x0004080605010",
        "0x00040806050g01",
        "0x",
        "0x00040806",
        "0x000408060501",
        "0x00042106050101",
        "0x00040506080101",
        "0x001f080605ff01",
        "0x00040806050103",
        "0x00040806080101",
        "é",
    ];
    for data in wrong {
        refused("/images/heads/0/data", json!(data), "its part head-dot is damaged");
    }
}

#[test]
fn the_projects_own_images() {
    let Some(path) = shared("data/nouns/image-data.json") else { return };
    let set = Nouns::open(&path, 7).unwrap();
    let (again, other) = (Nouns::open(&path, 7).unwrap(), Nouns::open(&path, 8).unwrap());
    let papers = [[0xd5, 0xd7, 0xe1], [0xe1, 0xd7, 0xd5]];
    let (mut cool, mut same, mut captions) = (0, 0, BTreeSet::new());
    for index in (0..400).rev() {
        let example = set.get(index).unwrap();
        assert_eq!(example, again.get(index).unwrap());
        same += usize::from(example.image() == image(&other, index));
        // The upper corners are free of every part.
        let [left, right] = [0, 31].map(|at| [0, 1, 2].map(|c| example.image()[c * 1024 + at]));
        assert!(left == right && papers.contains(&left), "image {index} has the corners {left:?}, {right:?}");
        cool += usize::from(left == papers[0]);
        let caption = &example.caption;
        let words = caption.split_whitespace().count();
        assert!(words >= 7 && caption.starts_with("a ") && caption.contains(" head with "), "{caption}");
        captions.insert(example.caption);
    }
    likely(cool, 400, 0.5);
    // Of 2·30·143·254·23 combinations.
    assert_eq!(set.n_combinations(), 50_124_360);
    assert!(same == 0 && captions.len() >= 399, "{same} are the same, {} captions", captions.len());
    assert!(set.get(u64::MAX).is_ok());
}
