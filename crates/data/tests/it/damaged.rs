//! What is no image is refused in words, and costs nothing.

use crate::make::{encode, file, flat_png, gzip, options, png, tar};
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::time::{Duration, Instant};
use tweedie_data::{Dataset, Error, ImageFiles, decode};

#[track_caller]
fn refused(bytes: &[u8], reason: &str) {
    let text = decode(bytes, 3, [255; 3]).unwrap_err();
    assert!(text.contains(reason), "{text:?} lacks {reason:?}");
}

fn noise() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x * x + y) as u8]))
}

#[test]
fn files_of_other_kinds_are_refused() {
    for bytes in [b"".as_slice(), b"P", b"dear diary,", &[0; 100], &gzip(b"text"), &tar(&[])] {
        refused(bytes, "its first bytes are of no image format");
    }
    refused(b"<svg/>", "its format is SVG; the formats that are decoded are PNG, JPEG");
}

/// Wherever it is cut: nothing is made up for what is missing.
#[test]
fn truncated_images_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Pnm] {
        let bytes = encode(noise(), format);
        // The last twelve bytes of a PNG only say that it ends, the last of a WebP fills up to an even number.
        let least = match format {
            ImageFormat::Png => bytes.len() - 12,
            ImageFormat::WebP => bytes.len() - 1,
            _ => bytes.len(),
        };
        for n in (0..least).step_by(97).chain([least - 1]) {
            let read = decode(&bytes[..n], 3, [0; 3]);
            assert!(read.is_err(), "{n} of {} bytes of {format:?} were read", bytes.len());
        }
    }
    let bytes = encode(noise(), ImageFormat::Jpeg);
    // Up to where the coefficients begin.
    let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    for n in (0..scan).step_by(31) {
        assert!(decode(&bytes[..n], 3, [0; 3]).is_err(), "{n} of {} bytes of JPEG were read", bytes.len());
    }
}

/// Phones append films to images; what they hold is no sign of an image that was cut off.
#[test]
fn what_lies_behind_the_end_of_a_jpeg_is_not_looked_at() {
    let whole = encode(noise(), ImageFormat::Jpeg);
    for tail in [&[0xff, 0xda, 0, 1][..], b"\0\0\0\x18ftypmp42", &[0xff; 9]] {
        let motion = [&whole, tail].concat();
        assert_eq!(decode(&motion, 3, [0; 3]), decode(&whole, 3, [0; 3]));
        let cut = [&whole[..whole.len() - 2], tail].concat();
        assert!(decode(&cut, 3, [0; 3]).is_err(), "cut before the end, {tail:?} behind it");
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut bytes = encode(noise(), ImageFormat::Png);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    refused(&bytes, "it is damaged or cut off");
}

/// A few bytes that announce gigabytes.
#[test]
fn decompression_bombs_are_refused_at_once() {
    let start = Instant::now();
    for sides in [[60_000, 60_000], [1, 40_000], [40_000, 1], [u32::MAX >> 1, u32::MAX >> 1]] {
        refused(&png(sides, 8, 2, &[], &[]), "it announces more than 32768 pixels a side");
    }
    refused(&png([30_000, 30_000], 16, 6, &[], &[]), "it announces");
    // A gigabyte as one byte a pixel, three more on the way.
    refused(&png([32_000, 32_000], 1, 0, &[], &[]), "it announces 32000×32000 pixels");
    refused(b"P6 60000 60000 255 ", "it announces more than 32768 pixels a side");
    refused(b"P6 32768 32768 255 ", "it announces");
    let mut bitmap = encode(noise(), ImageFormat::Bmp);
    bitmap[18..26].copy_from_slice(&[96, 234, 0, 0, 96, 234, 0, 0]);
    refused(&bitmap, "it announces more than 32768 pixels a side");
    let mut jpeg = encode(noise(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[234, 96, 234, 96]);
    refused(&jpeg, "it announces more than 32768 pixels a side");
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
}

#[test]
fn images_without_pixels_are_refused() {
    for sides in [[0, 5], [5, 0], [0, 0]] {
        assert!(decode(&png(sides, 8, 0, &[], &[]), 3, [0; 3]).is_err(), "{sides:?} as PNG");
    }
    for text in [b"P5 0 4 255 ", b"P5 4 0 255 "] {
        assert!(decode(text, 3, [0; 3]).is_err());
    }
    let mut bitmap = encode(noise(), ImageFormat::Bmp);
    bitmap[18..22].copy_from_slice(&[0; 4]);
    assert!(decode(&bitmap, 3, [0; 3]).is_err());
}

/// Nothing is between an image of one pixel and one whose other side is longest.
#[test]
fn the_least_and_the_longest_images_are_read() {
    assert_eq!(decode(&flat_png(1, 1, 7), 3, [0; 3]).unwrap().bytes, [7; 3]);
    let long = GrayImage::from_pixel(32_768, 1, Luma([9]));
    assert_eq!(decode(&encode(long, ImageFormat::Png), 1, [0; 3]).unwrap().width, 32_768);
}

#[test]
fn the_file_is_named() {
    let good = flat_png(2, 2, 9);
    let (_outer, path) = file("toy.tar", &tar(&[("inner/b.png", b"no image"), ("inner/a.png", &good)]));
    let set = ImageFiles::open(&path, options()).unwrap();
    assert!(set.get(0).is_ok());
    let error = set.get(1).unwrap_err();
    assert!(
        matches!(&error, Error::Image { name, .. } if name.ends_with("toy.tar/inner/b.png")),
        "{error:?}"
    );
    let text = "inner/b.png is not an image that can be decoded: its first bytes are of no image format; the formats";
    assert!(error.to_string().contains(text), "{error}");
}
