//! PNG files of every kind are decoded to 8 bits in grey or colour; what is transparent lies over white.

use png::{BitDepth, ColorType};
use tweedie_report::{Image, read_png};

/// A file of another writer.
fn file(
    (width, height): (u32, u32),
    colour: ColorType,
    depth: BitDepth,
    data: &[u8],
    set: impl FnOnce(&mut png::Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    set(&mut encoder);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

/// Asserts what a row of pixels decodes to: channels, and values channel by channel.
#[track_caller]
fn row(bytes: &[u8], width: usize, channels: usize, values: &[u8]) {
    let expected = Image { channels, height: 1, width, values: values.to_vec() };
    assert_eq!(read_png(bytes).unwrap(), expected);
}

#[test]
fn grey_stays_grey() {
    row(&file((3, 1), ColorType::Grayscale, BitDepth::Eight, &[0, 100, 255], |_| ()), 3, 1, &[0, 100, 255]);
    // Fewer bits span the whole range.
    row(
        &file((4, 1), ColorType::Grayscale, BitDepth::Two, &[0b00_01_10_11], |_| ()),
        4,
        1,
        &[0, 85, 170, 255],
    );
    row(
        &file((8, 1), ColorType::Grayscale, BitDepth::One, &[0b0110_0000], |_| ()),
        8,
        1,
        &[0, 255, 255, 0, 0, 0, 0, 0],
    );
    row(&file((3, 1), ColorType::Grayscale, BitDepth::Four, &[0x0f, 0x30], |_| ()), 3, 1, &[0, 255, 51]);
    let sixteen = [0x00, 0x00, 0x64, 0x64, 0xff, 0xff];
    row(&file((3, 1), ColorType::Grayscale, BitDepth::Sixteen, &sixteen, |_| ()), 3, 1, &[0, 100, 255]);
}

#[test]
fn colour_comes_channel_by_channel() {
    let data = [1, 2, 3, 4, 5, 6];
    row(&file((2, 1), ColorType::Rgb, BitDepth::Eight, &data, |_| ()), 2, 3, &[1, 4, 2, 5, 3, 6]);
    let sixteen: Vec<u8> = [1u16, 2, 3, 4, 5, 255].iter().flat_map(|v| (v * 257).to_be_bytes()).collect();
    row(&file((2, 1), ColorType::Rgb, BitDepth::Sixteen, &sixteen, |_| ()), 2, 3, &[1, 4, 2, 5, 3, 255]);
}

#[test]
fn palettes_are_looked_up() {
    let palette = [200, 100, 0, 10, 20, 30, 255, 255, 254];
    let set = |encoder: &mut png::Encoder<&mut Vec<u8>>| encoder.set_palette(palette.to_vec());
    let expected = [10, 255, 200, 20, 255, 100, 30, 254, 0];
    row(&file((3, 1), ColorType::Indexed, BitDepth::Eight, &[1, 2, 0], set), 3, 3, &expected);
    row(&file((3, 1), ColorType::Indexed, BitDepth::Two, &[0b01_10_00_00], set), 3, 3, &expected);
}

#[test]
fn what_is_transparent_lies_over_white() {
    // Opaque, clear, and a fifth of black and of grey.
    let data = [7, 255, 7, 0, 0, 51, 100, 51];
    row(&file((4, 1), ColorType::GrayscaleAlpha, BitDepth::Eight, &data, |_| ()), 4, 1, &[7, 255, 204, 224]);
    let data = [1, 2, 3, 255, 9, 9, 9, 0, 0, 100, 255, 51];
    row(
        &file((3, 1), ColorType::Rgba, BitDepth::Eight, &data, |_| ()),
        3,
        3,
        &[1, 255, 204, 2, 255, 224, 3, 255, 255],
    );
    let sixteen: Vec<u8> = [0u16, 0x3333].iter().flat_map(|v| v.to_be_bytes()).collect();
    row(&file((1, 1), ColorType::GrayscaleAlpha, BitDepth::Sixteen, &sixteen, |_| ()), 1, 1, &[204]);
}

/// One colour of a palette, or of an image, may be declared transparent.
#[test]
fn declared_transparency_lies_over_white() {
    let set = |encoder: &mut png::Encoder<&mut Vec<u8>>| {
        encoder.set_palette(vec![50, 60, 70, 0, 0, 0]);
        encoder.set_trns(vec![255, 51]);
    };
    let bytes = file((2, 1), ColorType::Indexed, BitDepth::Eight, &[0, 1], set);
    row(&bytes, 2, 3, &[50, 204, 60, 204, 70, 204]);
    let bytes =
        file((2, 1), ColorType::Grayscale, BitDepth::Eight, &[9, 8], |encoder| encoder.set_trns(vec![0, 9]));
    row(&bytes, 2, 1, &[255, 8]);
    let set = |encoder: &mut png::Encoder<&mut Vec<u8>>| encoder.set_trns(vec![0, 1, 0, 2, 0, 3]);
    row(
        &file((2, 1), ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 1, 2, 4], set),
        2,
        3,
        &[255, 1, 255, 2, 255, 4],
    );
}
