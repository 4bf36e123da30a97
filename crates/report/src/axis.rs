//! An axis of a plot: its range, the positions of values and the tick labels.

use crate::Scale;

/// Margin beyond the data, as a share of their range.
const ROOM: f64 = 0.04;

/// A range of values and the range of pixels on which it is drawn.
pub(crate) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis with exactly the range of its values.
    pub(crate) fn tight(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        Self::of(values, Scale::Linear, from, to)
    }

    /// An axis with a margin beyond its values.
    pub(crate) fn roomy(values: impl Iterator<Item = f64>, scale: Scale, from: f64, to: f64) -> Self {
        let axis = Self::of(values, scale, from, to);
        let room = ROOM * (axis.high - axis.low);
        let is_floor = scale == Scale::FromZero && axis.low == 0.0;
        Self { low: if is_floor { 0.0 } else { axis.low - room }, high: axis.high + room, ..axis }
    }

    fn of(values: impl Iterator<Item = f64>, scale: Scale, from: f64, to: f64) -> Self {
        let log = scale == Scale::Log;
        let shown = |value: f64| if log { value.log10() } else { value };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.map(shown).filter(|&value| is_drawn(value, log)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if scale == Scale::FromZero {
            low = low.min(0.0);
            high = if low == high { 1.0 } else { high };
        }
        if high - low < (1e-12 * high.abs()).max(1e-290) {
            let room = (0.1 * high.abs()).max(0.5);
            (low, high) = (low - room, high + room);
        }
        Self { low, high, log, from, to }
    }

    /// The position of a value in pixels; NaN if the value cannot be shown.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let shown = if self.log { value.log10() } else { value };
        if !is_drawn(shown, self.log) {
            return f64::NAN;
        }
        self.from + (shown - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round values inside the range, with their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        if self.log && span >= 1.0 {
            // Powers of ten; for a short range also 2 and 5 times these powers.
            let factors: &[f64] = if span < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let every = (span / 8.0).ceil() as i32;
            return (self.low.floor() as i32..=self.high.floor() as i32)
                .filter(|power| power.rem_euclid(every) == 0)
                .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
                .filter(|value| (self.low..=self.high).contains(&value.log10()))
                .map(|value| (value, number(value, 0.0)))
                .collect();
        }
        let shown = |value: f64| if self.log { 10f64.powf(value) } else { value };
        let (low, high) = (shown(self.low), shown(self.high));
        let step = nice_step((high - low) / 6.0);
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        (first..=last).map(|i| i as f64 * step).map(|value| (value, number(value, step))).collect()
    }
}

/// Whether an axis can show a value or its logarithm. Beyond these bounds a range overflows, or a power of ten is 0.
fn is_drawn(shown: f64, log: bool) -> bool {
    shown.abs() < if log { 290.0 } else { 1e290 }
}

/// The smallest of 1, 2 or 5 times a power of ten that is at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(least)
}

/// The shortest text of a number that distinguishes it from numbers `step` away. A step of 0 means that all numbers are round.
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
