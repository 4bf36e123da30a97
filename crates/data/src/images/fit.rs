//! Scaling of images to the size of a set.

use super::Pixels;
use super::decode::luma;
use crate::Shape;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

/// The treatment of an image with another aspect ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The image is scaled to cover the frame, and the overhang on two sides is cut off.
    #[default]
    Crop,
    /// The image is scaled to fit into the frame, and the rest is filled with the background.
    Pad,
    /// The image is stretched to the frame.
    Stretch,
}

/// Scales an image to the height and width of a shape by a Lanczos filter with 3 lobes, which is widened for smaller sizes to prevent
/// aliasing. Returns channels × height × width bytes. An image of the right size is not filtered.
///
/// # Errors
/// The reason why the image cannot be scaled, as the end of a sentence.
pub fn fit(image: &Pixels, shape: Shape, how: Fit, background: [u8; 3]) -> Result<Vec<u8>, String> {
    let (height, width) = (shape.height, shape.width);
    let n = image.height * image.width * image.channels;
    if n == 0 || image.bytes.len() != n || !matches!(image.channels, 1 | 3) || height * width == 0 {
        return Err(format!(
            "{} bytes of {} channels, {}×{} cannot be fitted to {height}×{width}",
            image.bytes.len(),
            image.channels,
            image.height,
            image.width
        ));
    }
    let scaled = match how {
        _ if (image.height, image.width) == (height, width) => image.bytes.clone(),
        Fit::Stretch => scale(image, [0.0, 0.0, image.width as f64, image.height as f64], [height, width])?,
        Fit::Crop => {
            let (w, h) = (image.width as f64, image.height as f64);
            let share = (w / width as f64).min(h / height as f64);
            let (cut_w, cut_h) = (share * width as f64, share * height as f64);
            scale(image, [(w - cut_w) / 2.0, (h - cut_h) / 2.0, cut_w, cut_h], [height, width])?
        }
        Fit::Pad => pad(image, [height, width], background)?,
    };
    // From interleaved pixels to planes.
    let channels = image.channels;
    let plane = height * width;
    let mut planes = vec![0; channels * plane];
    for (at, pixel) in scaled.chunks_exact(channels).enumerate() {
        for (channel, &value) in pixel.iter().enumerate() {
            planes[channel * plane + at] = value;
        }
    }
    Ok(planes)
}

fn pad(image: &Pixels, [height, width]: [usize; 2], background: [u8; 3]) -> Result<Vec<u8>, String> {
    let share = (width as f64 / image.width as f64).min(height as f64 / image.height as f64);
    let side = |n: usize, most: usize| ((n as f64 * share).round() as usize).clamp(1, most);
    let (h, w) = (side(image.height, height), side(image.width, width));
    let inner = scale(image, [0.0, 0.0, image.width as f64, image.height as f64], [h, w])?;
    let channels = image.channels;
    let background = if channels == 1 { vec![luma(&background)] } else { background.to_vec() };
    let mut framed = background.repeat(height * width);
    let (top, left) = ((height - h) / 2, (width - w) / 2);
    for (row, values) in inner.chunks_exact(w * channels).enumerate() {
        let start = ((top + row) * width + left) * channels;
        framed[start..start + w * channels].copy_from_slice(values);
    }
    Ok(framed)
}

/// Scales a part of an image ([left, top, width, height]) to a size (height, width).
fn scale(image: &Pixels, part: [f64; 4], [height, width]: [usize; 2]) -> Result<Vec<u8>, String> {
    let kind = if image.channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let failed = |error: String| format!("it cannot be scaled ({error})");
    let from = ImageRef::new(image.width as u32, image.height as u32, &image.bytes, kind)
        .map_err(|error| failed(error.to_string()))?;
    let mut to = Image::new(width as u32, height as u32, kind);
    let [left, top, w, h] = part;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, w, h)
        .use_alpha(false);
    Resizer::new().resize(&from, &mut to, &options).map_err(|error| failed(error.to_string()))?;
    Ok(to.into_vec())
}
