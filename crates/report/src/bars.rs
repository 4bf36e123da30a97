//! Horizontal bars as SVG.

use crate::axis::Axis;
use crate::plot::{Scale, escape, line, text};
use std::fmt::Write;

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// The label before the bar.
    pub label: String,
    /// The length of the bar.
    pub value: f64,
    /// The ends of the interval drawn over the bar, if there is one.
    pub interval: Option<(f64, f64)>,
    /// The text behind the bar.
    pub note: String,
    /// Whether the bar is in the first colour, which sets it apart from the others.
    pub is_marked: bool,
}

/// Bars under common headings.
#[derive(Debug, Clone)]
pub struct Bars {
    /// The title above the bars.
    pub title: String,
    /// The label of the horizontal axis, with its unit.
    pub x_label: String,
    /// The groups with their headings.
    pub groups: Vec<(String, Vec<Bar>)>,
}

const WIDTH: f64 = 900.0;
const LEFT: f64 = 260.0;
/// The room for notes.
const RIGHT: f64 = 180.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 62.0;
const ROW: f64 = 24.0;

impl Bars {
    /// The bars as an SVG document. The axis begins at zero.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut svg);
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let rows: usize = self.groups.iter().map(|(_, bars)| bars.len() + 1).sum();
        let bottom = TOP + ROW * rows as f64;
        let height = bottom + BOTTOM;
        let bars = self.groups.iter().flat_map(|(_, bars)| bars);
        let ends = bars.map(|bar| bar.interval.map_or(bar.value, |(_, high)| high.max(bar.value)));
        let x = Axis::roomy(ends.chain([0.0]), Scale::FromZero, LEFT, WIDTH - RIGHT);
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"15\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>"
        )?;
        text(svg, WIDTH / 2.0, 24.0, "middle", &self.title)?;
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, height - 14.0, "middle", &self.x_label)?;
        for (tick, written) in x.ticks() {
            let at = x.at(tick);
            line(svg, (at, TOP), (at, bottom), "#e4e4e4")?;
            text(svg, at, bottom + 20.0, "middle", &written)?;
        }
        let mut at = TOP;
        for (heading, bars) in &self.groups {
            writeln!(
                svg,
                "<text x=\"12\" y=\"{:.1}\" font-weight=\"bold\">{}</text>",
                at + ROW - 7.0,
                escape(heading)
            )?;
            at += ROW;
            for bar in bars {
                one(svg, bar, &x, at)?;
                at += ROW;
            }
        }
        line(svg, (LEFT, TOP), (LEFT, bottom), "#555")?;
        writeln!(svg, "</svg>")
    }
}

fn one(svg: &mut String, bar: &Bar, x: &Axis, top: f64) -> std::fmt::Result {
    let middle = top + ROW / 2.0;
    text(svg, LEFT - 8.0, middle + 5.0, "end", &bar.label)?;
    if !bar.value.is_finite() {
        return text(svg, LEFT + 8.0, middle + 5.0, "start", &bar.note);
    }
    let colour = if bar.is_marked { "#1f5fbf" } else { "#a9b4c2" };
    writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
        top + 4.0,
        (x.at(bar.value) - LEFT).max(0.0),
        ROW - 8.0
    )?;
    let mut end = x.at(bar.value);
    if let Some((low, high)) = bar.interval {
        line(svg, (x.at(low), middle), (x.at(high), middle), "#222")?;
        end = end.max(x.at(high));
    }
    text(svg, end + 8.0, middle + 5.0, "start", &bar.note)
}
