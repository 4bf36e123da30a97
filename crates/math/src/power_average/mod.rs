//! Power-function averages of weights, whose length can be chosen after training (Karras et al. 2024, section 3 and appendix C; the
//! numbers of equations are those of arXiv 2312.02696).
//!
//! At time t, an average of exponent γ weighs the weights of an earlier time τ by τ^γ. Its width is measured by the standard
//! deviation of this profile relative to t.

mod combination;
mod solve;

pub use combination::{Combination, MOST_RESIDUAL, carried, combination};

use crate::Error;

/// The greatest relative standard deviation: that of the uniform average, γ = 0.
pub const WIDEST: f64 = 0.288_675_134_594_812_9;

/// The relative standard deviation σ_rel of an exponent: √((γ + 1)/((γ + 2)²·(γ + 3))), eq. 123.
pub fn std_of(gamma: f64) -> f64 {
    libm::sqrt((gamma + 1.0) / ((gamma + 2.0) * (gamma + 2.0) * (gamma + 3.0)))
}

/// The exponent γ ≥ 0 of a relative standard deviation, the inverse of [`std_of`].
///
/// # Errors
/// [`Error::Parameter`] for a standard deviation outside (0.0001, [`WIDEST`]].
pub fn gamma_of(std: f64) -> Result<f64, Error> {
    if !(1e-4 < std && std <= WIDEST) {
        return Err(Error::Parameter {
            name: "the average's std",
            found: std,
            allowed: "above 0.0001 and at most 0.2886",
        });
    }
    // std decreases as γ increases.
    let (mut low, mut high) = (0.0, 1e5);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if std_of(middle) > std { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// The factor of the old average in the update from time `now` − `step` to `now`: (1 − step/now)^(γ + 1), eq. 127.
pub fn kept(gamma: f64, now: f64, step: f64) -> f64 {
    libm::pow(1.0 - step / now, gamma + 1.0)
}

/// A stored average: its time and exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// The time when the average was stored.
    pub time: f64,
    /// The exponent γ.
    pub gamma: f64,
}

impl Snapshot {
    /// The integral of the product of two averages' weight profiles, eq. 151.
    fn overlap(&self, other: &Self) -> f64 {
        let (a, b) = (self.gamma, other.gamma);
        // The exponent is that of the profile with the later end.
        let ratio = self.time / other.time;
        let power = if self.time < other.time { libm::pow(ratio, b) } else { libm::pow(ratio, -a) };
        (a + 1.0) * (b + 1.0) * power / ((a + b + 1.0) * self.time.max(other.time))
    }
}
