//! Scatter plots of two-dimensional point sets, as raster images.

use crate::Canvas;
use crate::axis::Axis;
use crate::canvas::LETTER;

/// One set of points to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPanel {
    /// The text above the panel.
    pub title: String,
    /// The points (x, y). Points that are not finite are left out and counted under the title.
    pub points: Vec<[f64; 2]>,
    /// The colour of the dots, RGB.
    pub colour: [u8; 3],
}

/// The size and the axes of a scatter plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScatterLayout {
    /// The side of each panel's square in pixels, without title and labels. It is at least 64.
    pub side: usize,
    /// The ranges of the axes, [[x low, x high], [y low, y high]]. By default they are those of the first panel, 10 % wider on
    /// each side.
    pub bounds: Option<[[f64; 2]; 2]>,
}

impl Default for ScatterLayout {
    /// Panels of 320 pixels, with the ranges of the first one.
    fn default() -> Self {
        Self { side: 320, bounds: None }
    }
}

const PAPER: [u8; 3] = [255; 3];
const INK: [u8; 3] = [40; 3];
const NOTE: [u8; 3] = [150, 60, 40];
const LABEL: [u8; 3] = [105; 3];
const FRAME: [u8; 3] = [150; 3];
const GRID: [u8; 3] = [238; 3];

/// The margin of the image, the gap between panels, and the gap between the labels of the vertical axis and the frame.
const MARGIN: usize = 10;
const GAP: usize = 14;
const LABEL_GAP: usize = 8;
/// The height of a line of text, and the length of a tick.
const LINE: usize = LETTER + 4;
const TICK: usize = 3;
/// The margin of the default ranges beyond the points, as a share of their range.
const ROOM: f64 = 0.1;

/// Draws point sets side by side on common axes, as semi-transparent dots. Where dots overlap, the colour becomes denser and
/// then darker, so density stays visible with thousands of points.
///
/// If points of a panel are not finite or lie outside the axes, their number is written under the title of the panel.
pub fn scatter(panels: &[ScatterPanel], layout: &ScatterLayout) -> Canvas {
    let side = layout.side.max(64);
    let bounds = layout.bounds.unwrap_or_else(|| bounds_of(panels));
    let [x, y] = bounds.map(|range| range.into_iter());
    let (x, y) = (Axis::tight(x, 0.0, side as f64), Axis::tight(y, side as f64, 0.0));
    let places: Vec<Vec<(f64, f64)>> = panels.iter().map(|panel| placed(panel, &x, &y, side)).collect();
    let notes: Vec<String> =
        panels.iter().zip(&places).map(|(panel, places)| not_shown(panel, places.len())).collect();
    let lines = if notes.iter().all(String::is_empty) { 1 } else { 2 };
    let widest = ticks(&y, side).iter().map(|(_, written)| written.chars().count()).max().unwrap_or(0);
    let top = MARGIN + lines * LINE;
    let left = |panel: usize| MARGIN + widest * LETTER + LABEL_GAP + panel * (side + GAP);
    let (width, height) = (left(panels.len()) - GAP + 2 * MARGIN, top + side + TICK + LINE + MARGIN);
    let mut canvas = Canvas::new(width, height, PAPER);
    for (i, panel) in panels.iter().enumerate() {
        let square = Square { left: left(i), top, side };
        square.grid(&mut canvas, &x, &y);
        square.dots(&mut canvas, &places[i], panel.colour);
        square.frame(&mut canvas, &x, &y, i == 0);
        let line = |text: &str| text.chars().take(side / LETTER).collect::<String>();
        canvas.text(left(i), MARGIN, &line(&panel.title), INK);
        canvas.text(left(i), MARGIN + LINE, &line(&notes[i]), NOTE);
    }
    canvas
}

/// The pixels of the points that lie inside the axes.
fn placed(panel: &ScatterPanel, x: &Axis, y: &Axis, side: usize) -> Vec<(f64, f64)> {
    let all = panel.points.iter().filter(|point| is_finite(point)).map(|&[px, py]| (x.at(px), y.at(py)));
    let inside = |pixel: f64| (0.0..=side as f64).contains(&pixel);
    all.filter(|&(px, py)| inside(px) && inside(py)).collect()
}

/// The note under a panel's title: the numbers of points that are not shown.
fn not_shown(panel: &ScatterPanel, shown: usize) -> String {
    let finite = panel.points.iter().filter(|point| is_finite(point)).count();
    let counts = [(panel.points.len() - finite, "not finite"), (finite - shown, "outside")];
    let words: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    words.join(", ")
}

/// The ranges of the first panel's finite points, with a margin.
fn bounds_of(panels: &[ScatterPanel]) -> [[f64; 2]; 2] {
    let points = panels.first().map_or(&[][..], |panel| &panel.points);
    let finite = || points.iter().filter(|point| is_finite(point));
    [0, 1].map(|side| {
        let low = finite().map(|point| point[side]).fold(f64::INFINITY, f64::min);
        let high = finite().map(|point| point[side]).fold(f64::NEG_INFINITY, f64::max);
        let room = ROOM * (high - low);
        [low - room, high + room]
    })
}

fn is_finite(point: &[f64; 2]) -> bool {
    point.iter().all(|value| value.is_finite())
}

/// The square of one panel on the canvas.
struct Square {
    left: usize,
    top: usize,
    side: usize,
}

impl Square {
    /// Draws faint lines at the ticks.
    fn grid(&self, canvas: &mut Canvas, x: &Axis, y: &Axis) {
        for (at, _) in ticks(x, self.side) {
            (0..self.side).for_each(|row| canvas.set(self.left + at, self.top + row, GRID));
        }
        for (at, _) in ticks(y, self.side) {
            (0..self.side).for_each(|column| canvas.set(self.left + column, self.top + at, GRID));
        }
    }

    /// Draws dots with their centres at these pixels.
    fn dots(&self, canvas: &mut Canvas, places: &[(f64, f64)], colour: [u8; 3]) {
        let side = self.side as f64;
        // Many points are drawn smaller and fainter, so that their density stays visible.
        let crowd = (places.len() as f64 / 1000.0).max(1.0);
        let radius = (side / 180.0 * crowd.powf(-0.15)).clamp(0.9, 4.0);
        let opacity = (0.6 * crowd.powf(-0.35)).max(0.12);
        let depth_of_one = -(1.0 - opacity).ln();
        let mut depth = vec![0.0f64; self.side * self.side];
        for &(cx, cy) in places {
            let span = |centre: f64| {
                let (low, high) = ((centre - radius - 1.0).max(0.0), (centre + radius + 1.0).min(side - 1.0));
                low as usize..=high as usize
            };
            for (row, column) in span(cy).flat_map(|row| span(cx).map(move |column| (row, column))) {
                let distance = (column as f64 + 0.5 - cx).hypot(row as f64 + 0.5 - cy);
                depth[row * self.side + column] += depth_of_one * (radius + 0.5 - distance).clamp(0.0, 1.0);
            }
        }
        for (at, &depth) in depth.iter().enumerate().filter(|(_, depth)| **depth > 0.0) {
            let (px, py) = (self.left + at % self.side, self.top + at / self.side);
            let below = canvas.get(px, py);
            // The pixel tends towards the colour of the panel and, where many dots overlap, towards a darker shade of it.
            let (cover, shade) = (1.0 - (-depth).exp(), 0.65 * (1.0 - (-depth / 8.0).exp()));
            let mix = |c: usize| {
                let ink = f64::from(colour[c]) * (1.0 - shade);
                (f64::from(below[c]) * (1.0 - cover) + ink * cover).round() as u8
            };
            canvas.set(px, py, [mix(0), mix(1), mix(2)]);
        }
    }

    /// Draws the frame, the ticks, the labels of the horizontal axis and, with `labels`, those of the vertical axis.
    fn frame(&self, canvas: &mut Canvas, x: &Axis, y: &Axis, labels: bool) {
        let Self { left, top, side } = *self;
        for i in 0..=side + 1 {
            for (px, py) in [
                (left + i - 1, top - 1),
                (left + i - 1, top + side),
                (left - 1, top + i - 1),
                (left + side, top + i - 1),
            ] {
                canvas.set(px, py, FRAME);
            }
        }
        let mut free = 0;
        for (at, written) in ticks(x, side) {
            (0..TICK).for_each(|i| canvas.set(left + at, top + side + 1 + i, FRAME));
            let width = written.chars().count() * LETTER;
            let start = (left + at).saturating_sub(width / 2);
            if start >= free && start + width <= canvas.width {
                canvas.text(start, top + side + TICK + 3, &written, LABEL);
                free = start + width + LETTER;
            }
        }
        for (at, written) in ticks(y, side) {
            (0..TICK).for_each(|i| canvas.set(left - 2 - i, top + at, FRAME));
            if labels {
                let width = written.chars().count() * LETTER;
                canvas.text(
                    (left - TICK - 4).saturating_sub(width),
                    (top + at).saturating_sub(LETTER / 2),
                    &written,
                    LABEL,
                );
            }
        }
    }
}

/// At most about six ticks of an axis, with their pixels and labels. 0 is one of them if the axis contains it.
fn ticks(axis: &Axis, side: usize) -> Vec<(usize, String)> {
    let all = axis.ticks();
    let every = all.len().div_ceil(6).max(1);
    let zero = all.iter().position(|(value, _)| *value == 0.0).unwrap_or(0) % every;
    let pixel = |value: f64| axis.at(value).clamp(0.0, side as f64 - 1.0) as usize;
    let kept = all.into_iter().skip(zero).step_by(every);
    kept.map(|(value, written)| (pixel(value), written)).collect()
}
