//! CIFAR's binary files made by hand.

use crate::make::{Named, file, folder};
use tweedie_data::{Cifar, Dataset, Error};
use tweedie_math::DataShape;

/// A record of a label and bytes that count up from a start, channel by channel.
fn record(label: u8, start: u8) -> Vec<u8> {
    std::iter::once(label)
        .chain((0..3072usize).map(|at| start.wrapping_add((at / 1024) as u8 * 50)))
        .collect()
}

fn batch(records: &[(u8, u8)]) -> Vec<u8> {
    records.iter().flat_map(|&(label, start)| record(label, start)).collect()
}

#[track_caller]
fn refused(files: &[Named], file: &str, reason: &str) {
    let (_outer, path) = folder(files);
    let error = Cifar::open(&path).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert!(text.contains(&path.join(file).display().to_string()) && text.contains(reason), "{text}");
}

#[test]
fn batches_are_read_in_order() {
    let batches: Vec<Vec<u8>> = (0..5).map(|i| batch(&[(i, 10 * i), (9 - i, 10 * i + 5)])).collect();
    let names: Vec<String> = (1..=5).map(|i| format!("data_batch_{i}.bin")).collect();
    let inner: Vec<String> = names.iter().map(|name| format!("cifar-10-batches-bin/{name}")).collect();
    for names in [names, inner] {
        let named: Vec<Named> =
            names.iter().map(String::as_str).zip(batches.iter().map(Vec::as_slice)).collect();
        let (_outer, path) = folder(&[&named[..], &[("test_batch.bin", b"other")]].concat());
        let set = Cifar::open(&path).unwrap();
        assert_eq!((set.len(), set.shape()), (Some(10), DataShape::image(3, 32, 32)));
        assert_eq!((set.name().as_str(), set.may_flip(), set.class_names().len()), ("cifar10", true, 10));
        for index in 0..10 {
            let example = set.get(index).unwrap();
            let (i, odd) = ((index / 2) as u8, index % 2 == 1);
            let label = if odd { 9 - i } else { i };
            assert_eq!(example.label, Some(u32::from(label)));
            assert_eq!(example.caption, set.class_names()[usize::from(label)]);
            assert_eq!(example.image(), &record(label, 10 * i + if odd { 5 } else { 0 })[1..]);
        }
        for index in [10, u64::MAX] {
            assert!(set.get(index).unwrap_err().to_string().contains("below the number of examples, 10"));
            assert_eq!((set.label(index), set.caption(index)), (None, String::new()));
        }
    }
}

#[test]
fn classes_have_their_names() {
    let (_outer, path) = folder(&[("data_batch_1.bin", &batch(&[(0, 0), (3, 0), (9, 0)]))]);
    let set = Cifar::open(&path).unwrap();
    assert_eq!([0, 1, 2].map(|index| set.caption(index)), ["airplane", "cat", "truck"]);
}

#[test]
fn foreign_and_cut_files_are_refused() {
    let whole = batch(&[(1, 0), (2, 0)]);
    for n in [0, 1, 3072, 3074, whole.len() - 1] {
        let reason = format!("it has {n} bytes, which is not a multiple of 3073");
        refused(&[("data_batch_1.bin", &whole[..n])], "data_batch_1.bin", &reason);
        refused(
            &[("data_batch_1.bin", &whole), ("data_batch_2.bin", &whole[..n])],
            "data_batch_2.bin",
            &reason,
        );
    }
    let foreign = batch(&[(9, 0), (10, 0)]);
    refused(
        &[("data_batch_1.bin", &foreign)],
        "data_batch_1.bin",
        "its record 1 has the label 10; labels are 0 to 9",
    );
}

#[test]
fn places_without_batches_are_named() {
    let (_outer, path) = folder(&[("train.bin", b"CIFAR-100"), ("data_batch_1", b"pickled")]);
    let error = Cifar::open(&path).unwrap_err();
    assert!(matches!(error, Error::NoData { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains("data_batch_1.bin"), "{text}");
    assert!(Cifar::open(&path.join("missing")).unwrap_err().to_string().contains("missing"));
    let (_outer, path) = file("data_batch_1.bin", &batch(&[(1, 0)]));
    assert!(Cifar::open(&path).is_err());
}
