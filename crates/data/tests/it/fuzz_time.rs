//! Right files of every format with a few wrong bytes, for as long as is asked.

use crate::make::{encode, flat_png, gzip, options, tar, zip};
use image::{ImageFormat, Rgb, RgbImage};
use std::path::Path;
use tweedie_data::{
    Arrays, Cifar, Dataset, Error, Idx, ImageFiles, Nouns, PointFile, PointFileOptions, decode,
};
use tweedie_testing::{Dice, fuzz};
use zip::CompressionMethod::{Deflated, Stored};

/// What stands in files of these formats.
const PIECES: [&[u8]; 18] = [
    b"IHDR",
    b"IDAT",
    b"PLTE",
    b"tRNS",
    b"\xff\xd8",
    b"\xff\xc0",
    b"\xff\xda",
    b"RIFF",
    b"VP8X",
    b"ALPH",
    b"P6 ",
    b" 65535 ",
    b"ustar\0",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"[[",
    b"\"data\":",
];

/// A format: its name, a right file and how long its head is.
type Format = (&'static str, &'static str, Vec<u8>, usize);

fn formats() -> Vec<Format> {
    let colours = RgbImage::from_fn(9, 7, |x, y| Rgb([(x * 13) as u8, (y * 15) as u8, (x * y) as u8]));
    let image = |format| encode(colours.clone(), format);
    let (first, second) = (flat_png(3, 2, 1), flat_png(2, 3, 2));
    let files = [("a/1.png", &first[..]), ("b/2.png", &second), ("captions.tsv", b"1.png\tone")];
    let idx = [&[0u8, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3][..], &[9; 12]].concat();
    let header = br#"{"x":{"dtype":"F32","shape":[2,1,2,2],"data_offsets":[0,32]}}"#;
    let numbers: Vec<u8> = (0..8).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let arrays = [&(header.len() as u64).to_le_bytes()[..], header, &numbers].concat();
    vec![
        ("IDX", "train-images-idx3-ubyte", idx.clone(), 16),
        ("gzipped IDX", "train-images-idx3-ubyte.gz", gzip(&idx), 20),
        ("CIFAR", "data_batch_1.bin", [3; 2 * 3073].into(), 1),
        ("PNG", "a.png", image(ImageFormat::Png), 60),
        ("JPEG", "a.jpg", image(ImageFormat::Jpeg), 200),
        ("WebP", "a.webp", image(ImageFormat::WebP), 40),
        ("BMP", "a.bmp", image(ImageFormat::Bmp), 54),
        ("PNM", "a.ppm", image(ImageFormat::Pnm), 12),
        ("GIF", "a.gif", image(ImageFormat::Gif), 30),
        ("TIFF", "a.tif", image(ImageFormat::Tiff), 20),
        ("TGA", "a.tga", image(ImageFormat::Tga), 18),
        ("QOI", "a.qoi", image(ImageFormat::Qoi), 14),
        (
            "ICO",
            "a.ico",
            encode(image::DynamicImage::from(colours.clone()).into_rgba8(), ImageFormat::Ico),
            30,
        ),
        ("DDS", "a.dds", crate::fuzz::dds(), 128),
        ("tar", "toy.tar", tar(&files), 512),
        ("gzipped tar", "toy.tar.gz", gzip(&tar(&files)), 20),
        ("zip", "toy.zip", zip(&files, Deflated), 60),
        ("stored zip", "toy.zip", zip(&files, Stored), 60),
        ("arrays", "toy.safetensors", arrays, 70),
        ("table", "toy.tsv", b"kind\tx\ty\nring\t1.5\t-2e3\nring\t\"0.25\"\t4\narm\t3\t5\n".into(), 60),
        ("Nouns", "image-data.json", crate::nouns::small().to_string().into_bytes(), 200),
    ]
}

/// Everything that a set gives has the set's shape; whether it gives all of it.
fn whole<D: Dataset>(set: Result<D, Error>) -> bool {
    let Ok(set) = set else { return false };
    let read = |index| match set.get(index) {
        Ok(example) => {
            assert_eq!(example.values.len(), set.shape().n_values());
            true
        }
        Err(_) => false,
    };
    (0..set.len().unwrap_or(3)).all(read)
}

/// Reads a file as what its place in the list of formats says.
fn reads(name: &str, path: &Path, bytes: &[u8]) -> bool {
    match name {
        "train-images-idx3-ubyte" | "train-images-idx3-ubyte.gz" => whole(Idx::open(path)),
        "data_batch_1.bin" => whole(Cifar::open(path.parent().unwrap())),
        "toy.tsv" => whole(PointFile::open(path, PointFileOptions::default())),
        "toy.safetensors" => whole(Arrays::open(path, None, None)),
        "image-data.json" => whole(Nouns::open(path, 0)),
        "toy.tar" | "toy.tar.gz" | "toy.zip" => whole(ImageFiles::open(path, options())),
        _ => match decode(bytes, 3, [1, 2, 3]) {
            Ok(it) => {
                assert!(
                    it.height > 0 && it.width > 0 && it.bytes.len() == it.channels * it.height * it.width
                );
                true
            }
            Err(_) => false,
        },
    }
}

#[test]
fn fuzz_for_a_stated_time() {
    let formats = formats();
    let place = tempfile::tempdir().unwrap();
    let kinds: Vec<&str> = formats.iter().map(|format| format.0).collect();
    for (_, name, right, _) in &formats {
        std::fs::write(place.path().join(name), right).unwrap();
        assert!(reads(name, &place.path().join(name), right), "{name}");
        std::fs::remove_file(place.path().join(name)).unwrap();
    }
    let make = |dice: &mut Dice| {
        let kind = dice.below(formats.len());
        let (_, name, right, head) = &formats[kind];
        let mut bytes = right.clone();
        // A damaged stream rarely opens: half of the time what it packs is damaged instead.
        match (*name, dice.below(2)) {
            ("train-images-idx3-ubyte.gz", 0) => {
                let mut inside = formats[0].2.clone();
                dice.damage(&mut inside, 16, &PIECES);
                bytes = gzip(&inside);
            }
            _ => dice.damage(&mut bytes, *head, &PIECES),
        }
        (kind, bytes)
    };
    fuzz(&kinds, make, |kind, bytes| {
        let name = formats[kind].1;
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let read = reads(name, &path, bytes);
        std::fs::remove_file(&path).unwrap();
        read
    });
}
