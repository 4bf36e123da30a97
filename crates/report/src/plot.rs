//! Line plots as SVG.

use std::fmt::Write;

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By factors of ten; values that are not positive are left out.
    Log,
}

/// A named line.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// (x, y); points that are not finite break the line.
    pub points: Vec<(f64, f64)>,
}

/// A plot of lines.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Above it.
    pub title: String,
    /// Under the horizontal axis, with its unit.
    pub x_label: String,
    /// Beside the vertical axis, with its unit.
    pub y_label: String,
    /// The vertical axis' division.
    pub y_scale: Scale,
    /// The lines.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 52.0;
const COLOURS: [&str; 6] = ["#1f5fbf", "#c8501e", "#2e8b57", "#8a4fbf", "#b8860b", "#555555"];

/// A range of values and the pixels it is drawn on.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, scale: Scale, from: f64, to: f64) -> Self {
        let log = scale == Scale::Log;
        let shown = |value: f64| if log { value.log10() } else { value };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.map(shown).filter(|&value| is_drawn(value, log)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < (1e-12 * high.abs()).max(1e-290) {
            let room = (0.1 * high.abs()).max(0.5);
            (low, high) = (low - room, high + room);
        }
        Self { low, high, log, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let shown = if self.log { value.log10() } else { value };
        if !is_drawn(shown, self.log) {
            return f64::NAN;
        }
        self.from + (shown - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// What neighbouring ticks differ by; 0 where each is a power of ten.
    fn finest(&self) -> f64 {
        if self.log { 0.0 } else { nice_step((self.high - self.low) / 6.0) }
    }

    /// Round values inside the range.
    fn ticks(&self) -> Vec<f64> {
        if self.log && self.high - self.low >= 1.0 {
            let decades = self.low.ceil() as i32..=self.high.floor() as i32;
            return decades.map(|power| 10f64.powi(power)).collect();
        }
        let step = nice_step((self.high - self.low) / 6.0);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        let value = |i: i64| i as f64 * step;
        (first..=last).map(|i| if self.log { 10f64.powf(value(i)) } else { value(i) }).collect()
    }
}

/// Whether an axis can show a value, or its logarithm: beyond these a range overflows, or a power is 0.
fn is_drawn(shown: f64, log: bool) -> bool {
    shown.abs() < if log { 290.0 } else { 1e290 }
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(least)
}

impl Plot {
    /// The plot as an SVG document.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| series.points.iter());
        let x = Axis::new(points().map(|point| point.0), Scale::Linear, LEFT, WIDTH - RIGHT);
        let y = Axis::new(points().map(|point| point.1), self.y_scale, HEIGHT - BOTTOM, TOP);
        let mut svg = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut svg, &x, &y);
        svg
    }

    fn write(&self, svg: &mut String, x: &Axis, y: &Axis) -> std::fmt::Result {
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>"
        )?;
        let text = |svg: &mut String, px: f64, py: f64, anchor: &str, text: &str| {
            writeln!(
                svg,
                "<text x=\"{px:.1}\" y=\"{py:.1}\" text-anchor=\"{anchor}\">{}</text>",
                escape(text)
            )
        };
        text(svg, WIDTH / 2.0, 20.0, "middle", &self.title)?;
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0, "middle", &self.x_label)?;
        writeln!(
            svg,
            "<text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (TOP + HEIGHT - BOTTOM) / 2.0,
            escape(&self.y_label)
        )?;
        for tick in y.ticks() {
            let at = y.at(tick);
            line(svg, (LEFT, at), (WIDTH - RIGHT, at), "#e4e4e4")?;
            text(svg, LEFT - 6.0, at + 4.0, "end", &number(tick, y.finest()))?;
        }
        for tick in x.ticks() {
            let at = x.at(tick);
            line(svg, (at, TOP), (at, HEIGHT - BOTTOM), "#f0f0f0")?;
            text(svg, at, HEIGHT - BOTTOM + 18.0, "middle", &number(tick, x.finest()))?;
        }
        line(svg, (LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM), "#555")?;
        line(svg, (LEFT, TOP), (LEFT, HEIGHT - BOTTOM), "#555")?;
        for (i, series) in self.series.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            polylines(svg, series, x, y, colour)?;
            let row = TOP + 14.0 + 16.0 * i as f64;
            line(svg, (WIDTH - RIGHT - 24.0, row - 4.0), (WIDTH - RIGHT - 6.0, row - 4.0), colour)?;
            text(svg, WIDTH - RIGHT - 30.0, row, "end", &series.name)?;
        }
        writeln!(svg, "</svg>")
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) -> std::fmt::Result {
    writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    )
}

/// The series' unbroken stretches.
fn polylines(svg: &mut String, series: &Series, x: &Axis, y: &Axis, colour: &str) -> std::fmt::Result {
    let drawn: Vec<(f64, f64)> = series.points.iter().map(|&(px, py)| (x.at(px), y.at(py))).collect();
    for stretch in drawn.split(|point| !(point.0.is_finite() && point.1.is_finite())) {
        let list: Vec<String> = stretch.iter().map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
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

/// A number as short as it can be read and told from one that is `step` away.
fn number(value: f64, step: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    let digits =
        |unit: f64| if step > 0.0 { (unit / step).log10().ceil().clamp(0.0, 15.0) as usize } else { 4 };
    if (1e-3..1e5).contains(&size) {
        let text = format!("{value:.*}", digits(1.0));
        let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        short.to_string()
    } else {
        let text = format!("{value:.*e}", digits(10f64.powf(size.log10().floor())).min(15));
        match text.split_once('e') {
            Some((mantissa, power)) if mantissa.contains('.') => {
                format!("{}e{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => text,
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
