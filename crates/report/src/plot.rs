//! Line plots as SVG.

use crate::axis::Axis;
use std::fmt::Write;

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Linear.
    Linear,
    /// Linear and starting at zero if no value is negative, for amounts and rates.
    FromZero,
    /// Logarithmic; values that are not positive are left out.
    Log,
}

/// A named line.
#[derive(Debug, Clone)]
pub struct Series {
    /// The name in the legend. A line without a name has no entry.
    pub name: String,
    /// The points (x, y). Points that are not finite interrupt the line.
    pub points: Vec<(f64, f64)>,
}

/// A plot of lines.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The title above the plot.
    pub title: String,
    /// The label of the horizontal axis, with its unit.
    pub x_label: String,
    /// The label of the vertical axis, with its unit.
    pub y_label: String,
    /// The scale of the vertical axis.
    pub y_scale: Scale,
    /// The lines.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 720.0;
/// The height without the legend below the plot.
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 88.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 62.0;
/// The size of letters, the height of a row of the legend, and the width of the mark before each name.
const LETTER: f64 = 16.0;
const ROW: f64 = 24.0;
const MARK: f64 = 30.0;

/// Clearly distinct colours, for plots of few lines.
const COLOURS: [&str; 6] = ["#1f5fbf", "#c8501e", "#2e8b57", "#8a4fbf", "#b8860b", "#555555"];
/// A colour gradient from the first to the last line, for plots of many lines.
const RAMP: [[f64; 3]; 4] =
    [[13.0, 8.0, 135.0], [126.0, 3.0, 168.0], [204.0, 71.0, 120.0], [248.0, 149.0, 64.0]];

/// The colour of the i-th of n lines.
fn colour(i: usize, n: usize) -> String {
    if n <= COLOURS.len() {
        return COLOURS[i].into();
    }
    let place = i as f64 / (n - 1) as f64 * (RAMP.len() - 1) as f64;
    let below = (place as usize).min(RAMP.len() - 2);
    let mix = |c: usize| RAMP[below][c] + (place - below as f64) * (RAMP[below + 1][c] - RAMP[below][c]);
    format!("#{:02x}{:02x}{:02x}", mix(0).round() as u8, mix(1).round() as u8, mix(2).round() as u8)
}

impl Plot {
    /// The plot as an SVG document.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| series.points.iter());
        let x = Axis::tight(points().map(|point| point.0), LEFT, WIDTH - RIGHT);
        let y = Axis::roomy(points().map(|point| point.1), self.y_scale, HEIGHT - BOTTOM, TOP);
        let mut svg = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut svg, &x, &y);
        svg
    }

    fn write(&self, svg: &mut String, x: &Axis, y: &Axis) -> std::fmt::Result {
        let legend = self.legend();
        let height = HEIGHT + ROW * legend.last().map_or(0.0, |entry| entry.row + 1.0);
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"{LETTER}\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>"
        )?;
        text(svg, WIDTH / 2.0, 24.0, "middle", &self.title)?;
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14.0, "middle", &self.x_label)?;
        writeln!(
            svg,
            "<text transform=\"translate(20 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (TOP + HEIGHT - BOTTOM) / 2.0,
            escape(&self.y_label)
        )?;
        for (tick, written) in y.ticks() {
            let at = y.at(tick);
            line(svg, (LEFT, at), (WIDTH - RIGHT, at), "#e4e4e4")?;
            text(svg, LEFT - 6.0, at + 5.0, "end", &written)?;
        }
        for (tick, written) in x.ticks() {
            let at = x.at(tick);
            line(svg, (at, TOP), (at, HEIGHT - BOTTOM), "#f0f0f0")?;
            text(svg, at, HEIGHT - BOTTOM + 20.0, "middle", &written)?;
        }
        line(svg, (LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM), "#555")?;
        line(svg, (LEFT, TOP), (LEFT, HEIGHT - BOTTOM), "#555")?;
        for (i, series) in self.series.iter().enumerate() {
            polylines(svg, series, x, y, &colour(i, self.series.len()))?;
        }
        for Entry { series, at, row } in legend {
            let middle = HEIGHT + ROW * row + 6.0;
            line(svg, (at, middle), (at + MARK - 8.0, middle), &colour(series, self.series.len()))?;
            text(svg, at + MARK, middle + 5.0, "start", &self.series[series].name)?;
        }
        writeln!(svg, "</svg>")
    }

    /// The entries of the named lines, in as many rows as needed.
    fn legend(&self) -> Vec<Entry> {
        let (mut at, mut row) = (LEFT, 0.0);
        let mut entries = Vec::new();
        for (series, Series { name, .. }) in
            self.series.iter().enumerate().filter(|(_, it)| !it.name.is_empty())
        {
            // The width of a letter is about half its height.
            let width = MARK + 0.55 * LETTER * name.chars().count() as f64 + 24.0;
            if at > LEFT && at + width > WIDTH {
                (at, row) = (LEFT, row + 1.0);
            }
            entries.push(Entry { series, at, row });
            at += width;
        }
        entries
    }
}

/// The position of a line's name in the legend.
struct Entry {
    series: usize,
    at: f64,
    row: f64,
}

pub(crate) fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) -> std::fmt::Result {
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escape(text))
}

pub(crate) fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) -> std::fmt::Result {
    writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    )
}

/// Writes a polyline for each uninterrupted section of a series.
fn polylines(svg: &mut String, series: &Series, x: &Axis, y: &Axis, colour: &str) -> std::fmt::Result {
    let drawn: Vec<(f64, f64)> = series.points.iter().map(|&(px, py)| (x.at(px), y.at(py))).collect();
    for stretch in drawn.split(|point| !(point.0.is_finite() && point.1.is_finite())) {
        let list: Vec<String> = stretch.iter().map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
        // A polyline of one point would be invisible.
        if let [(px, py)] = stretch {
            writeln!(svg, "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3\" fill=\"{colour}\"/>")?;
        }
        if !list.is_empty() {
            writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
                list.join(" ")
            )?;
        }
    }
    Ok(())
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
