//! q(x_s | x_t, x_0): Bayes' rule in algebra, and its limits. (By integration: `laws`.)

use crate::{any_level, close, level, three_levels, within};
use proptest::prelude::*;
use tweedie_math::{NoiseLevel, Posterior, Transition};

fn posterior(s: NoiseLevel, t: NoiseLevel) -> Posterior {
    Transition::between(s, t).unwrap().posterior()
}

proptest! {
    /// In algebra: precisions add, and each source is weighed by its own.
    #[test]
    fn the_posterior_adds_precisions([s, t, _] in three_levels()) {
        let kernel = Transition::between(s, t).unwrap();
        let found = kernel.posterior();
        let precision = s.noise_rate().powi(-2) + kernel.scale.powi(2) / kernel.variance;
        close(found.variance, 1.0 / precision, 1e-13);
        close(found.x0_coefficient, s.signal_rate() / s.noise_rate().powi(2) / precision, 1e-13);
        close(found.xt_coefficient, kernel.scale / kernel.variance / precision, 1e-13);
    }

    /// To clean data from anywhere: x_0 itself.
    #[test]
    fn to_clean_data_the_posterior_is_x0(t in any_level()) {
        let found = posterior(NoiseLevel::CLEAN, t);
        prop_assert_eq!(found, Posterior { x0_coefficient: 1.0, xt_coefficient: 0.0, variance: 0.0 });
    }

    /// Given pure noise, the posterior is q(x_s | x_0).
    #[test]
    fn from_pure_noise_the_posterior_is_the_level(s in any_level(), noise in 0.1..10.0) {
        let found = posterior(s, NoiseLevel::new(0.0, noise).unwrap());
        let variance = s.noise_rate().powi(2);
        prop_assert_eq!(found, Posterior { x0_coefficient: s.signal_rate(), xt_coefficient: 0.0, variance });
    }

    /// As the levels approach each other, x_s becomes x_t, and what is left vanishes in proportion to the
    /// step.
    #[test]
    fn a_vanishing_step_is_deterministic(log_snr in -5.0..5.0, exponent in 3i32..8) {
        let gap = 10f64.powi(-exponent);
        let (s, t) = (level(log_snr, 1.0), level(log_snr - gap, 1.0));
        let found = posterior(s, t);
        // Terms of the order of the gap's square are left out, and the gap has lost its size's roundings of
        // 1e-15.
        let tolerance = gap + 1e-14 / gap;
        close(found.variance, s.noise_rate().powi(2) * gap, tolerance);
        close(found.x0_coefficient, s.signal_rate() * gap, tolerance);
        within(found.xt_coefficient, 1.0, gap);
        let identity = posterior(t, t);
        prop_assert_eq!(identity, Posterior { x0_coefficient: 0.0, xt_coefficient: 1.0, variance: 0.0 });
    }
}
