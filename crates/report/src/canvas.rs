//! An RGB image for drawing.

use font8x8::{BASIC_FONTS, UnicodeFonts};

/// An RGB image for drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canvas {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// The pixels row by row from the top, width·height·3 bytes.
    pub pixels: Vec<u8>,
}

/// Width and height of a letter in pixels.
pub(crate) const LETTER: usize = 8;

impl Canvas {
    /// Creates an image of one colour.
    pub fn new(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self { width, height, pixels: colour.repeat(width * height) }
    }

    /// Sets the colour of a pixel. Pixels outside the image are ignored.
    pub fn set(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        if x < self.width && y < self.height {
            let at = 3 * (y * self.width + x);
            self.pixels[at..at + 3].copy_from_slice(&colour);
        }
    }

    /// The colour of a pixel; black outside the image.
    pub(crate) fn get(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * self.width + x);
        match self.pixels.get(at..at + 3) {
            Some(&[red, green, blue]) if x < self.width => [red, green, blue],
            _ => [0; 3],
        }
    }

    /// Draws an image of channels × height × width bytes (1 or 3 channels) at (x, y), each of its pixels as a square of side `zoom`.
    pub fn draw(
        &mut self,
        x: usize,
        y: usize,
        values: &[u8],
        [channels, height, width]: [usize; 3],
        zoom: usize,
    ) {
        let plane = height * width;
        for (row, column) in
            (0..height * zoom).flat_map(|row| (0..width * zoom).map(move |column| (row, column)))
        {
            let at = row / zoom * width + column / zoom;
            let value = |c: usize| values.get((c % channels.max(1)) * plane + at).copied().unwrap_or(0);
            self.set(x + column, y + row, [value(0), value(1), value(2)]);
        }
    }

    /// Draws a line of text in an 8×8 font. Letters that the font lacks are left blank.
    pub fn text(&mut self, x: usize, y: usize, text: &str, colour: [u8; 3]) {
        for (i, letter) in text.chars().enumerate() {
            let rows = BASIC_FONTS.get(letter).unwrap_or([0; 8]);
            for (row, bits) in rows.into_iter().enumerate() {
                for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                    self.set(x + i * LETTER + column, y + row, colour);
                }
            }
        }
    }
}
