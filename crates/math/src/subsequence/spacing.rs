//! Rules that select n of T trained times.

use crate::Error;
use serde::{Deserialize, Serialize};

/// The rule that spreads n times over 1..=T. The names are those of `diffusers`, whose 0-based timestep is the time − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// 1, 1 + ⌊T/n⌋, …. It includes 1, and T only for n = T.
    Leading,
    /// T, T − T/n, …, T/n, rounded. It includes T.
    Trailing,
    /// Evenly from T to 1, both included. For n = 1 it is 1, as in NumPy.
    Linspace,
    /// 1 + ⌊i²·.8·T/(n − 1)²⌋, which is dense near clean data and extends to .8·T (Song, Meng & Ermon 2021, app. D.2). Equal times are
    /// visited once.
    Quadratic,
}

impl Spacing {
    /// n times between 1 and `last` in descending order. `offset` is added to leading times (`steps_offset` in `diffusers`).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless 1 ≤ n ≤ `last`, and for an offset that gives a time above `last`.
    pub fn times(self, last: usize, n: usize, offset: usize) -> Result<Vec<usize>, Error> {
        if !(1..=last).contains(&n) {
            return Err(Error::Steps { found: n, trained: last });
        }
        let too_great = Error::Parameter {
            name: "steps_offset",
            found: offset as f64,
            allowed: "small enough for every time to be a trained one",
        };
        let (last_f, n_f) = (last as f64, n as f64);
        let times: Vec<usize> = match self {
            Self::Leading if offset >= last => return Err(too_great),
            Self::Leading => (0..n).rev().map(|i| i * (last / n) + 1 + offset).collect(),
            Self::Trailing => {
                (0..n).map(|i| (last_f - i as f64 * (last_f / n_f)).round_ties_even() as usize).collect()
            }
            Self::Quadratic => quadratic(last, n),
            Self::Linspace if n == 1 => vec![1],
            Self::Linspace => {
                let step = (last_f - 1.0) / (n_f - 1.0);
                (0..n).rev().map(|i| (i as f64 * step).round_ties_even() as usize + 1).collect()
            }
        };
        match times.first() {
            Some(&first) if first > last => Err(too_great),
            _ => Ok(times),
        }
    }
}

/// Computes `linspace(0, sqrt(.8·T), n)**2` with the rounding of NumPy, since the truncation depends on it.
fn quadratic(last: usize, n: usize) -> Vec<usize> {
    let step = if n == 1 { 0.0 } else { libm::sqrt(0.8 * last as f64) / (n - 1) as f64 };
    let root = |i: usize| if i > 0 && i + 1 == n { libm::sqrt(0.8 * last as f64) } else { i as f64 * step };
    let mut times: Vec<usize> = (0..n).rev().map(|i| 1 + (root(i) * root(i)) as usize).collect();
    times.dedup();
    times
}
