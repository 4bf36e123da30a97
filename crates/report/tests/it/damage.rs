//! Files that are cut, damaged or foreign are errors and nothing worse.

use crate::{encoded, gradient};
use tweedie_report::{Error, read_png, read_png_text};

/// The last chunk marks the end and holds nothing.
const END: usize = 12;

#[test]
fn cut_files_are_errors() {
    let bytes = encoded(&gradient(20, 10), &[("tweedie", "text".into())]);
    for n in 0..bytes.len() - END {
        let error = read_png(&bytes[..n]).expect_err("a part passed for the whole");
        assert!(matches!(error, Error::Png { action: "read", .. }), "of {n} bytes: {error:?}");
        assert!(error.to_string().starts_with("the PNG cannot be read: "), "of {n} bytes: {error}");
    }
    assert!(read_png_text(&bytes[..40]).is_err());
}

#[test]
fn foreign_files_are_errors() {
    for bytes in [&b""[..], b"P6 1 1 255 abc", b"\xff\xd8\xff\xe0", b"GIF89a", &[0; 100]] {
        assert!(read_png(bytes).is_err() && read_png_text(bytes).is_err(), "{bytes:?}");
    }
}

/// Each bit, one at a time: an error, or an image of the right number of bytes.
#[test]
fn flipped_bits_do_no_harm() {
    let bytes = encoded(&gradient(6, 5), &[("tweedie", "text".into())]);
    let mut refused = 0;
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // The text may be damaged and the pixels whole, or neither.
        let _ = read_png_text(&flipped);
        match read_png(&flipped) {
            Ok(image) => {
                assert_eq!(image.values.len(), image.channels * image.height * image.width);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 4 * bytes.len(), "only {refused} of {} flips were refused", 8 * bytes.len());
}

/// A file of a few dozen bytes that declares any size.
fn announcing(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = width.to_be_bytes().to_vec();
    head.extend(height.to_be_bytes());
    head.extend([8, colour, 0, 0, 0]);
    for (name, data) in
        [(b"IHDR", head), (b"IDAT", vec![0x78, 0x9c, 0x03, 0, 0, 0, 0, 1]), (b"IEND", Vec::new())]
    {
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(name);
        bytes.extend(&data);
        bytes.extend(checksum(&[&name[..], &data].concat()).to_be_bytes());
    }
    bytes
}

/// CRC-32, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step))
}

#[test]
fn impossible_sizes_are_errors() {
    assert!(read_png(&announcing(3, 2, 2)).is_err(), "its pixels are missing");
    assert!(read_png(&announcing(0, 2, 2)).is_err());
    assert!(read_png(&announcing(2, 0, 2)).is_err());
    let most = (1 << 31) - 1;
    for (width, height) in [(u32::MAX, 1), (most, most), (most, 1000)] {
        assert!(read_png(&announcing(width, height, 2)).is_err());
        assert!(read_png(&announcing(width, height, 6)).is_err());
    }
}

#[test]
fn announced_sizes_are_not_reserved() {
    for (width, height) in [(100_000, 100_000), (1000, (1 << 31) - 1)] {
        let bytes = announcing(width, height, 2);
        assert_eq!(bytes.len(), 65);
        let error = read_png(&bytes).unwrap_err();
        assert!(matches!(error, Error::Png { action: "read", .. }), "{error:?}");
    }
}
