//! No bytes make a reader panic.

use crate::make::{encode, file, flat_png, folder, gzip, options, png, tar, zip};
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use std::path::Path;
use tweedie_data::{Arrays, Cifar, Dataset, Idx, ImageFiles, Nouns, decode};
use zip::CompressionMethod::{Deflated, Stored};

/// Bytes overwritten at some places, and an end.
type Damage = (Vec<(Index, u8)>, Option<Index>);

fn damage() -> impl Strategy<Value = Damage> {
    let end = prop_oneof![3 => Just(None), 1 => any::<Index>().prop_map(Some)];
    // Nearly all ones and nearly all zeros make great and small numbers.
    let byte = prop_oneof![any::<u8>(), Just(255), Just(0), Just(127), Just(128)];
    (vec((any::<Index>(), byte), 0..8), end)
}

/// The first bytes are the head, where most of what can go wrong lies; half of the damage is done there.
fn damaged(bytes: &[u8], (places, end): &Damage, head: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (i, (place, value)) in places.iter().enumerate() {
        let n = if i % 2 == 0 { head.min(bytes.len()) } else { bytes.len() };
        bytes[place.index(n)] = *value;
    }
    bytes.truncate(end.map_or(bytes.len(), |end| end.index(bytes.len() + 1)));
    bytes
}

/// Reads everything that can be read.
fn look(path: &Path) {
    let Ok(set) = ImageFiles::open(path, options()) else { return };
    set.sizes();
    for index in 0..set.len().unwrap_or(0) {
        let _ = set.get(index);
    }
}

/// A DDS file of 8 × 8 pixels in DXT1.
pub fn dds() -> Vec<u8> {
    let word = |value: u32| value.to_le_bytes();
    let mut bytes = b"DDS ".to_vec();
    for value in [124, 0x1007, 8, 8, 32, 0, 0] {
        bytes.extend(word(value));
    }
    bytes.extend([0; 44]);
    bytes.extend([&word(32)[..], &word(4), b"DXT1", &[0; 20]].concat());
    bytes.extend([&word(0x1000)[..], &[0; 16]].concat());
    bytes.extend([0x1f, 0xf8, 0xe0, 0x07, 1, 2, 3, 4].repeat(4));
    bytes
}

fn images() -> Vec<Vec<u8>> {
    let colours = RgbImage::from_fn(20, 17, |x, y| Rgb([(x * 13) as u8, (y * 15) as u8, (x * y) as u8]));
    let clear = RgbaImage::from_fn(9, 9, |x, y| Rgba([(x * 13) as u8, (y * 15) as u8, 7, (x * y) as u8]));
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Pnm,
        ImageFormat::Gif,
        ImageFormat::Tiff,
        ImageFormat::Tga,
        ImageFormat::Qoi,
    ];
    let mut all: Vec<Vec<u8>> = formats.map(|format| encode(colours.clone(), format)).into();
    all.extend([encode(clear.clone(), ImageFormat::Png), encode(clear.clone(), ImageFormat::WebP)]);
    all.push(encode(image::DynamicImage::from(clear.clone()).into_rgba16(), ImageFormat::Farbfeld));
    // Blocks of 4 × 4 pixels.
    all.extend([encode(clear, ImageFormat::Ico), dds()]);
    all.push(png([2, 2], 8, 3, &[(b"PLTE", &[1; 6]), (b"tRNS", &[3])], &[&[0, 1], &[1, 0]]));
    all.extend([b"P3 2 1 255 1 2 3 250 251 252".to_vec(), b"P4 9 2 abcd".to_vec()]);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_images(damage in damage(), channels in 1usize..4) {
        for bytes in images() {
            if let Ok(image) = decode(&damaged(&bytes, &damage, 40), channels, [1, 2, 3]) {
                prop_assert_eq!(image.bytes.len(), image.channels * image.height * image.width);
                prop_assert!(image.height > 0 && image.width > 0);
            }
        }
    }

    #[test]
    fn random_bytes_behind_the_first_of_an_image(which in 0usize..17, n in 2usize..30, tail in vec(any::<u8>(), 0..200)) {
        let bytes = &images()[which];
        let _ = decode(&[&bytes[..n.min(bytes.len())], &tail].concat(), 3, [0; 3]);
    }

    #[test]
    fn random_files(bytes in vec(any::<u8>(), 0..600)) {
        for name in ["toy.tar", "toy.tar.gz", "toy.zip", "toy"] {
            look(&file(name, &bytes).1);
        }
        let (_outer, path) = file("toy.tar.gz", &gzip(&bytes));
        look(&path);
        let (_outer, path) = file("toy.idx", &bytes);
        let _ = (Idx::open(&path), Arrays::open(&path, None, None), Nouns::open(&path, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_archives(damage in damage()) {
        let (first, second) = (flat_png(3, 2, 1), flat_png(2, 3, 2));
        let files = [("a/1.png", &first[..]), ("b/2.png", &second), ("captions.tsv", b"1.png\tone")];
        let plain = tar(&files);
        let broken = damaged(&plain, &damage, 512);
        let whole = [("toy.tar", broken.clone()), ("toy.tar.gz", gzip(&broken))];
        let packed = gzip(&plain);
        let zips = [zip(&files, Stored), zip(&files, Deflated)];
        let others = zips.iter().map(|bytes| ("toy.zip", damaged(bytes, &damage, 60)));
        // The directory lies at the end.
        let ends = zips.iter().map(|bytes| {
            let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
            ("toy.zip", damaged(&reversed, &damage, 220).into_iter().rev().collect::<Vec<u8>>())
        });
        let streams = [("toy.tgz", damaged(&packed, &damage, 20))];
        for (name, bytes) in whole.into_iter().chain(others).chain(ends).chain(streams) {
            let (_outer, path) = file(name, &bytes);
            look(&path);
        }
    }

    /// With the checksum set right again, so that what is damaged is read.
    #[test]
    fn damaged_heads_of_a_tar(damage in damage()) {
        let first = flat_png(3, 2, 1);
        let mut bytes = damaged(&tar(&[("a.png", &first), ("b.png", &first)]), &(damage.0, None), 512);
        for start in [0, 1024] {
            bytes[start + 148..start + 156].fill(b' ');
            let sum: u32 = bytes[start..start + 512].iter().map(|&byte| u32::from(byte)).sum();
            bytes[start + 148..start + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        for (name, bytes) in [("toy.tar", bytes.clone()), ("toy.tar.gz", gzip(&bytes))] {
            let (_outer, path) = file(name, &bytes);
            look(&path);
        }
    }

    #[test]
    fn damaged_sets(damage in damage()) {
        let idx = [&[0u8, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3][..], &[9; 12]].concat();
        let (_outer, path) = folder(&[("train-images-idx3-ubyte", &damaged(&idx, &damage, 16))]);
        if let Ok(set) = Idx::open(&path) {
            (0..set.len().unwrap()).for_each(|index| drop(set.get(index)));
        }
        let (_outer, path) = folder(&[("data_batch_1.bin", &damaged(&[3; 2 * 3073], &damage, 1))]);
        if let Ok(set) = Cifar::open(&path) {
            (0..set.len().unwrap()).for_each(|index| drop(set.get(index)));
        }
    }
}
