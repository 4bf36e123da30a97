//! Decoding of image files.

use super::formats::{READ, format_of, is_lfs_pointer, unread_format};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// A decoded image of any size: height × width × channels bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// The number of channels, 1 or 3.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// The values, row by row and pixel by pixel.
    pub bytes: Vec<u8>,
}

/// The longest side of an image. A few bytes can announce any size.
const MOST_PIXELS_A_SIDE: u32 = 1 << 15;

/// The greatest memory of a decoder, in bytes.
const MOST_MEMORY: u64 = 1 << 30;

/// Decodes an image by its content: PNG, JPEG, GIF, WebP, TIFF, BMP, PNM, TGA, ICO, DDS, QOI or farbfeld. Of an animation the
/// first frame is decoded, of a TIFF the first page, of an icon the largest image. The EXIF orientation is applied, 16 bits are
/// rounded to 8, transparent pixels are mixed with the background, and colours are kept or become grey (ITU-R BT.601 luma).
///
/// # Errors
/// The reason why the bytes cannot be decoded, as the end of a sentence.
pub fn decode(bytes: &[u8], channels: usize, background: [u8; 3]) -> Result<Pixels, String> {
    let image = read(bytes)?;
    let is_grey = !image.color().has_color();
    let background = if channels == 1 { [luma(&background); 3] } else { background };
    let (width, height) = (image.width() as usize, image.height() as usize);
    let opaque = over(image, background);
    let bytes = match (channels, is_grey) {
        (1, true) => opaque.chunks_exact(3).map(|pixel| pixel[0]).collect(),
        (1, false) => opaque.chunks_exact(3).map(luma).collect(),
        _ => opaque,
    };
    Ok(Pixels { channels: if channels == 1 { 1 } else { 3 }, height, width, bytes })
}

/// Height and width of an image file after orientation, from its header alone.
pub(super) fn size_of(bytes: &[u8]) -> Result<[usize; 2], String> {
    let mut decoder = decoder(bytes)?;
    let turned = turns(decoder.orientation().unwrap_or(Orientation::NoTransforms));
    let (width, height) = decoder.dimensions();
    let (width, height) = if turned { (height, width) } else { (width, height) };
    Ok([height as usize, width as usize])
}

fn turns(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, String> {
    let Some(format) = format_of(bytes) else { return Err(no_image(bytes)) };
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err("it is cut off: it has no end-of-image marker after its last scan".into());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS_A_SIDE);
    limits.max_image_height = Some(MOST_PIXELS_A_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| explain(&error))?;
    if decoder.dimensions().0 == 0 || decoder.dimensions().1 == 0 {
        return Err("it has no pixels".into());
    }
    if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
        return Err(
            "its pixels are floating-point numbers of unknown range; pixels of at most 16 bits are decoded"
                .into(),
        );
    }
    Ok(decoder)
}

/// The reason why bytes without the signature of a decoded format are not an image.
fn no_image(bytes: &[u8]) -> String {
    if is_lfs_pointer(bytes) {
        return "it is a Git LFS pointer, not the image; `git lfs pull` fetches the image".into();
    }
    match unread_format(bytes) {
        Some(format) => format!("its format is {format}; the formats that are decoded are {READ}"),
        None => format!("its first bytes are of no image format; the formats that are decoded are {READ}"),
    }
}

/// Whether a JPEG has its end-of-image marker. Decoders accept a truncated JPEG and fill in the missing pixels. The markers are followed
/// from the first one (ITU-T T.81, B.1), and bytes after the end, such as the video of a motion photo, are ignored.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Inside a scan, FF is followed by 0 or by a restart marker. FF before a marker is padding.
        let marker = loop {
            let Some(&[first, second]) = bytes.get(at..at + 2) else { return false };
            match (first, second) {
                (0xff, 0xff) => at += 1,
                (0xff, 0 | 1 | 0xd0..=0xd8) => at += 2,
                (0xff, marker) => break marker,
                _ => at += 1,
            }
        };
        if marker == 0xd9 {
            return true;
        }
        let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

fn read(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut decoder = decoder(bytes)?;
    // An image with unreadable EXIF data is not rotated.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (width, height) = decoder.dimensions();
    // Mixing with the background takes four bytes per pixel.
    let laid_over = 4 * u64::from(width) * u64::from(height);
    if decoder.total_bytes().max(laid_over) > MOST_MEMORY {
        return Err(format!("it announces {width}×{height} pixels, more than can be decoded"));
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| explain(&error))?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn explain(error: &ImageError) -> String {
    let cause = error.to_string();
    let cause = cause.trim_end();
    match error {
        ImageError::Limits(_) => {
            format!("it announces more than {MOST_PIXELS_A_SIDE} pixels a side or {} MiB", MOST_MEMORY >> 20)
        }
        ImageError::Unsupported(_) => {
            format!("it uses a feature of its format that is not decoded ({cause})")
        }
        _ => format!("it is damaged or cut off ({cause})"),
    }
}

/// The pixels as 8-bit RGB, with transparent pixels mixed with a background.
fn over(image: DynamicImage, background: [u8; 3]) -> Vec<u8> {
    if !image.color().has_alpha() {
        return image.into_rgb8().into_raw();
    }
    let mix = |pixel: &[u8]| {
        let alpha = u32::from(pixel[3]);
        std::array::from_fn::<u8, 3, _>(|c| {
            let sum = u32::from(pixel[c]) * alpha + u32::from(background[c]) * (255 - alpha);
            ((sum + 127) / 255) as u8
        })
    };
    image.into_rgba8().into_raw().chunks_exact(4).flat_map(mix).collect()
}

pub(super) fn luma(pixel: &[u8]) -> u8 {
    (0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])).round() as u8
}
