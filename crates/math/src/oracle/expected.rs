//! The expected variational bound of Gaussian data in closed form.

use super::GaussianData;
use crate::bound::step_constant;
use crate::gaussian::{LOG_TAU, u_minus_log1p};
use crate::{Bound, FixedVariance, GaussianDenoiser, NoiseLevel, ReverseStep};

/// The reverse variance in the expected bound of an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OracleVariance {
    /// A fixed variance.
    Fixed(FixedVariance),
    /// The optimal variance β̃ + c₁²·Var(x_0 | x_t) along every axis.
    Optimal,
}

impl GaussianData {
    /// The expected bound of the exact denoiser with a continuous Gaussian decoder, in closed form and in nats over all dimensions.
    /// `start_std` is the standard deviation of the noise from which sampling starts.
    ///
    /// The terms of the steps depend on the data only through E‖x_0 − x̂_0‖² = Var(x_0 | x_t) along each axis.
    pub fn expected_bound(&self, steps: &[ReverseStep], variance: OracleVariance, start_std: f64) -> Bound {
        let terms =
            steps.iter().map(|step| self.along_axes().map(|axis| expected_term(axis, step, variance)).sum());
        let last = steps.last().map_or(NoiseLevel::CLEAN, |step| step.transition.to());
        Bound { prior: self.expected_prior(last, start_std), steps: terms.collect() }
    }

    /// The expected prior term, E KL(q(x_T | x_0) ‖ N(0, `start_std`²·I)), in nats.
    pub fn expected_prior(&self, last: NoiseLevel, start_std: f64) -> f64 {
        let (s, n) = (last.signal_rate(), last.noise_rate());
        let total = start_std * start_std;
        let signal: f64 = self.variances().sum() + self.mean().dot(&self.mean());
        let excess = u_minus_log1p((n * n - total) / total);
        0.5 * (s * s * signal / total + excess * self.variances().len() as f64)
    }

    /// KL(q(x_T) ‖ N(0, `start_std`²·I)) in nats, which is L_T without the mutual information of x_0 and x_T. With the optimal
    /// variance, the bound exceeds the negative log-likelihood by exactly this divergence.
    pub fn marginal_prior(&self, last: NoiseLevel, start_std: f64) -> f64 {
        let total = start_std * start_std;
        let s = last.signal_rate();
        let shift = s * s * self.mean().dot(&self.mean()) / total;
        let spread: f64 =
            self.along_axes().map(|axis| u_minus_log1p((axis.marginal_variance(last) - total) / total)).sum();
        0.5 * (shift + spread)
    }
}

/// The expected term of one step along one axis.
fn expected_term(axis: GaussianDenoiser, step: &ReverseStep, variance: OracleVariance) -> f64 {
    let error = axis.x0_variance(step.transition.to());
    let log_variance = match variance {
        OracleVariance::Fixed(fixed) => step.log_variance(fixed),
        OracleVariance::Optimal => libm::log(step.optimal_variance(error)),
    };
    let c1 = step.posterior.x0_coefficient;
    let squared = c1 * c1 * error * libm::exp(-log_variance);
    if step.ends_clean() {
        0.5 * (LOG_TAU + log_variance + squared)
    } else {
        0.5 * squared + step_constant(step, log_variance)
    }
}
