//! Reverse steps: their order, the conventions of their variances, and what is refused.

use crate::strategies::{any_levels, any_vp};
use crate::{close, level, within};
use proptest::prelude::*;
use tweedie_math::{
    DiscreteVp, Error, FirstVariance, FixedVariance, GaussianDenoiser, LearnedRange, NoiseLevel, ReverseStep,
    Transition, reverse_steps,
};

use FirstVariance::{OwnForward, SecondPosterior};
use FixedVariance::{FixedLarge, FixedSmall};

fn both(step: &ReverseStep) -> [f64; 2] {
    [step.log_variance(FixedSmall), step.log_variance(FixedLarge)]
}

proptest! {
    /// One step per level, from clean to noisy, each from the level before; the first alone ends at clean data.
    #[test]
    fn steps_lead_from_level_to_level(levels in any_levels()) {
        let steps = reverse_steps(&levels, OwnForward).unwrap();
        prop_assert_eq!(steps.len(), levels.len());
        let mut before = NoiseLevel::CLEAN;
        for (i, (step, level)) in steps.iter().zip(&levels).enumerate() {
            let transition = Transition::between(before, *level).unwrap();
            prop_assert_eq!((step.transition, step.posterior), (transition, transition.posterior()));
            prop_assert_eq!(step.ends_clean(), i == 0);
            before = *level;
        }
    }

    /// Except for the first step, small is ln β̃ and large is ln β for either [`FirstVariance`].
    #[test]
    fn fixed_variances_are_the_posteriors_and_the_forward_ones(levels in any_levels()) {
        for first in [OwnForward, SecondPosterior] {
            let Ok(steps) = reverse_steps(&levels, first) else { continue };
            for step in &steps[1..] {
                prop_assert_eq!(both(step), [step.log_small, step.log_large]);
                close(step.log_small.exp(), step.posterior.variance, 1e-13);
                close(step.log_large.exp(), step.transition.variance, 1e-13);
                // β̃/β is the share of noise that the level before has.
                let [before, level] = [step.transition.from(), step.transition.to()].map(|it| it.noise_rate());
                let rounding = 1e-14 * (1.0 + step.log_small.abs() + step.log_large.abs());
                within(step.log_small - step.log_large, 2.0 * (before / level).ln(), rounding);
            }
        }
    }

    /// The first step's are both β_1, or both β̃_2; its learned range ends at its own β_1 in either.
    #[test]
    fn the_first_variance_is_what_was_asked(levels in any_levels()) {
        let own = reverse_steps(&levels, OwnForward).unwrap()[0];
        let forward = own.transition.variance.ln();
        prop_assert_eq!(both(&own), [own.log_small; 2]);
        within(own.log_small, forward, 1e-15 * forward.abs());
        prop_assert_eq!(own.log_large, own.log_small);
        if let Ok(steps) = reverse_steps(&levels, SecondPosterior) {
            prop_assert_eq!(both(&steps[0]), [steps[1].log_small; 2]);
            prop_assert_eq!((steps[0].log_small, steps[0].log_large), (steps[1].log_small, own.log_large));
        } else {
            prop_assert_eq!(levels.len(), 1);
        }
    }

    /// A learned range is linear in the logarithm, with its lower end at −1 and its upper end at 1, also beyond both.
    #[test]
    fn a_learned_range_is_even_in_the_logarithm(levels in any_levels(), v in -3.0..3.0) {
        for step in reverse_steps(&levels, OwnForward).unwrap() {
            // Half a sum and half a difference have a rounding of the logarithms' size each.
            let rounding = f64::EPSILON * (step.log_small.abs() + step.log_large.abs());
            within(step.range_log_variance(-1.0), step.log_small, rounding);
            within(step.range_log_variance(0.0), 0.5 * (step.log_small + step.log_large), rounding);
            within(step.range_log_variance(1.0), step.log_large, rounding);
            prop_assert_eq!(step.range().log_variance(v), step.range_log_variance(v));
            let expected = step.log_small + 0.5 * (v + 1.0) * (step.log_large - step.log_small);
            within(step.range_log_variance(v), expected, 1e-14 * (1.0 + step.log_small.abs() + step.log_large.abs()));
        }
    }

    /// Fixed-small is right where the data is one point, fixed-large where it is N(0, I) (Ho et al. 2020, sec. 3.2); between them lies
    /// every other, in a process that preserves the variance.
    #[test]
    fn fixed_variances_are_optimal_of_a_point_and_of_noise(process in any_vp(), variance in 0.0..1.0) {
        let steps = reverse_steps(&process.levels(), OwnForward).unwrap();
        for step in &steps {
            prop_assert_eq!(step.optimal_variance(0.0), step.posterior.variance);
            let of = |variance: f64| {
                let data = GaussianDenoiser { mean: 0.0, variance };
                step.optimal_variance(data.x0_variance(step.transition.to()))
            };
            close(of(1.0), step.transition.variance, 1e-13);
            let rounding = 1e-13 * of(1.0);
            prop_assert!(step.posterior.variance <= of(variance) && of(variance) <= of(1.0) + rounding);
        }
    }
}

/// Ho et al.'s process: ln β̃_2 = −9.8167 stands for the first, where ln β_1 is −9.2103.
#[test]
fn the_first_variance_of_ho_et_al() {
    let levels = DiscreteVp::linear(1000, 1e-4, 0.02).unwrap().levels();
    let steps = reverse_steps(&levels, FirstVariance::default()).unwrap();
    within(steps[0].log_small, -9.8167, 5e-5);
    within(steps[0].log_variance(FixedLarge), -9.8167, 5e-5);
    within(steps[0].log_large, 1e-4f64.ln(), 1e-12);
    within(steps[999].log_variance(FixedLarge), 0.02f64.ln(), 1e-12);
    let steps = reverse_steps(&levels, OwnForward).unwrap();
    within(steps[0].log_variance(FixedSmall), 1e-4f64.ln(), 1e-12);
}

/// Numbers that a float holds exactly: the ends and the middle of a range are what they are named.
#[test]
fn a_learned_range_is_its_slope_and_offset() {
    let range = LearnedRange::between(-8.0, -2.0);
    assert_eq!(range, LearnedRange { slope: 3.0, offset: -5.0 });
    assert_eq!([-1.0, 0.0, 1.0, 2.0].map(|v| range.log_variance(v)), [-8.0, -5.0, -2.0, 1.0]);
}

/// From pure noise nothing is known of x_s: the step's β̃ is what the level before has of noise.
#[test]
fn a_step_from_pure_noise() {
    let before = level(1.0, 1.0);
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    let step = reverse_steps(&[before, pure], OwnForward).unwrap()[1];
    assert_eq!((step.posterior.x0_coefficient, step.posterior.xt_coefficient), (before.signal_rate(), 0.0));
    close(step.log_small.exp(), before.noise_rate().powi(2), 1e-15);
    assert_eq!(step.log_large, 0.0);
}

#[test]
fn levels_that_are_no_path_are_refused() {
    let [clean, middle, noisy] = [2.0, 0.0, -2.0].map(|log_snr| level(log_snr, 1.0));
    for first in [OwnForward, SecondPosterior] {
        let none = reverse_steps(&[], first);
        assert!(matches!(none, Err(Error::Parameter { name: "the number of levels", .. })), "{none:?}");
        for wrong in [[noisy, clean], [middle, NoiseLevel::CLEAN]] {
            let refused = reverse_steps(&wrong, first);
            assert!(matches!(refused, Err(Error::NotNoisier { .. })), "{refused:?}");
        }
    }
    assert!(reverse_steps(&[middle], OwnForward).is_ok());
    let one = reverse_steps(&[middle], SecondPosterior);
    let is_named =
        matches!(one, Err(Error::Parameter { name: "the number of levels", found, .. }) if found == 1.0);
    assert!(is_named, "{one:?}");
}

/// A step between equals adds no noise, and the logarithm of none is −∞: no reverse step has that variance.
#[test]
fn a_level_given_twice_is_refused() {
    let [middle, noisy] = [0.0, -2.0].map(|log_snr| level(log_snr, 1.0));
    for twice in [vec![middle, middle, noisy], vec![NoiseLevel::CLEAN, noisy]] {
        let refused = reverse_steps(&twice, OwnForward);
        assert!(matches!(refused, Err(Error::NotNoisier { .. })), "{refused:?}");
    }
}

/// Configurations are written by these names.
#[test]
fn names_are_kept() {
    assert_eq!(serde_json::to_string(&[FixedSmall, FixedLarge]).unwrap(), r#"["fixed_small","fixed_large"]"#);
    let first = serde_json::to_string(&[SecondPosterior, OwnForward]).unwrap();
    assert_eq!(first, r#"["second_posterior","own_forward"]"#);
    assert_eq!(FirstVariance::default(), SecondPosterior);
}
