//! Image files of every kind become the pixels that were put in.

use crate::make::{encode, png};
use image::{GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use tweedie_data::{Pixels, decode};

const WHITE: [u8; 3] = [255; 3];
const TEAL: [u8; 3] = [10, 200, 30];

/// Colours that differ from pixel to pixel.
fn colours() -> RgbImage {
    RgbImage::from_fn(5, 3, |x, y| Rgb([(x * 50) as u8, (y * 100) as u8, (x * y * 20) as u8]))
}

fn grey() -> GrayImage {
    GrayImage::from_fn(5, 3, |x, y| Luma([(x * 60 + y) as u8]))
}

/// The bytes in colour.
#[track_caller]
fn pixels(bytes: &[u8], background: [u8; 3]) -> Vec<u8> {
    let image = decode(bytes, 3, background).unwrap();
    assert_eq!(image.channels, 3);
    image.bytes
}

#[test]
fn lossless_formats_give_back_every_pixel() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Pnm] {
        let expected = Pixels { channels: 3, height: 3, width: 5, bytes: colours().into_raw() };
        assert_eq!(decode(&encode(colours(), format), 3, WHITE).unwrap(), expected, "{format:?}");
    }
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Pnm] {
        let expected = Pixels { channels: 1, height: 3, width: 5, bytes: grey().into_raw() };
        assert_eq!(decode(&encode(grey(), format), 1, WHITE).unwrap(), expected, "{format:?}");
    }
}

#[test]
fn a_grey_image_in_colour_repeats_its_values() {
    let thrice: Vec<u8> = grey().into_raw().into_iter().flat_map(|value| [value; 3]).collect();
    assert_eq!(pixels(&encode(grey(), ImageFormat::Png), WHITE), thrice);
}

#[test]
fn jpeg_is_close() {
    let smooth =
        RgbImage::from_fn(32, 24, |x, y| Rgb([(x * 4) as u8 + 60, (y * 5) as u8 + 60, (x + y) as u8 + 90]));
    let image = decode(&encode(smooth.clone(), ImageFormat::Jpeg), 3, WHITE).unwrap();
    assert_eq!((image.height, image.width), (24, 32));
    let off = smooth.into_raw().into_iter().zip(image.bytes).map(|(a, b)| f64::from(a.abs_diff(b)));
    // Colours lie at half the resolution and every coefficient is quantized.
    let mean = off.sum::<f64>() / (32.0 * 24.0 * 3.0);
    assert!(mean < 4.0, "off by {mean} on average");
    let even = GrayImage::from_pixel(9, 7, Luma([93]));
    let read = decode(&encode(even, ImageFormat::Jpeg), 1, WHITE).unwrap();
    assert!(read.bytes.iter().all(|value| value.abs_diff(93) <= 1), "{read:?}");
}

#[test]
fn plain_text_pnm_is_read() {
    assert_eq!(pixels(b"P3 2 1 255 1 2 3 250 251 252", WHITE), [1, 2, 3, 250, 251, 252]);
    assert_eq!(decode(b"P2 # why\n3 1\n255\n0 128 255\n", 1, WHITE).unwrap().bytes, [0, 128, 255]);
    assert_eq!(decode(b"P1 2 2 0 1 1 0", 1, WHITE).unwrap().bytes, [255, 0, 0, 255]);
}

/// 65535 is 255 and 257 is 1; what lies between goes to the nearest.
#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let values: Vec<u16> = vec![0, 128, 129, 257, 385, 386, 30_000, 32_768, 65_278, 65_406, 65_407, 65_535];
    let expected: Vec<u8> = values.iter().map(|&value| (f64::from(value) / 257.0).round() as u8).collect();
    let deep = ImageBuffer::<Luma<u16>, _>::from_raw(4, 3, values.clone()).unwrap();
    let deep_colours = ImageBuffer::<Rgb<u16>, _>::from_raw(2, 2, values).unwrap();
    for format in [ImageFormat::Png, ImageFormat::Pnm] {
        assert_eq!(decode(&encode(deep.clone(), format), 1, WHITE).unwrap().bytes, expected, "{format:?}");
        assert_eq!(pixels(&encode(deep_colours.clone(), format), WHITE), expected, "{format:?}");
    }
}

#[test]
fn few_bits_span_the_whole_range() {
    let read = |bits, row: &[u8]| decode(&png([1, 4], bits, 0, &[], &[row]), 1, WHITE).unwrap().bytes;
    assert_eq!(read(1, &[0b0110_0000]), [0, 255, 255, 0]);
    assert_eq!(read(2, &[0b0001_1011]), [0, 85, 170, 255]);
    assert_eq!(read(4, &[0x05, 0xaf]), [0, 85, 170, 255]);
}

#[test]
fn palettes_are_looked_up() {
    let palette = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    let rows: [&[u8]; 2] = [&[0, 1], &[2, 1]];
    let bytes = png([2, 2], 8, 3, &[(b"PLTE", &palette)], &rows);
    assert_eq!(pixels(&bytes, WHITE), [10, 20, 30, 40, 50, 60, 70, 80, 90, 40, 50, 60]);
    // The first colour is transparent, the second is half so.
    let bytes = png([2, 2], 8, 3, &[(b"PLTE", &palette), (b"tRNS", &[0, 51])], &rows);
    let half = [40, 50, 60].map(|value| (value + 4 * 255) / 5);
    let expected = [[255; 3], half, [70, 80, 90], half].concat();
    assert_eq!(pixels(&bytes, WHITE).into_iter().map(u32::from).collect::<Vec<_>>(), expected);
}

#[test]
fn a_transparent_colour_is_the_background() {
    let grey = png([1, 3], 8, 0, &[(b"tRNS", &[0, 7])], &[&[6, 7, 8]]);
    assert_eq!(pixels(&grey, TEAL), [6, 6, 6, 10, 200, 30, 8, 8, 8]);
    let colour = png([1, 2], 8, 2, &[(b"tRNS", &[0, 1, 0, 2, 0, 3])], &[&[1, 2, 3, 1, 2, 4]]);
    assert_eq!(pixels(&colour, TEAL), [10, 200, 30, 1, 2, 4]);
}

/// ITU-R BT.601's luma.
#[test]
fn colours_become_grey_by_their_luma() {
    let primaries = RgbImage::from_raw(
        6,
        1,
        vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 100, 150, 200],
    );
    let read = decode(&encode(primaries.unwrap(), ImageFormat::Png), 1, WHITE).unwrap();
    assert_eq!((read.channels, read.bytes), (1, vec![76, 150, 29, 255, 0, 141]));
}

fn over(value: u8, alpha: u8, background: u8) -> u8 {
    let (value, alpha, background) = (f64::from(value), f64::from(alpha) / 255.0, f64::from(background));
    (value * alpha + background * (1.0 - alpha)).round() as u8
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// αc + (1 − α)b, rounded: a half cannot occur, since 255 is odd.
    #[test]
    fn transparency_shows_the_background(
        pixel in any::<[u8; 4]>(), background in any::<[u8; 3]>(), webp in any::<bool>(),
    ) {
        let format = if webp { ImageFormat::WebP } else { ImageFormat::Png };
        let expected: [u8; 3] = std::array::from_fn(|c| over(pixel[c], pixel[3], background[c]));
        let bytes = encode(RgbaImage::from_pixel(1, 1, Rgba(pixel)), format);
        // A fully transparent pixel has no colour of its own in WebP.
        prop_assert_eq!(pixels(&bytes, background), expected);
        let grey = ImageBuffer::from_pixel(1, 1, LumaA([pixel[0], pixel[3]]));
        let expected = background.map(|background| over(pixel[0], pixel[3], background));
        prop_assert_eq!(pixels(&encode(grey, ImageFormat::Png), background), expected);
    }

    #[test]
    fn grey_colours_keep_their_value(value in any::<u8>()) {
        let bytes = encode(RgbImage::from_pixel(1, 1, Rgb([value; 3])), ImageFormat::Png);
        prop_assert_eq!(decode(&bytes, 1, TEAL).unwrap().bytes, [value]);
        let bytes = encode(RgbaImage::from_pixel(1, 1, Rgba([value, value, value, 0])), ImageFormat::Png);
        prop_assert_eq!(decode(&bytes, 1, [value; 3]).unwrap().bytes, [value]);
    }
}
