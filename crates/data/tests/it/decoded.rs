//! A set that is decoded before it is used: bad files are found at once.

use crate::make::{flat_png, folder, keys, options};
use std::ops::ControlFlow;
use std::sync::Arc;
use tweedie_data::{BadFiles, Dataset, Error, ImageFiles, ImageOptions, MemoryCache, Values};

fn skipping() -> ImageOptions {
    ImageOptions { bad_files: BadFiles::Skip, ..options() }
}

/// An image whose head is right and whose rest is missing.
fn cut() -> Vec<u8> {
    let mut bytes = flat_png(9, 9, 200);
    bytes.truncate(bytes.len() - 20);
    bytes
}

#[test]
fn every_image_is_decoded_in_order() {
    let images: Vec<Vec<u8>> = (0..50).map(|i| flat_png(2, 2, i)).collect();
    let names: Vec<String> = (0..50).map(|i| format!("{i:02}.png")).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(images.iter().map(Vec::as_slice)).collect();
    let (_outer, path) = folder(&files);
    let mut set = ImageFiles::open(&path, options()).unwrap();
    assert!(set.fits(50 * 12) && !set.fits(50 * 12 - 1));
    let mut seen = Vec::new();
    let decoded = set.decode_all(&mut |done| {
        seen.push(done);
        ControlFlow::Continue(())
    });
    assert_eq!(seen, (1..=50).collect::<Vec<u64>>());
    let decoded = decoded.unwrap();
    let expected: Vec<Values> = (0..50).map(|i| Values::Bytes(vec![i; 12])).collect();
    assert_eq!(decoded, expected);
    std::fs::remove_file(path.join("07.png")).unwrap();
    let cached = MemoryCache::filled(Arc::new(set), decoded);
    assert_eq!(cached.get(7).unwrap().image(), [7; 12], "nothing is decoded again");
}

#[test]
fn the_first_bad_file_by_name_is_named_with_the_number_of_others() {
    let good = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("a.png", &good), ("b.png", &cut()), ("c.png", &cut()), ("d.png", &cut())]);
    let mut set = ImageFiles::open(&path, options()).unwrap();
    set.check().unwrap();
    let text = set.decode_all(&mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(
        text.contains("toy/b.png is not an image that can be decoded")
            && text.ends_with("; 2 other files cannot be decoded, either"),
        "{text}"
    );
}

#[test]
fn skipped_files_are_no_part_of_the_set() {
    let good = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[
        ("a/1.png", &good),
        ("a/2.png", &cut()),
        ("b/1.png", &good),
        ("c/1.png", &cut()),
        ("c/2.png", &good),
    ]);
    let mut set = ImageFiles::open(&path, skipping()).unwrap();
    assert_eq!(set.len(), Some(5));
    let decoded = set.decode_all(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(
        (decoded.len(), keys(&set)),
        (3, ["a/1.png", "b/1.png", "c/2.png"].map(String::from).to_vec())
    );
    assert_eq!(set.left_out(), ["a/2.png", "c/1.png"]);
    assert_eq!((set.class_names().len(), set.label(2)), (3, Some(2)));
    // A second look at the files does not count them either.
    let again = ImageFiles::open(&path, skipping()).unwrap();
    again.skip(set.left_out());
    assert_eq!(again.sizes().0.into_iter().collect::<Vec<_>>(), [([2, 2], 3)]);
}

#[test]
fn a_set_or_a_class_of_nothing_but_bad_files_is_refused() {
    let good = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("1.png", &cut()), ("2.png", &cut())]);
    let mut set = ImageFiles::open(&path, skipping()).unwrap();
    let text = set.decode_all(&mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(text.contains("none of its files is an image"), "{text}");
    let (_outer, path) = folder(&[("a/1.png", &good), ("b/1.png", &cut()), ("c/1.png", &good)]);
    let mut set = ImageFiles::open(&path, skipping()).unwrap();
    let text = set.decode_all(&mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(text.contains("its class b has no images"), "{text}");
}

#[test]
fn the_work_can_be_stopped() {
    let (_outer, path) = folder(&[("a.png", &flat_png(2, 2, 7)), ("b.png", &flat_png(2, 2, 7))]);
    let mut set = ImageFiles::open(&path, options()).unwrap();
    let error = set.decode_all(&mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
}
