//! Sheets: images of one size arranged in a grid.

use crate::Canvas;
use crate::canvas::LETTER;

/// The greatest number of images on a sheet.
pub const MOST_ON_A_SHEET: usize = 4096;

/// The greatest number of pixels of all images on a sheet.
const MOST_PIXELS: usize = 1 << 27;

/// The greatest number of images of a height and width on a sheet, at least 1. Small images are magnified to about 64 pixels.
pub fn most_on_a_sheet(height: usize, width: usize) -> usize {
    (MOST_PIXELS / height.max(64).saturating_mul(width.max(64))).max(1)
}

/// The layout of a sheet.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Number of images per row; 0 for a roughly square grid.
    pub columns: usize,
    /// Magnification; 0 to magnify small images automatically.
    pub zoom: usize,
    /// A label under each image. Images without one have an empty label; without any labels no space is reserved.
    pub labels: Vec<String>,
    /// Lines of text above the images.
    pub title: Vec<String>,
}

const GAP: usize = 2;
const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [30, 30, 30];
const FRAME: [u8; 3] = [200, 200, 200];

/// Draws images of channels × height × width bytes each on one sheet.
pub fn sheet(images: &[Vec<u8>], shape: [usize; 3], layout: &Sheet) -> Canvas {
    let [_, height, width] = shape;
    let n = images.len().max(1);
    let columns = if layout.columns > 0 { layout.columns } else { (n as f64).sqrt().ceil() as usize }.min(n);
    let zoom = if layout.zoom > 0 { layout.zoom } else { (64 / width.max(height).max(1)).clamp(1, 4) };
    let rows = n.div_ceil(columns);
    let (label_lines, letters) = label_lines(&layout.labels, (width * zoom + GAP) / LETTER);
    let cell = (width * zoom + GAP, height * zoom + GAP + label_lines * (LETTER + 2));
    let title_height = layout.title.len() * (LETTER + 4);
    let title_width =
        layout.title.iter().map(|line| line.chars().count() * LETTER + 2 * GAP).max().unwrap_or(0);
    let mut canvas =
        Canvas::new((columns * cell.0 + GAP).max(title_width), rows * cell.1 + GAP + title_height, PAPER);
    for (i, line) in layout.title.iter().enumerate() {
        canvas.text(GAP, GAP + i * (LETTER + 4), line, INK);
    }
    for (i, image) in images.iter().enumerate() {
        let (x, y) = (GAP + i % columns * cell.0, title_height + GAP + i / columns * cell.1);
        frame(&mut canvas, x, y, width * zoom, height * zoom);
        canvas.draw(x, y, image, shape, zoom);
        let label = layout.labels.get(i).map_or("", String::as_str);
        for (line, part) in wrap(label, letters).into_iter().take(label_lines).enumerate() {
            canvas.text(x, y + height * zoom + 2 + line * (LETTER + 2), &part, INK);
        }
    }
    canvas
}

/// Draws a thin frame, which separates white images from the background.
fn frame(canvas: &mut Canvas, x: usize, y: usize, width: usize, height: usize) {
    for i in 0..=width + 1 {
        canvas.set((x + i).saturating_sub(1), y.saturating_sub(1), FRAME);
        canvas.set((x + i).saturating_sub(1), y + height, FRAME);
    }
    for i in 0..=height + 1 {
        canvas.set(x.saturating_sub(1), (y + i).saturating_sub(1), FRAME);
        canvas.set(x + width, (y + i).saturating_sub(1), FRAME);
    }
}

fn label_lines(labels: &[String], letters: usize) -> (usize, usize) {
    let letters = letters.max(1);
    (labels.iter().map(|label| wrap(label, letters).len()).max().unwrap_or(0).min(4), letters)
}

/// Breaks text into lines of at most `letters` letters. Longer words are truncated.
fn wrap(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().take(letters).collect();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                *line += &format!(" {word}")
            }
            _ => lines.push(word),
        }
    }
    lines
}
