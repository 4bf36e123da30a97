//! Isotropic Gaussians: the Kullback–Leibler divergence and the exact denoiser.

use crate::NoiseLevel;

/// ln 2π.
pub(crate) const LOG_TAU: f64 = 1.837_877_066_409_345_5;

/// KL(N(m₁, v₁) ‖ N(m₂, v₂)) in nats in one dimension, for means that differ by `mean_difference`.
///
/// It is ½·(Δ²/v₂ + r − 1 − ln r) with r = v₁/v₂, computed without cancellation near r = 1. It is infinite if only one variance is
/// 0, or if both are 0 and the means differ. It is 0 if both variances are 0 and the means are equal.
pub fn kl(mean_difference: f64, variance1: f64, variance2: f64) -> f64 {
    if variance1 == variance2 && mean_difference == 0.0 {
        return 0.0;
    }
    if variance2 == 0.0 {
        return f64::INFINITY;
    }
    let excess = (variance1 - variance2) / variance2;
    // Near −1 the excess has too few digits of the ratio.
    let spread =
        if excess < -0.5 { excess - libm::log(variance1 / variance2) } else { u_minus_log1p(excess) };
    0.5 * (mean_difference * mean_difference / variance2 + spread)
}

/// e^d − 1 − d ≥ 0. For small |d|, where the terms nearly cancel, it uses the series of u − ln(1 + u) with u = e^d − 1.
pub fn expm1_minus(d: f64) -> f64 {
    if d == f64::INFINITY {
        return d;
    }
    if d.abs() > SMALL { libm::expm1(d) - d } else { u_minus_log1p(libm::expm1(d)) }
}

/// The absolute value below which the series is used.
const SMALL: f64 = 0.03;

/// u − ln(1 + u) ≥ 0. For small |u|, where the terms nearly cancel, it uses the series.
pub fn u_minus_log1p(u: f64) -> f64 {
    if u == f64::INFINITY {
        return u;
    }
    if u.abs() > SMALL {
        return u - libm::log1p(u);
    }
    // The series is u²/2 − u³/3 + u⁴/4 − …. At |u| = .03 the twelfth term is below 1e-16 of the first.
    let mut sum = 0.0;
    for k in (2..=13).rev() {
        sum = 1.0 / f64::from(k) - u * sum;
    }
    u * u * sum
}

/// The exact denoiser of data N(mean, variance) in one dimension, which is linear in x_t. For Gaussian data of any covariance, see
/// [`GaussianData`](crate::GaussianData).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianDenoiser {
    /// The data's mean.
    pub mean: f64,
    /// The data's variance.
    pub variance: f64,
}

impl GaussianDenoiser {
    /// E[x_0 | x_t = x] = mean + s·v/(s²v + n²)·(x − s·mean).
    pub fn x0(&self, x: f64, level: NoiseLevel) -> f64 {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let total = s * s * self.variance + n * n;
        if total == 0.0 { self.mean } else { self.mean + s * self.variance / total * (x - s * self.mean) }
    }

    /// E[ε | x_t = x] = n/(s²v + n²)·(x − s·mean).
    pub fn eps(&self, x: f64, level: NoiseLevel) -> f64 {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let total = s * s * self.variance + n * n;
        if total == 0.0 { 0.0 } else { n / total * (x - s * self.mean) }
    }

    /// Var(x_0 | x_t) = v·n²/(s²v + n²).
    pub fn x0_variance(&self, level: NoiseLevel) -> f64 {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let total = s * s * self.variance + n * n;
        if total == 0.0 { 0.0 } else { self.variance * n * n / total }
    }

    /// The variance of x_t, s²v + n².
    pub fn marginal_variance(&self, level: NoiseLevel) -> f64 {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        s * s * self.variance + n * n
    }
}
