//! Images are shown as their EXIF says.

use crate::make::{encode, options, png};
use image::{GrayImage, ImageFormat, Luma};
use tweedie_data::{ImageFiles, decode};

/// A TIFF head with one entry, the orientation; either byte order.
fn exif(orientation: u16, big_endian: bool) -> Vec<u8> {
    let two = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut bytes = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    bytes.extend(two(42));
    bytes.extend(four(8));
    bytes.extend([two(1), two(0x112), two(3)].concat());
    bytes.extend(four(1));
    bytes.extend([two(orientation), two(0)].concat());
    bytes.extend(four(0));
    bytes
}

/// Blocks of 8 × 8 pixels, which JPEG keeps apart: 2 down, 3 across, each of another grey.
const BLOCKS: [[u8; 3]; 2] = [[0, 50, 100], [150, 200, 250]];

fn jpeg(segment: &[u8]) -> Vec<u8> {
    let image = GrayImage::from_fn(24, 16, |x, y| Luma([BLOCKS[y as usize / 8][x as usize / 8]]));
    let bytes = encode(image, ImageFormat::Jpeg);
    let content = [b"Exif\0\0".as_slice(), segment].concat();
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&bytes[..2], &[0xff, 0xe1], &length, &content, &bytes[2..]].concat()
}

/// The blocks' greys as they are shown.
fn shown(bytes: &[u8]) -> Vec<Vec<u8>> {
    let image = decode(bytes, 1, [0; 3]).unwrap();
    let rows = image.bytes.chunks_exact(image.width).skip(4).step_by(8);
    rows.map(|row| row.iter().skip(4).step_by(8).map(|&value| (value + 5) / 10 * 10).collect()).collect()
}

/// Where row 0 and column 0 of the file are shown, by the standard's table.
fn expected(orientation: u16) -> Vec<Vec<u8>> {
    let [first, second] = BLOCKS.map(|row| row.to_vec());
    let reversed = |row: &[u8]| row.iter().rev().copied().collect::<Vec<u8>>();
    let columns = |top: &[u8], below: &[u8]| top.iter().zip(below).map(|(&a, &b)| vec![a, b]).collect();
    match orientation {
        2 => vec![reversed(&first), reversed(&second)],
        3 => vec![reversed(&second), reversed(&first)],
        4 => vec![second, first],
        // Row 0 is the left side, column 0 the top: transposed.
        5 => columns(&first, &second),
        // Row 0 is the right side, column 0 the top.
        6 => columns(&second, &first),
        // Row 0 is the right side, column 0 the bottom.
        7 => columns(&reversed(&second), &reversed(&first)),
        // Row 0 is the left side, column 0 the bottom.
        8 => columns(&reversed(&first), &reversed(&second)),
        _ => vec![first, second],
    }
}

#[test]
fn all_eight_orientations_are_applied() {
    for orientation in 1..=8 {
        for big_endian in [false, true] {
            let bytes = jpeg(&exif(orientation, big_endian));
            assert_eq!(shown(&bytes), expected(orientation), "orientation {orientation}, {big_endian}");
        }
    }
}

#[test]
fn png_may_say_its_orientation_too() {
    let rows: [&[u8]; 2] = [&[1, 2, 3], &[4, 5, 6]];
    let bytes = png([2, 3], 8, 0, &[(b"eXIf", &exif(6, true))], &rows);
    let image = decode(&bytes, 1, [0; 3]).unwrap();
    assert_eq!((image.height, image.width), (3, 2));
    assert_eq!(image.bytes, [4, 1, 5, 2, 6, 3]);
}

#[test]
fn nonsense_is_no_orientation() {
    for orientation in [0, 9, 255, 256 + 6, u16::MAX] {
        assert_eq!(shown(&jpeg(&exif(orientation, true))), expected(1), "orientation {orientation}");
    }
    let whole = exif(6, false);
    for n in 0..16 {
        assert_eq!(shown(&jpeg(&whole[..n])), expected(1), "{n} bytes of EXIF");
    }
    assert_eq!(shown(&jpeg(b"MM\0\x2a\xff\xff\xff\xff")), expected(1));
}

/// Sizes are those shown, not those stored.
#[test]
fn sizes_are_turned() {
    let files = [1, 3, 6, 8].map(|orientation| jpeg(&exif(orientation, true)));
    let names = ["1.jpg", "3.jpg", "6.jpg", "8.jpg"];
    let named: Vec<_> = names.into_iter().zip(files.iter().map(Vec::as_slice)).collect();
    let (_outer, path) = crate::make::folder(&named);
    let (sizes, bad) = ImageFiles::open(&path, options()).unwrap().sizes();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [([16, 24], 2), ([24, 16], 2)]);
    assert!(bad.is_empty());
}
