//! The analyser of the built-in images: it fits a figure, redraws it and compares.
//!
//! An image is accepted as exactly one shape of the palette if the mean squared residual of the best redraw is at most [`MAX_RESIDUAL`]
//! (values in [0, 1]), if no connected patch remains unexplained, and if the size is one of the set, which excludes an empty image. Of
//! images with two separate shapes, it accepts at most 1 % at 16×16 and 32×32, and about 3 % at 12×20, where a small second shape has
//! seven pixels. A figure of which half is painted over is usually rejected, because the missing half remains unexplained; at 16×16, a
//! quarter of the small ones, a third of the medium ones and a seventh of the large ones are accepted, since half a figure resembles a
//! smaller one.

use super::{BACKGROUNDS, COLOURS, Figure, Form};
use crate::Shape;

/// The greatest mean squared residual of an accepted image, values in [0, 1].
pub const MAX_RESIDUAL: f64 = 0.008;

/// A stricter bound of the residual, at which edges that wobble visibly are rejected.
pub const STRICT_RESIDUAL: f64 = 0.004;

/// The squared residual of a pixel, averaged over channels, above which it is unexplained.
const LEFT_OVER: f64 = 0.035;
/// The number of connected unexplained pixels from which an image is rejected.
const PATCH: usize = 5;
/// The accepted range of half the width of a figure, as a share of the shorter side of the image: the range of the set, with a margin of a
/// pixel.
const HALF: std::ops::RangeInclusive<f64> = 0.14..=0.39;

/// The result of the analysis of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The best fitting figure.
    pub figure: Figure,
    /// The mean squared difference between the image and the redrawn figure, for values in [0, 1].
    pub residual: f64,
    /// The number of pixels in the largest connected unexplained patch.
    pub left_over: usize,
    /// Half the width of the figure as a share of the shorter side of the image.
    pub half_share: f64,
}

impl Reading {
    /// Whether the image is exactly one shape of the palette.
    pub fn accepted(&self) -> bool {
        self.accepted_at(MAX_RESIDUAL)
    }

    /// The same with another bound of the residual.
    pub fn accepted_at(&self, residual: f64) -> bool {
        self.residual <= residual && self.left_over < PATCH && HALF.contains(&self.half_share)
    }
}

/// Finds the best fitting figure for an image of 3 × height × width bytes.
pub fn analyse(image: &[u8], shape: Shape) -> Reading {
    let pixels = Pixels::new(image, shape);
    let background = pixels.background();
    let mut best: Option<(f64, Figure)> = None;
    for colour in pixels.likeliest_colours(background) {
        let Some((x, y, area)) = pixels.mass(colour, background) else { continue };
        for form in Form::ALL {
            let start = guess(form, colour, background, x, y, area);
            let (residual, figure) = pixels.refine(start);
            if best.is_none_or(|(least, _)| residual < least) {
                best = Some((residual, figure));
            }
        }
    }
    let nothing = Figure { form: Form::Circle, colour: 0, background, x: 0.0, y: 0.0, half: 0.0 };
    let (residual, figure) = best.unwrap_or_else(|| (pixels.residual(&nothing), nothing));
    let half_share = figure.half / shape.height.min(shape.width) as f64;
    Reading { figure, residual, left_over: pixels.left_over(&figure), half_share }
}

/// A form of the given area and centre of mass.
fn guess(form: Form, colour: usize, background: usize, x: f64, y: f64, area: f64) -> Figure {
    let half = match form {
        Form::Circle => (area / std::f64::consts::PI).sqrt(),
        Form::Square => area.sqrt() / 2.0,
        Form::Triangle => (area / 3f64.sqrt()).sqrt(),
    };
    // A triangle's centre of mass lies a third of its height above the base, below the middle of its box.
    let lift = if form == Form::Triangle { half * 3f64.sqrt() / 6.0 } else { 0.0 };
    Figure { form, colour, background, x, y: y - lift, half }
}

/// The pixels of an image as RGB values in [0, 1].
struct Pixels {
    values: Vec<[f64; 3]>,
    shape: Shape,
}

fn rgb(colour: [u8; 3]) -> [f64; 3] {
    colour.map(|value| f64::from(value) / 255.0)
}

fn squared(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|c| (a[c] - b[c]) * (a[c] - b[c])).sum()
}

impl Pixels {
    fn new(image: &[u8], shape: Shape) -> Self {
        let plane = shape.height * shape.width;
        let value = |c: usize, at: usize| f64::from(image[(c % shape.channels) * plane + at]) / 255.0;
        Self { values: (0..plane).map(|at| [value(0, at), value(1, at), value(2, at)]).collect(), shape }
    }

    /// The background nearest to the median of the outermost pixels.
    fn background(&self) -> usize {
        let (height, width) = (self.shape.height, self.shape.width);
        let is_edge = |at: usize| {
            let (row, column) = (at / width, at % width);
            row == 0 || column == 0 || row + 1 == height || column + 1 == width
        };
        let median = [0, 1, 2].map(|c| {
            let mut edge: Vec<f64> =
                (0..self.values.len()).filter(|&at| is_edge(at)).map(|at| self.values[at][c]).collect();
            edge.sort_by(f64::total_cmp);
            edge[edge.len() / 2]
        });
        let off = |row: usize| squared(median, rgb(BACKGROUNDS[row].1));
        (0..BACKGROUNDS.len()).min_by(|&a, &b| off(a).total_cmp(&off(b))).unwrap_or(0)
    }

    /// The share of ink in a pixel: the position of its colour on the line from the background to the ink.
    fn share(&self, at: usize, ink: [f64; 3], paper: [f64; 3]) -> f64 {
        let along: f64 = (0..3).map(|c| (self.values[at][c] - paper[c]) * (ink[c] - paper[c])).sum();
        (along / squared(ink, paper)).clamp(0.0, 1.0)
    }

    /// The two colours whose line to the background passes nearest to the pixels.
    fn likeliest_colours(&self, background: usize) -> Vec<usize> {
        let paper = rgb(BACKGROUNDS[background].1);
        let off = |colour: usize| -> f64 {
            let ink = rgb(COLOURS[colour].1);
            (0..self.values.len())
                .map(|at| {
                    let share = self.share(at, ink, paper);
                    squared(self.values[at], [0, 1, 2].map(|c| paper[c] + share * (ink[c] - paper[c])))
                })
                .sum()
        };
        let mut colours: Vec<(f64, usize)> = (0..COLOURS.len()).map(|colour| (off(colour), colour)).collect();
        colours.sort_by(|a, b| a.0.total_cmp(&b.0));
        colours.into_iter().take(2).map(|(_, colour)| colour).collect()
    }

    /// The centre of mass and the area of the ink of a colour; `None` if there is almost no ink.
    fn mass(&self, colour: usize, background: usize) -> Option<(f64, f64, f64)> {
        let (ink, paper) = (rgb(COLOURS[colour].1), rgb(BACKGROUNDS[background].1));
        let (mut x, mut y, mut area) = (0.0, 0.0, 0.0);
        for at in 0..self.values.len() {
            // A small share of ink everywhere is noise.
            let share = Some(self.share(at, ink, paper)).filter(|share| *share > 0.2).unwrap_or(0.0);
            x += share * ((at % self.shape.width) as f64 + 0.5);
            y += share * ((at / self.shape.width) as f64 + 0.5);
            area += share;
        }
        (area > 1.0).then(|| (x / area, y / area, area))
    }

    /// The squared difference between a pixel of the image and of the redrawn figure, averaged over channels.
    fn off(&self, at: usize, figure: &Figure) -> f64 {
        let (ink, paper) = (rgb(COLOURS[figure.colour].1), rgb(BACKGROUNDS[figure.background].1));
        let share = figure.coverage(at % self.shape.width, at / self.shape.width);
        squared(self.values[at], [0, 1, 2].map(|c| paper[c] + share * (ink[c] - paper[c]))) / 3.0
    }

    fn residual(&self, figure: &Figure) -> f64 {
        (0..self.values.len()).map(|at| self.off(at, figure)).sum::<f64>() / self.values.len() as f64
    }

    /// Refines place and size by coordinate descent; the step is halved if no move is an improvement.
    fn refine(&self, start: Figure) -> (f64, Figure) {
        let (mut best, mut least) = (start, self.residual(&start));
        let mut step = 1.0;
        while step > 0.04 {
            let moves = [(step, 0.0, 0.0), (0.0, step, 0.0), (0.0, 0.0, step)];
            let mut moved = false;
            for (dx, dy, dr) in moves.into_iter().flat_map(|(x, y, r)| [(x, y, r), (-x, -y, -r)]) {
                let tried =
                    Figure { x: best.x + dx, y: best.y + dy, half: (best.half + dr).max(0.5), ..best };
                let residual = self.residual(&tried);
                if residual < least {
                    (best, least, moved) = (tried, residual, true);
                }
            }
            if !moved {
                step /= 2.0;
            }
        }
        (least, best)
    }

    /// The number of pixels in the largest patch of unexplained pixels that are connected by their sides.
    fn left_over(&self, figure: &Figure) -> usize {
        let width = self.shape.width;
        let mut open: Vec<bool> = (0..self.values.len()).map(|at| self.off(at, figure) > LEFT_OVER).collect();
        let mut largest = 0;
        for first in 0..open.len() {
            let (mut patch, mut stack) = (0, vec![first]);
            while let Some(at) = stack.pop() {
                if !std::mem::take(&mut open[at]) {
                    continue;
                }
                patch += 1;
                let column = at % width;
                stack.extend((column > 0).then(|| at - 1));
                stack.extend((column + 1 < width).then_some(at + 1));
                stack.extend((at >= width).then(|| at - width));
                stack.extend((at + width < open.len()).then_some(at + width));
            }
            largest = largest.max(patch);
        }
        largest
    }
}
