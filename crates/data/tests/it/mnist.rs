//! The real sets, where they are at hand: their sizes, labels and mean brightness are known.

use flate2::read::GzDecoder;
use std::fs::File;
use std::path::Path;
use tweedie_data::{Dataset, Idx};
use tweedie_math::DataShape;
use tweedie_testing::shared;

/// Counts by label, and the mean of all pixels, of a set of 60 000.
fn look(set: &Idx) -> (Vec<usize>, f64) {
    assert_eq!(set.len(), Some(60_000));
    assert_eq!(set.shape(), DataShape::image(1, 28, 28));
    let (mut counts, mut sum) = (vec![0; set.class_names().len()], 0);
    for index in 0..60_000 {
        let example = set.get(index).unwrap();
        let label = example.label.unwrap() as usize;
        counts[label] += 1;
        sum += example.image().iter().map(|&value| u64::from(value)).sum::<u64>();
        assert_eq!(example.caption, set.class_names()[label]);
    }
    assert!(set.get(60_000).is_err());
    (counts, sum as f64 / (60_000.0 * 784.0))
}

#[test]
fn digits() {
    let Some(folder) = shared("data/mnist") else { return };
    let set = Idx::open(&folder).unwrap();
    let (counts, mean) = look(&set);
    assert_eq!(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    // Known as .1307 in the range [0, 1].
    assert!((mean / 255.0 - 0.1307).abs() < 5e-5, "{mean}");
    assert_eq!(set.name(), "mnist");
    assert_eq!(set.class_names()[3], "3");
    assert_eq!([0, 1, 2, 3, 4].map(|index| set.get(index).unwrap().label.unwrap()), [5, 0, 4, 1, 9]);
}

#[test]
fn clothes() {
    let Some(folder) = shared("data/fashion-mnist") else { return };
    let set = Idx::open(&folder).unwrap();
    let (counts, mean) = look(&set);
    assert_eq!(counts, [6000; 10]);
    assert!((mean / 255.0 - 0.2860).abs() < 5e-5, "{mean}");
    assert_eq!(set.get(0).unwrap().caption, "ankle boot");
}

/// Unpacked files are the same set.
#[test]
fn unpacked() {
    let Some(packed) = shared("data/mnist") else { return };
    let folder = tempfile::tempdir().unwrap();
    let unpack = |name: &str, to: &Path| {
        let mut from = GzDecoder::new(File::open(packed.join(name).with_extension("gz")).unwrap());
        std::io::copy(&mut from, &mut File::create(to.join(name)).unwrap()).unwrap()
    };
    assert_eq!(unpack("train-images-idx3-ubyte", folder.path()), 16 + 60_000 * 784);
    assert_eq!(unpack("train-labels-idx1-ubyte", folder.path()), 8 + 60_000);
    let (packed, unpacked) = (Idx::open(&packed).unwrap(), Idx::open(folder.path()).unwrap());
    assert_eq!(unpacked.len(), packed.len());
    for index in 0..60_000 {
        assert_eq!(unpacked.get(index).unwrap(), packed.get(index).unwrap(), "image {index}");
    }
}
