//! PNG files with text in them.

use crate::{Canvas, Error};
use std::io::Write;

/// Encodes an image; `text` (keyword, value) says how it was made and can be read back by any viewer.
///
/// # Errors
/// [`Error::Png`] when the sink fails or a keyword is not one to 79 Latin letters.
pub fn write_png(canvas: &Canvas, text: &[(&str, String)], sink: impl Write) -> Result<(), Error> {
    let failed = |error: png::EncodingError| Error::Png { action: "written", reason: error.to_string() };
    let mut encoder = png::Encoder::new(sink, canvas.width as u32, canvas.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    for (keyword, value) in text {
        encoder.add_itxt_chunk((*keyword).to_string(), value.clone()).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&canvas.pixels).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// Encodes images of one size as an animated PNG, which repeats for ever; each stands for `delay` milliseconds, the last eight
/// times as long. Viewers that know no animation show the first.
///
/// # Errors
/// [`Error::Png`] for no image or other sizes, and those of [`write_png`].
pub fn write_animation(
    frames: &[Canvas],
    delay: u16,
    text: &[(&str, String)],
    sink: impl Write,
) -> Result<(), Error> {
    let wrong = |reason: &str| Error::Png { action: "written", reason: reason.into() };
    let failed = |error: png::EncodingError| Error::Png { action: "written", reason: error.to_string() };
    let first = frames.first().ok_or_else(|| wrong("an animation has at least one image"))?;
    let size = (first.width, first.height);
    if frames.iter().any(|frame| (frame.width, frame.height) != size) {
        return Err(wrong("the images of an animation have one size"));
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

/// The text of a PNG, as keyword and value.
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
    /// 1 or 3.
    pub channels: usize,
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
    /// Channels × height × width bytes.
    pub values: Vec<u8>,
}

impl Image {
    /// The image in grey (ITU-R 601 luma) or with its grey in three channels.
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

/// No image that is decoded is larger: a few bytes may announce any size.
const MOST_BYTES: usize = 1 << 30;

/// Decodes a PNG of any kind to 8 bits; transparency is laid over white.
///
/// # Errors
/// [`Error::Png`] for bytes that are not a whole PNG.
pub fn read_png(bytes: &[u8]) -> Result<Image, Error> {
    let failed = |error: png::DecodingError| Error::Png { action: "read", reason: error.to_string() };
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(failed)?;
    let too_large = || Error::Png { action: "read", reason: "it is too large for this machine".into() };
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
