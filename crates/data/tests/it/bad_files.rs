//! Files that are no images among those that are.

use crate::make::{flat_png, folder, options};
use std::sync::Arc;
use tweedie_data::{BadFiles, Dataset, Error, ImageFiles, ImageOptions, Loader};

fn skipping() -> ImageOptions {
    ImageOptions { bad_files: BadFiles::Skip, ..options() }
}

/// The bytes with which each image is filled, or the name of the one that is wrong.
fn fillings(set: &dyn Dataset) -> Vec<Result<u8, String>> {
    let of = |index| match set.get(index) {
        Ok(example) => Ok(example.image()[0]),
        // The whole path is named; its end tells the images apart.
        Err(Error::Image { name, .. }) => Err(name.rsplit('/').next().unwrap().to_string()),
        Err(error) => panic!("{error:?}"),
    };
    (0..set.len().unwrap()).map(of).collect()
}

#[test]
fn the_first_bad_file_stops_by_default() {
    let (first, third) = (flat_png(2, 2, 1), flat_png(2, 2, 3));
    let (_outer, path) = folder(&[("1.png", &first), ("2.png", b"text"), ("3.png", &third)]);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(fillings(&set), [Ok(1), Err("2.png".into()), Ok(3)]);
    assert!(set.left_out().is_empty());
    assert_eq!(BadFiles::default(), BadFiles::Error);
    let mut loader = Loader::new(Arc::new(set), 0, 3, 0, false).unwrap();
    let text = loader.next_batch().unwrap_err().to_string();
    assert!(text.contains("2.png"), "{text}");
}

#[test]
fn a_skipped_file_is_counted_and_the_next_one_shown() {
    let (first, third) = (flat_png(2, 2, 1), flat_png(2, 2, 3));
    let cut = &third[..third.len() / 2];
    let (_outer, path) =
        folder(&[("1.png", &first), ("2.png", b"text"), ("3.png", cut), ("4.png", &third), ("5.png", b"")]);
    let set = ImageFiles::open(&path, skipping()).unwrap();
    // Those whose heads are none's were left out before anything was counted.
    assert_eq!((set.left_out(), set.len()), (vec!["2.png".into(), "5.png".into()], Some(3)));
    assert_eq!(fillings(&set), [Ok(1), Ok(3), Ok(3)]);
    assert_eq!(set.left_out(), ["2.png", "3.png", "5.png"]);
    assert_eq!(fillings(&set)[1], Ok(3));
    assert_eq!((set.left_out().len(), set.len()), (3, Some(3)), "each counts once");
}

#[test]
fn nothing_but_bad_files_is_an_error_even_then() {
    let (_outer, path) = folder(&[("1.png", b"text"), ("2.png", b"")]);
    let Err(error) = ImageFiles::open(&path, skipping()) else { panic!("it was opened") };
    let text = error.to_string();
    assert!(text.contains("toy") && text.contains("none of its files is an image"), "{text}");
    // Found only when their turn comes.
    let png = flat_png(2, 2, 3);
    let (_outer, path) = folder(&[("1.png", &png[..png.len() / 2]), ("2.png", &png[..png.len() / 2])]);
    let set = ImageFiles::open(&path, skipping()).unwrap();
    let text = set.get(0).unwrap_err().to_string();
    assert!(text.contains("toy") && text.contains("none of its files is an image"), "{text}");
    assert_eq!(set.left_out().len(), 2);
}

/// A file that vanished, or one that may not be read, is as bad as one that is no image.
#[test]
fn a_file_that_is_gone_is_named_or_skipped() {
    let (_outer, path) = folder(&[("1.png", &flat_png(2, 2, 1)), ("2.png", &flat_png(2, 2, 2))]);
    let [strict, lenient] = [options(), skipping()].map(|options| ImageFiles::open(&path, options).unwrap());
    std::fs::remove_file(path.join("2.png")).unwrap();
    let text = strict.get(1).unwrap_err().to_string();
    assert!(text.contains("cannot read") && text.contains("2.png"), "{text}");
    assert_eq!(lenient.get(1).unwrap().image(), [1; 12]);
    assert_eq!(lenient.left_out(), ["2.png"]);
}

#[test]
fn sizes_are_counted_from_the_heads() {
    let (small, wide) = (flat_png(2, 3, 1), flat_png(5, 70, 2));
    let (_outer, path) =
        folder(&[("1.png", &small), ("2.png", b"text"), ("3.png", &wide), ("4.png", &small), ("5.png", b"")]);
    let set = ImageFiles::open(&path, options()).unwrap();
    let (sizes, bad) = set.sizes();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [([2, 3], 2), ([5, 70], 1)]);
    assert_eq!(bad, ["2.png", "5.png"]);
    assert!(set.left_out().is_empty());
}

#[test]
fn choices_are_written_in_lower_case() {
    assert_eq!(serde_json::to_string(&[BadFiles::Error, BadFiles::Skip]).unwrap(), r#"["error","skip"]"#);
    assert!(serde_json::from_str::<BadFiles>("\"ignore\"").is_err());
}
