//! PNG files with text in them.

use crate::{Canvas, Error};
use std::io::Write;

/// Encodes a picture; `text` (keyword, value) says how it was made and can be read back by any viewer.
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
