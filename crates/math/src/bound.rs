//! The variational bound −log p(x_0) ≤ L_T + Σ L_{t−1} + L_0 (Ho et al. 2020, eq. 5): its terms per pixel and their sums.

use crate::gaussian::{expm1_minus, kl};
use crate::{NoiseLevel, ReverseStep};

/// The terms of the bound in nats. Each is a sum over the pixels of one image, or a mean of such sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// L_T = KL(q(x_T | x_0) ‖ p(x_T)).
    pub prior: f64,
    /// The terms of the steps from the cleanest on: L_0 = −log p(x_0 | x_1), then
    /// L_{t−1} = KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)) for t = 2, 3, ….
    pub steps: Vec<f64>,
}

impl Bound {
    /// L_T + Σ L_{t−1} + L_0.
    pub fn total(&self) -> f64 {
        self.prior + self.steps.iter().sum::<f64>()
    }

    /// The rate, which is the sum of all terms except L_0: the cost of encoding x_1.
    pub fn rate(&self) -> f64 {
        self.prior + self.steps.iter().skip(1).sum::<f64>()
    }

    /// The distortion L_0: the cost of encoding x_0 given x_1.
    pub fn distortion(&self) -> f64 {
        self.steps.first().copied().unwrap_or(0.0)
    }
}

/// L_T of one pixel: KL(N(s·x_0, n²) ‖ N(0, `start_std`²)), in nats.
pub fn prior_term(x0: f64, last: NoiseLevel, start_std: f64) -> f64 {
    kl(last.signal_rate() * x0, last.noise_rate() * last.noise_rate(), start_std * start_std)
}

/// L_{t−1} of one pixel for t ≥ 2, in nats: the KL divergence of the posterior from a Gaussian with the mean μ̃(x_t, x̂_0) and the
/// variance exp(`log_variance`). The means differ by c₁·(x_0 − x̂_0) for every x_t.
pub fn step_term(x0_error: f64, step: &ReverseStep, log_variance: f64) -> f64 {
    let mean_difference = step.posterior.x0_coefficient * x0_error;
    kl_to_log_variance(mean_difference, libm::log(step.posterior.variance), log_variance)
}

/// KL(N(m₁, exp l₁) ‖ N(m₂, exp l₂)) in nats, from the difference of the means and the logarithms of both variances.
pub fn kl_to_log_variance(mean_difference: f64, log_variance1: f64, log_variance2: f64) -> f64 {
    let squared = mean_difference * mean_difference * libm::exp(-log_variance2);
    0.5 * (squared + expm1_minus(log_variance1 - log_variance2))
}

/// The part of L_{t−1} that does not depend on the error, per pixel in nats: ½·(ln(σ²/β̃) + β̃/σ² − 1) for t ≥ 2.
pub fn step_constant(step: &ReverseStep, log_variance: f64) -> f64 {
    kl_to_log_variance(0.0, libm::log(step.posterior.variance), log_variance)
}

/// The weight in L_{t−1} = weight·(ε − ε̂)² + [`step_constant`]: β_t²/(2σ_t²·α_t·(1 − ᾱ_t)) (Ho et al. 2020, eq. 12).
///
/// In any process it is c₁²·(n/s)²/(2σ²). It is infinite at a level without signal.
pub fn eps_weight(step: &ReverseStep, log_variance: f64) -> f64 {
    let level = step.transition.to();
    let c = step.posterior.x0_coefficient * level.sigma();
    0.5 * c * c * libm::exp(-log_variance)
}

/// Converts nats per image into bits per dimension (pixel and channel).
pub fn bits_per_dimension(nats: f64, dimensions: usize) -> f64 {
    nats / (core::f64::consts::LN_2 * dimensions as f64)
}
