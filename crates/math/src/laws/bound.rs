//! Laws of the divergence and the variational bound.

use super::quadrature::{density, integrate};
use super::{Broken, law, trained};
use crate::bound::{eps_weight, step_constant, step_term};
use crate::gaussian::kl;
use crate::oracle::OracleVariance;
use crate::{
    DiscreteVp, FirstVariance, FixedVariance, GaussianData, NoiseLevel, Parameterization, ReverseStep,
    reverse_steps,
};

/// KL(p ‖ q) is ∫ p·ln(p/q), for Gaussians whose variances differ by a factor of at most 100.
pub fn kl_is_its_integral(mean_difference: f64, variance1: f64, variance2: f64) -> Result<(), Broken> {
    let (d, v1, v2) = (mean_difference, variance1, variance2);
    // The logarithm of the ratio is written out, so that the tails cannot underflow.
    let log_ratio = |x: f64| 0.5 * ((x - d) * (x - d) / v2 - x * x / v1 + libm::log(v2 / v1));
    let half = 12.0 * libm::sqrt(v1);
    let integral = integrate(0.0, half, 400, |x| density(x, 0.0, v1) * log_ratio(x));
    let law = law("KL is its integral");
    let place = (d, v1, v2);
    law.at(&place).within(kl(d, v1, v2), integral, 1e-13 * (1.0 + v1 / v2 + d * d / v2))
}

/// KL ≥ 0, and it is 0 only if both distributions are equal.
pub fn kl_is_positive(mean_difference: f64, variance1: f64, variance2: f64) -> Result<(), Broken> {
    let law = law("KL is positive but between equals");
    let place = (mean_difference, variance1, variance2);
    let law = law.at(&place);
    law.within(kl(0.0, variance1, variance1), 0.0, 0.0)?;
    let found = kl(mean_difference, variance1, variance2);
    if mean_difference == 0.0 && variance1 == variance2 {
        law.within(found, 0.0, 0.0)
    } else {
        law.at_most(f64::MIN_POSITIVE, found)
    }
}

/// For t ≥ 2, the divergence L_{t−1} is the squared error of ε with the weight β_t²/(2σ_t²·α_t·(1 − ᾱ_t)) of Ho et al.'s eq. 12,
/// plus ½·(ln(σ²/β̃) + β̃/σ² − 1).
pub fn step_term_is_weighted_eps_error(
    process: &DiscreteVp,
    t: usize,
    eps_error: f64,
    log_variance: f64,
) -> Result<(), Broken> {
    let law = law("L_{t-1} is a weighted error of the noise and a constant");
    let place = (t, eps_error, log_variance);
    let law = law.at(&place);
    // At t = 1 the term is the decoder's.
    let t = 1 + trained(law, process, if t > process.steps() { t } else { t.saturating_sub(1) })?;
    let levels = [process.level(t - 1), process.level(t)];
    let step = law.value(reverse_steps(&levels, FirstVariance::OwnForward))?[1];
    let reading = law.value(Parameterization::Epsilon.reading(levels[1], None))?;
    let divergence = step_term(reading.x0_from_out * eps_error, &step, log_variance);

    let (alpha, beta) = (process.alpha(t), process.beta(t));
    let (sigma2, n) = (libm::exp(log_variance), levels[1].noise_rate());
    let weight = beta * beta / (2.0 * sigma2 * alpha * n * n);
    let small = step.posterior.variance;
    let constant = 0.5 * (libm::log(sigma2 / small) + small / sigma2 - 1.0);
    let size = 2.0 + levels[1].log_snr().abs().min(800.0);
    let doubt = 1024.0 * f64::EPSILON * size / beta;
    law.close(eps_weight(&step, log_variance), weight, doubt)?;
    // The paper's form of the constant cancels near σ² = β̃; `step_constant` does not.
    let cancelled = 4.0 * f64::EPSILON * (1.0 + libm::log(sigma2 / small).abs() + small / sigma2)
        + doubt * constant.abs().max(1e-16);
    law.within(
        step_constant(&step, log_variance),
        constant,
        cancelled + doubt * (small / sigma2 - 1.0).abs(),
    )?;
    let expected = weight * eps_error * eps_error + constant;
    law.within(divergence, expected, cancelled + doubt * (expected.abs() + (small / sigma2 - 1.0).abs()))
}

/// For Gaussian data with the exact denoiser and the optimal reverse variance, the terms of the bound add up to the negative
/// log-likelihood plus KL(q(x_T) ‖ p(x_T)), for any levels. L_T exceeds this KL by the mutual information of x_0 and x_T. The levels
/// are ordered from clean to noisy.
pub fn bound_is_exact(data: &GaussianData, levels: &[NoiseLevel], start_std: f64) -> Result<(), Broken> {
    let law = law("the optimal bound is the likelihood");
    let law = law.at(&levels);
    let steps = law.value(reverse_steps(levels, FirstVariance::OwnForward))?;
    let bound = data.expected_bound(&steps, OracleVariance::Optimal, start_std);
    let last = levels[levels.len() - 1];
    let expected = data.entropy() + data.marginal_prior(last, start_std);
    let size: f64 = bound.prior.abs() + bound.steps.iter().map(|term| term.abs()).sum::<f64>();
    // The rounding error of each step, in nats per dimension: its variances have the relative error of the difference of its two
    // log-SNRs, and that error is a rounding of the size of the log-SNRs.
    let doubt = |step: &ReverseStep| {
        let (from, to) = (step.transition.from().log_snr(), step.transition.to().log_snr());
        let gap = (from - to).min(1.0);
        if from.is_finite() && to.is_finite() {
            8.0 * f64::EPSILON * (2.0 + from.abs() + to.abs()) / gap
        } else {
            0.0
        }
    };
    let dimensions = data.variances().len() as f64;
    let allowed = 1e-12 * (1.0 + size) + dimensions * steps.iter().map(doubt).sum::<f64>();
    law.within(bound.total(), expected, allowed)?;
    // Every fixed variance gives a larger bound.
    for fixed in [FixedVariance::FixedSmall, FixedVariance::FixedLarge] {
        let worse = data.expected_bound(&steps, OracleVariance::Fixed(fixed), start_std).total();
        law.at_most(bound.total(), worse + allowed)?;
    }
    Ok(())
}

/// The variance β̃ + c₁²·Var(x_0 | x_t) minimises the expected L_{t−1} of one dimension.
pub fn variance_is_best(step: &ReverseStep, x0_variance: f64, other_log_variance: f64) -> Result<(), Broken> {
    let law = law("the optimal variance gives the least divergence");
    let place = (x0_variance, other_log_variance);
    let expected = |log_variance: f64| {
        let c1 = step.posterior.x0_coefficient;
        0.5 * c1 * c1 * x0_variance * libm::exp(-log_variance) + step_constant(step, log_variance)
    };
    let best = expected(libm::log(step.optimal_variance(x0_variance)));
    law.at(&place).at_most(best, expected(other_log_variance) * (1.0 + 1e-12) + 1e-14)
}
