//! The forward kernel between two levels: composition, limits, accuracy, and what it refuses.

use crate::{any_level, close, level, three_levels};
use proptest::prelude::*;
use tweedie_math::{DiscreteVp, Error, NoiseLevel, Transition};

/// What is refused: a second level cleaner than the first.
fn refused(from: NoiseLevel, to: NoiseLevel) -> Result<Transition, Error> {
    Err(Error::NotNoisier { from: from.log_snr(), to: to.log_snr() })
}

proptest! {
    /// Two steps are one: scales multiply, and the first variance is scaled before the second is added.
    ///
    /// The differences of log-SNR are at least .01 of numbers below 20, which leaves 13 digits of each
    /// variance.
    #[test]
    fn kernels_compose([r, s, t] in three_levels()) {
        let (first, second) = (Transition::between(r, s).unwrap(), Transition::between(s, t).unwrap());
        let whole = Transition::between(r, t).unwrap();
        close(whole.scale, first.scale * second.scale, 1e-14);
        let composed = second.scale * second.scale * first.variance + second.variance;
        close(whole.variance, composed, 1e-11);
    }

    /// The kernel carries the marginal of one level to that of the other: n_t² = scale²·n_s² + variance.
    #[test]
    fn kernels_carry_marginals([s, t, _] in three_levels()) {
        let kernel = Transition::between(s, t).unwrap();
        close(kernel.scale * s.signal_rate(), t.signal_rate(), 1e-15);
        let noise = (kernel.scale * s.noise_rate()).powi(2) + kernel.variance;
        close(noise, t.noise_rate().powi(2), 1e-14);
        prop_assert_eq!((kernel.from(), kernel.to()), (s, t));
    }

    #[test]
    fn from_clean_data_the_kernel_is_the_level(t in any_level(), size in 0.1..10.0) {
        let clean = NoiseLevel::new(size, 0.0).unwrap();
        let kernel = Transition::between(clean, t).unwrap();
        prop_assert_eq!(kernel.scale, t.signal_rate() / size);
        prop_assert_eq!(kernel.variance, t.noise_rate() * t.noise_rate());
    }

    #[test]
    fn to_pure_noise_the_kernel_forgets(s in any_level(), noise in 0.1..10.0) {
        let pure = NoiseLevel::new(0.0, noise).unwrap();
        let kernel = Transition::between(s, pure).unwrap();
        prop_assert_eq!((kernel.scale, kernel.variance), (0.0, noise * noise));
        prop_assert_eq!(Transition::between(pure, s), refused(pure, s));
    }

    #[test]
    fn a_level_to_itself_is_the_identity(t in any_level()) {
        let kernel = Transition::between(t, t).unwrap();
        prop_assert_eq!((kernel.scale, kernel.variance), (1.0, 0.0));
    }

    #[test]
    fn a_cleaner_second_level_is_refused([s, t, _] in three_levels()) {
        prop_assert_eq!(Transition::between(t, s), refused(t, s));
        prop_assert_eq!(Transition::between(t, NoiseLevel::CLEAN), refused(t, NoiseLevel::CLEAN));
    }

    /// The variance of one step is β to 9 digits however small β is, where 1 − ᾱ_t/ᾱ_{t−1} would have 7 left
    /// of 1e-9. A log-SNR near 0 has a rounding of 1e-16 or so; near ±10 one of 1e-15.
    #[test]
    fn tiny_steps_keep_their_digits(log_snr in -2.0..2.0, log_beta in -14.0..-4.0) {
        let beta = libm::exp(log_beta);
        let before = level(log_snr, 1.0);
        let log_alpha_bar = 2.0 * libm::log(before.signal_rate()) + libm::log1p(-beta);
        let after = NoiseLevel::from_log_alpha_bar(log_alpha_bar).unwrap();
        let kernel = Transition::between(before, after).unwrap();
        close(kernel.variance, beta, 1e-9);
    }
}

/// Between neighbours of the usual processes the kernel is N(√(1 − β_t)·x, β_t), to nine digits and better.
#[test]
fn one_trained_step_adds_its_own_beta() {
    for process in [
        DiscreteVp::linear(1000, 1e-4, 0.02).unwrap(),
        DiscreteVp::linear(4000, 1e-6, 1e-3).unwrap(),
        DiscreteVp::quadratic(1000, 1e-4, 0.02).unwrap(),
        DiscreteVp::cosine(4000).unwrap(),
    ] {
        for t in 1..=process.steps() {
            let kernel = Transition::between(process.level(t - 1), process.level(t)).unwrap();
            close(kernel.variance, process.beta(t), 1e-9);
            close(kernel.scale, process.alpha(t).sqrt(), 1e-13);
        }
    }
}

/// With s = 1 throughout and n² from 1 to (1 + δ)², the kernel adds 2δ + δ², which a difference of SNRs would
/// have lost.
#[test]
fn a_step_of_an_exploding_variance_keeps_all_digits() {
    for exponent in [10, 20, 30, 40] {
        let delta = 0.5f64.powi(exponent);
        let [from, to] = [1.0, 1.0 + delta].map(|noise| NoiseLevel::new(1.0, noise).unwrap());
        let kernel = Transition::between(from, to).unwrap();
        assert_eq!(kernel.scale, 1.0);
        close(kernel.variance, delta * (2.0 + delta), 1e-15);
    }
}

#[test]
fn between_two_levels_without_noise_or_signal() {
    let (clean, large) = (NoiseLevel::CLEAN, NoiseLevel::new(4.0, 0.0).unwrap());
    let kernel = Transition::between(clean, large).unwrap();
    assert_eq!((kernel.scale, kernel.variance), (4.0, 0.0));
    let posterior = kernel.posterior();
    let coefficients = (posterior.x0_coefficient, posterior.xt_coefficient, posterior.variance);
    assert_eq!(coefficients, (0.0, 0.25, 0.0));
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    assert_eq!(Transition::between(pure, pure), refused(pure, pure));
    let whole = Transition::between(clean, pure).unwrap();
    assert_eq!((whole.scale, whole.variance), (0.0, 1.0));
}
