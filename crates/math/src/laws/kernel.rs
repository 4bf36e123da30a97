//! Laws of transitions and posteriors.

use super::quadrature::{density, integrate};
use super::{Broken, law, trained};
use crate::{DiscreteVp, NoiseLevel, Parameterization, Posterior, Transition};

/// The composition of the kernels from clean data through neighbouring levels is the closed form x_t = s·x_0 + n·ε at every
/// level. The levels are ordered from clean to noisy.
pub fn chain_is_closed_form(levels: &[NoiseLevel]) -> Result<(), Broken> {
    let law = law("the chain of steps is the closed form");
    let mut before = NoiseLevel::CLEAN;
    let (mut scale, mut variance) = (1.0, 0.0);
    for (i, &level) in levels.iter().enumerate() {
        let law = law.at(&level);
        let kernel = law.value(Transition::between(before, level))?;
        scale *= kernel.scale;
        variance = kernel.scale * kernel.scale * variance + kernel.variance;
        let rounding = 16.0 * f64::EPSILON * (2.0 + level.log_snr().abs().min(800.0)) * (i + 1) as f64;
        law.close(scale, level.signal_rate(), rounding)?;
        law.close(variance, level.noise_rate() * level.noise_rate(), rounding)?;
        before = level;
    }
    Ok(())
}

/// Between neighbouring levels of a discrete process, the kernel is N(√α_t·x, β_t) and the posterior is that of Ho et al. (eq. 7),
/// with the coefficients √ᾱ_{t−1}·β_t/(1 − ᾱ_t) and √α_t·(1 − ᾱ_{t−1})/(1 − ᾱ_t) and the variance (1 − ᾱ_{t−1})/(1 − ᾱ_t)·β_t.
pub fn steps_are_the_papers(process: &DiscreteVp, t: usize) -> Result<(), Broken> {
    let law = law("a step is N(sqrt(alpha)·x, beta), and its posterior eq. 7");
    let place = t;
    let law = law.at(&place);
    let t = trained(law, process, t)?;
    let kernel = law.value(Transition::between(process.level(t - 1), process.level(t)))?;
    let (alpha, beta) = (process.alpha(t), process.beta(t));
    // Both β and the kernel's variance come from the difference of two sums.
    let size =
        2.0 + process.level(t).log_snr().abs().min(800.0) + process.level(t - 1).log_snr().abs().min(800.0);
    let doubt = 16.0 * f64::EPSILON * size / beta;
    law.close(kernel.scale * kernel.scale, alpha, doubt)?;
    law.close(kernel.variance, beta, doubt)?;
    // The square of the noise rate is 1 − ᾱ without cancellation.
    let noise = |t: usize| process.level(t).noise_rate() * process.level(t).noise_rate();
    let Posterior { x0_coefficient, xt_coefficient, variance } = kernel.posterior();
    law.close(x0_coefficient, libm::sqrt(process.alpha_bar(t - 1)) * beta / noise(t), doubt)?;
    law.close(xt_coefficient, libm::sqrt(alpha) * noise(t - 1) / noise(t), doubt)?;
    law.close(variance, noise(t - 1) / noise(t) * beta, doubt)
}

/// The mean and variance of q(x_s | x_0)·q(x_t | x_s) over x_s, computed by integration, are those of the posterior.
pub fn posterior_is_bayes(s: NoiseLevel, t: NoiseLevel, x0: f64, eps: f64) -> Result<(), Broken> {
    let law = law("the posterior is Bayes' rule by integration");
    let place = (s, t);
    let law = law.at(&place);
    let kernel = law.value(Transition::between(s, t))?;
    let xt = t.signal_rate() * x0 + t.noise_rate() * eps;
    // Computed from the rates alone, because the kernel itself is tested here.
    let scale = t.signal_rate() / s.signal_rate();
    let added = t.noise_rate() * t.noise_rate() - scale * scale * s.noise_rate() * s.noise_rate();
    let joint = |xs: f64| {
        density(xs, s.signal_rate() * x0, s.noise_rate() * s.noise_rate()) * density(xt, scale * xs, added)
    };
    // The integral covers twelve standard deviations of the prior on either side of its mean. For levels that are .01 apart in
    // log-SNR, 4,000 points are 16 per width of the product.
    let (middle, half) = (s.signal_rate() * x0, 12.0 * s.noise_rate());
    let moment = |f: &dyn Fn(f64) -> f64| integrate(middle, half, 4000, |x| f(x) * joint(x));
    let evidence = moment(&|_| 1.0);
    let mean = moment(&|x| x) / evidence;
    let variance = moment(&|x| (x - mean) * (x - mean)) / evidence;
    let found = kernel.posterior();
    law.close(found.variance, variance, 1e-9)?;
    law.within(found.mean(x0, xt), mean, 1e-10 * (middle.abs() + half))
}

/// The posterior averaged over x_t is q(x_s | x_0).
pub fn posterior_averages_back(s: NoiseLevel, t: NoiseLevel) -> Result<(), Broken> {
    let law = law("the posterior averages back to the cleaner level");
    let place = (s, t);
    let law = law.at(&place);
    let found = law.value(Transition::between(s, t))?.posterior();
    law.close(found.x0_coefficient + found.xt_coefficient * t.signal_rate(), s.signal_rate(), 1e-14)?;
    let spread = found.xt_coefficient * t.noise_rate();
    law.close(found.variance + spread * spread, s.noise_rate() * s.noise_rate(), 1e-14)
}

/// (x_t − β_t/√(1 − ᾱ_t)·ε)/√α_t (Ho et al., eq. 11) is μ̃(x_t, x_0) with the x_0 that x_t and ε determine.
pub fn mean_from_eps_is_posterior_mean(s: NoiseLevel, t: NoiseLevel, x: f64, eps: f64) -> Result<(), Broken> {
    let law = law("the mean from the noise is the posterior's");
    let place = (s, t);
    let law = law.at(&place);
    let kernel = law.value(Transition::between(s, t))?;
    let reading = law.value(Parameterization::Epsilon.reading(t, None))?;
    let x0 = reading.x0_from_x * x + reading.x0_from_out * eps;
    let terms = kernel.posterior().x0_coefficient * x0.abs() + (x / kernel.scale).abs();
    law.within(kernel.mean_from_eps(x, eps), kernel.posterior().mean(x0, x), 1e-12 * (1.0 + terms))
}
