//! Real archives, where they are at hand: their numbers and classes are known.

use crate::make::keys;
use tweedie_data::{BadFiles, ClassSource, Dataset, Fit, ImageFiles, ImageOptions, Shape, SplitFolders};
use tweedie_testing::shared;

fn options(channels: usize, height: usize, width: usize) -> ImageOptions {
    ImageOptions {
        shape: Shape { channels, height, width },
        fit: Fit::Crop,
        background: [255; 3],
        may_flip: true,
        bad_files: BadFiles::Error,
        captions: None,
        classes: ClassSource::Auto,
        splits: SplitFolders::Auto,
    }
}

#[test]
fn emoji() {
    let Some(path) = shared("data/noto-emoji/noto_raw_32.tar") else { return };
    let set = ImageFiles::open(&path, options(3, 32, 32)).unwrap();
    assert_eq!((set.name().as_str(), set.len(), set.class_names().len()), ("noto_raw_32", Some(3845), 0));
    let (sizes, bad) = set.sizes();
    assert_eq!((sizes.into_iter().collect::<Vec<_>>(), bad.len()), (vec![([32, 32], 3845)], 0));
    // They are transparent at the corners, whatever lies behind.
    let teal =
        ImageFiles::open(&path, ImageOptions { background: [10, 200, 30], ..options(3, 32, 32) }).unwrap();
    let (mut white, n) = (0, 3845 / 7);
    for index in (0..7 * n).step_by(7) {
        let (on_white, on_teal) = (set.get(index).unwrap(), teal.get(index).unwrap());
        let corner = |image: &[u8]| [0, 1, 2].map(|c| image[c * 1024]);
        if corner(on_white.image()) == [255; 3] {
            white += 1;
            assert_eq!(corner(on_teal.image()), [10, 200, 30], "{}", set.key(index));
        }
        assert_eq!(on_white.label, None);
    }
    assert!(10 * white >= 8 * n, "{white} of {n} have a free corner");
}

#[test]
fn faces() {
    let Some(path) = shared("data/orl-faces/orl_faces_92x112.tar") else { return };
    let set = ImageFiles::open(&path, options(1, 112, 92)).unwrap();
    assert_eq!(set.len(), Some(400));
    let mut expected: Vec<String> = (1..=40).map(|i| format!("s{i}")).collect();
    expected.sort();
    assert_eq!(set.class_names(), expected);
    let mut counts = [0; 40];
    for (index, key) in keys(&set).iter().enumerate() {
        let label = set.label(index as u64).unwrap() as usize;
        assert!(key.starts_with(&format!("{}/", expected[label])), "{key} is of the class {label}");
        counts[label] += 1;
    }
    assert_eq!(counts, [10; 40]);
    let (sizes, bad) = set.sizes();
    assert_eq!((sizes.into_iter().collect::<Vec<_>>(), bad.len()), (vec![([112, 92], 400)], 0));
    // At their own size the pixels are those of the file, at a smaller one their mean stays.
    let bytes = std::fs::read(&path).unwrap();
    let small = ImageFiles::open(&path, options(1, 32, 32)).unwrap();
    for index in [0, 123, 399] {
        let whole = set.get(index).unwrap();
        let row = &whole.image()[..5 * 92];
        assert!(bytes.windows(row.len()).any(|window| window == row), "{}", set.key(index));
        let mean = |image: &[u8]| image.iter().map(|&it| f64::from(it)).sum::<f64>() / image.len() as f64;
        // Cropped are the upper and lower ten rows.
        let middle = mean(&whole.image()[10 * 92..102 * 92]);
        let off = mean(small.get(index).unwrap().image()) - middle;
        assert!(off.abs() < 1.0, "{}: off by {off}", set.key(index));
    }
}
