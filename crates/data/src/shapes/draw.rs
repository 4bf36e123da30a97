//! Anti-aliased drawing of figures.

use super::{BACKGROUNDS, COLOURS, Form, SIZES};
use crate::Shape;

/// The figure of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The form.
    pub form: Form,
    /// The index of the colour in [`COLOURS`].
    pub colour: usize,
    /// The index of the background in [`BACKGROUNDS`].
    pub background: usize,
    /// The horizontal centre of the bounding box, in pixels from the left edge.
    pub x: f64,
    /// The vertical centre of the bounding box, in pixels from the top edge.
    pub y: f64,
    /// Half the width, in pixels.
    pub half: f64,
}

/// The ratio of the height of an equilateral triangle to its width: √3/2.
const HALF_HEIGHT: f64 = 0.866_025_403_784_438_6;

impl Figure {
    /// A description such as "a small red circle on white".
    pub fn caption(&self, shape: Shape) -> String {
        let (size, colour, form) = (SIZES[self.size(shape)].0, COLOURS[self.colour].0, self.form.name());
        format!("a {size} {colour} {form} on {}", BACKGROUNDS[self.background].0)
    }

    /// The index of the entry of [`SIZES`] with the nearest middle.
    pub fn size(&self, shape: Shape) -> usize {
        let share = self.half / shape.height.min(shape.width) as f64;
        let off = |row: usize| (share - (SIZES[row].1[0] + SIZES[row].1[1]) / 2.0).abs();
        (0..SIZES.len()).min_by(|&a, &b| off(a).total_cmp(&off(b))).unwrap_or(0)
    }

    /// The distance of a point to the edge of the figure; negative inside.
    fn distance(&self, x: f64, y: f64) -> f64 {
        let (dx, dy) = (x - self.x, y - self.y);
        match self.form {
            Form::Circle => dx.hypot(dy) - self.half,
            Form::Square => (dx.abs() - self.half).max(dy.abs() - self.half),
            Form::Triangle => {
                // The base below; the two sides fall by √3 per unit across from the tip above.
                let tip = self.y - HALF_HEIGHT * self.half;
                let side = dx.abs() * HALF_HEIGHT - (y - tip) * 0.5;
                side.max(dy - HALF_HEIGHT * self.half)
            }
        }
    }

    /// The share of a pixel that the figure covers, from the distance of the centre of the pixel.
    pub(super) fn coverage(&self, column: usize, row: usize) -> f64 {
        (0.5 - self.distance(column as f64 + 0.5, row as f64 + 0.5)).clamp(0.0, 1.0)
    }
}

/// Draws a figure as an image of 3 × height × width bytes.
pub fn draw(figure: &Figure, shape: Shape) -> Vec<u8> {
    let plane = shape.height * shape.width;
    let mut image = vec![0; shape.n_values()];
    let (ink, paper) = (COLOURS[figure.colour].1, BACKGROUNDS[figure.background].1);
    for at in 0..plane {
        let share = figure.coverage(at % shape.width, at / shape.width);
        for channel in 0..shape.channels.min(3) {
            let (ink, paper) = (f64::from(ink[channel]), f64::from(paper[channel]));
            image[channel * plane + at] = (paper + share * (ink - paper)).round() as u8;
        }
    }
    image
}
