//! Power-function averages of weights, any length of which can be put together after training (Karras et al. 2024, section 3
//! and appendix C).
//!
//! An average of exponent γ weighs the weights at time τ, on the way to t, by τ^γ. Its width is told by its standard
//! deviation relative to t.

use crate::Error;

/// The relative standard deviation of an average that weighs all weights alike, γ = 0: the widest.
pub const WIDEST: f64 = 0.288_675_134_594_812_9;

/// σ_rel of an exponent: √((γ + 1)/((γ + 2)²·(γ + 3))), eq. 23.
pub fn std_of(gamma: f64) -> f64 {
    libm::sqrt((gamma + 1.0) / ((gamma + 2.0) * (gamma + 2.0) * (gamma + 3.0)))
}

/// The exponent of a relative standard deviation; the inverse of [`std_of`] for γ ≥ 0.
///
/// # Errors
/// [`Error::Parameter`] outside (0.0001, [`WIDEST`]].
pub fn gamma_of(std: f64) -> Result<f64, Error> {
    if !(1e-4 < std && std <= WIDEST) {
        return Err(Error::Parameter {
            name: "the average's std",
            found: std,
            allowed: "above 0.0001 and at most 0.2886",
        });
    }
    // std falls as γ rises.
    let (mut low, mut high) = (0.0, 1e5);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if std_of(middle) > std { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// What is kept of the average when time moves on by `step` to `now`: (1 − step/now)^(γ + 1), eq. 19.
pub fn kept(gamma: f64, now: f64, step: f64) -> f64 {
    libm::pow(1.0 - step / now, gamma + 1.0)
}

/// A stored average: its time and exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// When it was stored.
    pub time: f64,
    /// γ.
    pub gamma: f64,
}

impl Snapshot {
    /// ∫ of the product of two averages' weight profiles, eq. 43.
    fn overlap(&self, other: &Self) -> f64 {
        let (a, b) = (self.gamma, other.gamma);
        // The exponent belongs to the profile that reaches beyond the other's end.
        let ratio = self.time / other.time;
        let power = if self.time < other.time { libm::pow(ratio, b) } else { libm::pow(ratio, -a) };
        (a + 1.0) * (b + 1.0) * power / ((a + b + 1.0) * self.time.max(other.time))
    }
}

/// How stored averages are weighed to come nearest, in the mean square of the profiles, to the average of another length.
///
/// # Errors
/// [`Error::Averages`] when there are none, or two are so alike that the system has no solution.
pub fn combination(stored: &[Snapshot], target: Snapshot) -> Result<Vec<f64>, Error> {
    let n = stored.len();
    if n == 0 {
        return Err(Error::Averages);
    }
    let mut rows: Vec<Vec<f64>> = stored
        .iter()
        .map(|a| stored.iter().map(|b| a.overlap(b)).chain([a.overlap(&target)]).collect())
        .collect();
    // Gauss with partial pivots.
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        let pivot = pivot.unwrap_or(column);
        rows.swap(column, pivot);
        let diagonal = rows[column][column];
        if diagonal.is_nan() || diagonal.abs() < 1e-300 {
            return Err(Error::Averages);
        }
        let top = rows[column].clone();
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / diagonal;
            for (value, above) in row.iter_mut().zip(&top).skip(column) {
                *value -= factor * above;
            }
        }
    }
    let mut weights = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| rows[i][j] * weights[j]).sum();
        weights[i] = (rows[i][n] - known) / rows[i][i];
    }
    Ok(weights)
}
