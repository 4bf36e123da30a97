//! The decoder p(x_0 | x_1): the likelihood of a pixel under a Gaussian, as the probability of a grid value or as a density.

use crate::gaussian::LOG_TAU;
use serde::{Deserialize, Serialize};

/// Equally spaced values from `low` to `high`, both included, such as the 256 values of a byte in [−1, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
    /// The number of values.
    pub n: u32,
}

impl Grid {
    /// The 256 values of bytes in [−1, 1].
    pub const BYTES: Self = Self { low: -1.0, high: 1.0, n: 256 };

    /// Half the distance of neighbouring values.
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low) / f64::from(self.n.max(2) - 1)
    }
}

/// The method of computing the normal distribution function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormalCdf {
    /// The exact function by erf and erfc, from the tail that is accurate.
    #[default]
    Exact,
    /// ½·(1 + tanh(√(2/π)·(z + .044715·z³))) with probabilities of at least 1e-12, as in OpenAI's code.
    Tanh,
}

/// ln of the probability of the bin around `x` under N(`mean`, exp(`log_variance`)), in nats. The outermost bins extend to infinity
/// (Ho et al. 2020, eq. 13).
pub fn discretised_log_likelihood(x: f64, mean: f64, log_variance: f64, grid: Grid, cdf: NormalCdf) -> f64 {
    let (inverse_sigma, half) = (libm::exp(-0.5 * log_variance), grid.half_width());
    let from = inverse_sigma * (x - half - mean);
    let to = inverse_sigma * (x + half - mean);
    // An x within half a bin of the edge is nearest to the outermost value.
    let (lowest, highest) = (x < grid.low + half, x > grid.high - half);
    match cdf {
        NormalCdf::Exact => log_normal_between(
            if lowest { f64::NEG_INFINITY } else { from },
            if highest { f64::INFINITY } else { to },
        ),
        NormalCdf::Tanh => {
            let probability = if lowest {
                tanh_cdf(to)
            } else if highest {
                1.0 - tanh_cdf(from)
            } else {
                tanh_cdf(to) - tanh_cdf(from)
            };
            libm::log(probability.max(1e-12))
        }
    }
}

/// ln of the density of N(`mean`, exp(`log_variance`)) at `x`, in nats.
pub fn continuous_log_likelihood(x: f64, mean: f64, log_variance: f64) -> f64 {
    let difference = x - mean;
    -0.5 * (LOG_TAU + log_variance + difference * difference * libm::exp(-log_variance))
}

/// ln(Φ(b) − Φ(a)) for a ≤ b, accurate also far in a tail and for close a and b.
pub fn log_normal_between(a: f64, b: f64) -> f64 {
    let (middle, width) = (0.5 * (a + b), b - a);
    if width * (1.0 + middle.abs()) < 0.02 {
        // φ(m)·w·(1 + (m² − 1)·w²/24 + (m⁴ − 6m² + 3)·w⁴/1920 + …), whose next term is below 1e-15.
        let (m2, w2) = (middle * middle, width * width);
        let series = w2 * ((m2 - 1.0) / 24.0 + w2 * (m2 * m2 - 6.0 * m2 + 3.0) / 1920.0);
        return libm::log(width) - 0.5 * (m2 + LOG_TAU) + libm::log1p(series);
    }
    if a > 0.0 {
        log_upper_between(a, b)
    } else if b < 0.0 {
        // By symmetry.
        log_upper_between(-b, -a)
    } else {
        use core::f64::consts::FRAC_1_SQRT_2;
        libm::log(0.5 * (libm::erf(b * FRAC_1_SQRT_2) - libm::erf(a * FRAC_1_SQRT_2)))
    }
}

/// ln(Q(a) − Q(b)) = ln Q(a) + ln(1 − Q(b)/Q(a)) with Q = 1 − Φ, for 0 ≤ a ≤ b.
fn log_upper_between(a: f64, b: f64) -> f64 {
    let (log_a, log_b) = (log_upper(a), log_upper(b));
    if log_b == f64::NEG_INFINITY { log_a } else { log_a + libm::log(-libm::expm1(log_b - log_a)) }
}

/// ln(1 − Φ(z)) for z ≥ 0.
fn log_upper(z: f64) -> f64 {
    const FAR: f64 = 20.0;
    if z == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    if z < FAR {
        return libm::log(0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2));
    }
    // The asymptotic series φ(z)/z·(1 − 1/z² + 3/z⁴ − 15/z⁶ + …), whose eighth term is below 1e-14 for z ≥ 20.
    let inverse = 1.0 / (z * z);
    let mut series = 1.0;
    for k in (1..=7).rev() {
        series = 1.0 - f64::from(2 * k - 1) * inverse * series;
    }
    -0.5 * (z * z + LOG_TAU) - libm::log(z) + libm::log(series)
}

fn tanh_cdf(z: f64) -> f64 {
    let scale = libm::sqrt(core::f64::consts::FRAC_2_PI);
    0.5 * (1.0 + libm::tanh(scale * (z + 0.044_715 * z * z * z)))
}
