//! PNG files with text metadata.

use crate::{Canvas, Error};
use std::io::Write;

/// Encodes an image as a PNG. `text` is metadata (keyword, value), such as a description of how the image was made.
///
/// # Errors
/// [`Error::Png`] if the sink fails or a keyword is not 1 to 79 Latin letters.
pub fn write_png(canvas: &Canvas, text: &[(&str, String)], sink: impl Write) -> Result<(), Error> {
    write(canvas, png::ColorType::Rgb, &canvas.pixels, text, sink)
}

/// Encodes the first channel of an image as a PNG of one channel, for images whose channels are equal.
///
/// # Errors
/// The errors of [`write_png`].
pub fn write_grey_png(canvas: &Canvas, text: &[(&str, String)], sink: impl Write) -> Result<(), Error> {
    let grey: Vec<u8> = canvas.pixels.iter().step_by(3).copied().collect();
    write(canvas, png::ColorType::Grayscale, &grey, text, sink)
}

fn write(
    canvas: &Canvas,
    color: png::ColorType,
    pixels: &[u8],
    text: &[(&str, String)],
    sink: impl Write,
) -> Result<(), Error> {
    let failed = |error: png::EncodingError| Error::Png { action: "written", reason: error.to_string() };
    let mut encoder = png::Encoder::new(sink, canvas.width as u32, canvas.height as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    for (keyword, value) in text {
        encoder.add_itxt_chunk((*keyword).to_string(), value.clone()).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// Encodes images of one size as an animated PNG that repeats forever. Each image is shown for `delay` milliseconds, the last one eight
/// times as long. Viewers without support for animations show the first image.
///
/// # Errors
/// [`Error::Png`] for no images or for images of different sizes, and the errors of [`write_png`].
pub fn write_animation(
    frames: &[Canvas],
    delay: u16,
    text: &[(&str, String)],
    sink: impl Write,
) -> Result<(), Error> {
    let wrong = |reason: &str| Error::Png { action: "written", reason: reason.into() };
    let failed = |error: png::EncodingError| Error::Png { action: "written", reason: error.to_string() };
    let first = frames.first().ok_or_else(|| wrong("an animation needs at least one image"))?;
    let size = (first.width, first.height);
    if frames.iter().any(|frame| (frame.width, frame.height) != size) {
        return Err(wrong("the images of an animation must have the same size"));
    }
    let mut encoder = png::Encoder::new(sink, first.width as u32, first.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(frames.len() as u32, 0).map_err(failed)?;
    for (keyword, value) in text {
        encoder.add_itxt_chunk((*keyword).to_string(), value.clone()).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    for (i, frame) in frames.iter().enumerate() {
        let long = if i + 1 == frames.len() { delay.saturating_mul(8) } else { delay };
        writer.set_frame_delay(long, 1000).map_err(failed)?;
        writer.write_image_data(&frame.pixels).map_err(failed)?;
    }
    writer.finish().map_err(failed)
}

/// Reads the text metadata of a PNG as keywords and values.
///
/// # Errors
/// [`Error::Png`] for bytes that are not a PNG.
pub fn read_png_text(bytes: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let failed = |error: png::DecodingError| Error::Png { action: "read", reason: error.to_string() };
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(failed)?;
    let info = reader.info();
    let mut pairs: Vec<_> = info
        .uncompressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.text.clone()))
        .collect();
    for chunk in &info.utf8_text {
        pairs.push((chunk.keyword.clone(), chunk.get_text().map_err(failed)?));
    }
    Ok(pairs)
}

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The number of channels, 1 or 3.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// The values, channels × height × width bytes.
    pub values: Vec<u8>,
}

impl Image {
    /// Converts the image to 1 channel (ITU-R 601 luma) or to 3 equal channels.
    pub fn with_channels(&self, channels: usize) -> Self {
        let plane = self.height * self.width;
        let values = match (self.channels, channels) {
            (from, to) if from == to => self.values.clone(),
            (3, 1) => (0..plane)
                .map(|at| {
                    let of = |c: usize| f64::from(self.values[c * plane + at]);
                    (0.299 * of(0) + 0.587 * of(1) + 0.114 * of(2)).round() as u8
                })
                .collect(),
            _ => self.values[..plane].repeat(channels),
        };
        Self { channels, values, ..*self }
    }
}

/// The greatest size of a decoded image, because a file of a few bytes can declare any size.
const MOST_BYTES: usize = 1 << 30;

/// Decodes a PNG of any kind to 8 bits per value. Transparent pixels are blended with white.
///
/// # Errors
/// [`Error::Png`] for bytes that are not a complete PNG, or for an image of more than 1 GiB.
pub fn read_png(bytes: &[u8]) -> Result<Image, Error> {
    let failed = |error: png::DecodingError| Error::Png { action: "read", reason: error.to_string() };
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(failed)?;
    let too_large = || Error::Png { action: "read", reason: "its pixels take more than 1 GiB".into() };
    let size = reader.output_buffer_size().filter(|size| *size <= MOST_BYTES).ok_or_else(too_large)?;
    let mut buffer = vec![0; size];
    let info = reader.next_frame(&mut buffer).map_err(failed)?;
    let samples = info.color_type.samples();
    let channels = if samples <= 2 { 1 } else { 3 };
    let (height, width) = (info.height as usize, info.width as usize);
    let mut values = vec![0; channels * height * width];
    for (at, pixel) in buffer[..info.buffer_size()].chunks_exact(samples).enumerate() {
        let opacity = if samples % 2 == 0 { f64::from(pixel[samples - 1]) / 255.0 } else { 1.0 };
        for channel in 0..channels {
            let shown = opacity * f64::from(pixel[channel]) + (1.0 - opacity) * 255.0;
            values[channel * height * width + at] = shown.round() as u8;
        }
    }
    Ok(Image { channels, height, width, values })
}
