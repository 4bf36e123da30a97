//! Broken laws: each law fails for at least one wrong object.

use super::{holds, is_broken, is_refused};
use crate::level;
use tweedie_math::{
    DiscreteVp, Error, GaussianData, NoiseLevel, Parameterization, Process, Weighting, laws, reverse_steps,
};

/// A process of time 0 to 1 with what is wrong about it.
struct Wrong {
    rates: fn(f64) -> (f64, f64),
    time: fn(NoiseLevel) -> f64,
    scale: f64,
}

/// Right: signal 1 − t, noise t.
const RIGHT: Wrong =
    Wrong { rates: |t| (1.0 - t, t), time: |level| 1.0 / (1.0 + 1.0 / level.sigma()), scale: 1.0 };

impl Process for Wrong {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        let (signal, noise) = (self.rates)(t);
        NoiseLevel::new(signal, noise)
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let noise = 1.0 / (1.0 + (0.5 * log_snr).exp());
        NoiseLevel::new(self.scale / (1.0 + (-0.5 * log_snr).exp()), self.scale * noise)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        (self.time)(level)
    }

    fn trained_previous(&self, _: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, _: NoiseLevel) -> f64 {
        1.0
    }
}

const TIMES: [f64; 5] = [0.0, 0.1, 0.5, 0.75, 1.0];

#[test]
fn the_right_process_passes() {
    holds(laws::rates_are_in_range(&RIGHT, &TIMES));
    holds(laws::noise_grows(&RIGHT, &TIMES));
    holds(laws::times_and_levels_invert(&RIGHT, &TIMES));
    holds(laws::log_snr_names_levels(&RIGHT, &TIMES));
}

#[test]
fn rates_out_of_range_are_found() {
    // Not clean at time 0, by its noise or by its signal; a signal that grows; a negative one.
    is_broken(laws::rates_are_in_range(&Wrong { rates: |t| (1.0, t + 1e-3), ..RIGHT }, &TIMES));
    is_broken(laws::rates_are_in_range(&Wrong { rates: |t| (0.9 * (1.0 - t), t), ..RIGHT }, &TIMES));
    is_broken(laws::rates_are_in_range(&Wrong { rates: |t| (1.0 + t, t), ..RIGHT }, &TIMES));
    is_refused(laws::rates_are_in_range(&Wrong { rates: |t| (1.0 - 1.2 * t, t), ..RIGHT }, &TIMES));
}

#[test]
fn noise_that_shrinks_is_found() {
    is_broken(laws::noise_grows(&Wrong { rates: |t| (1.0 - t, t * (1.2 - t)), ..RIGHT }, &TIMES));
    is_broken(laws::noise_grows(&Wrong { rates: |t| (1.0 + 0.1 * t, t), ..RIGHT }, &TIMES));
    // A level that stays the same; times in another order.
    is_broken(laws::noise_grows(&Wrong { rates: |t| (1.0, t.min(0.5)), ..RIGHT }, &TIMES));
    is_broken(laws::noise_grows(&RIGHT, &[0.5, 0.1]));
}

#[test]
fn a_variance_that_is_not_preserved_is_found() {
    is_broken(laws::variance_is_preserved(&RIGHT, &TIMES));
    // By 10⁻¹² only.
    let nearly = Wrong { rates: |t| ((1.0 - t * t).sqrt() * (1.0 + 1e-12), t), ..RIGHT };
    is_broken(laws::variance_is_preserved(&nearly, &TIMES));
}

#[test]
fn wrong_times_are_found() {
    is_broken(laws::times_and_levels_invert(&Wrong { time: |_| 0.5, ..RIGHT }, &TIMES));
    let nearly = Wrong { time: |level| (RIGHT.time)(level) * (1.0 - 1e-10), ..RIGHT };
    is_broken(laws::times_and_levels_invert(&nearly, &TIMES));
    // One that goes by the noise instead of the ratio.
    is_broken(laws::times_and_levels_invert(
        &Wrong { time: |level| level.noise_rate().min(1.0), ..RIGHT },
        &TIMES,
    ));
}

#[test]
fn another_processes_levels_are_found() {
    is_broken(laws::log_snr_names_levels(&Wrong { scale: 1.0 + 1e-12, ..RIGHT }, &TIMES));
}

#[test]
fn levels_in_the_wrong_order_are_refused() {
    let [clean, noisy] = [level(1.0, 1.0), level(-1.0, 1.0)];
    is_refused(laws::chain_is_closed_form(&[noisy, clean]));
    is_refused(laws::posterior_is_bayes(noisy, clean, 0.5, 0.5));
    is_refused(laws::posterior_averages_back(noisy, clean));
    is_refused(laws::mean_from_eps_is_posterior_mean(noisy, clean, 0.5, 0.5));
    let data = GaussianData::isotropic(vec![0.0], 0.25).unwrap();
    is_refused(laws::bound_is_exact(&data, &[noisy, clean], 1.0));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    let epsilon = Parameterization::Epsilon;
    is_refused(laws::readings_invert_targets(epsilon, pure, None, 0.5, 0.5));
    is_refused(laws::outputs_convert(epsilon, Parameterization::V, pure, None, 0.5, 0.5));
    is_refused(laws::weights_convert(Weighting::Vlb {}, epsilon, level(0.0, 1.0), None));
}

#[test]
fn steps_that_there_are_not_are_found() {
    let process = DiscreteVp::linear(10, 1e-3, 0.1).unwrap();
    holds(laws::steps_are_the_papers(&process, 10));
    for t in [0, 11] {
        assert!(laws::steps_are_the_papers(&process, t).is_err(), "{t}");
    }
    is_refused(laws::respaced_agrees(&process, &[1, 11]));
    is_refused(laws::respaced_agrees(&process, &[2, 2]));
    for t in [0, 1, 11] {
        assert!(laws::step_term_is_weighted_eps_error(&process, t, 0.1, -3.0).is_err(), "{t}");
    }
}

#[test]
fn what_is_no_variance_is_found() {
    is_broken(laws::kl_is_its_integral(0.5, f64::NAN, 1.0));
    is_broken(laws::kl_is_its_integral(0.5, 1.0, -1.0));
    is_broken(laws::kl_is_positive(0.0, -1.0, 1.0));
    let steps = reverse_steps(&[level(1.0, 1.0), level(0.0, 1.0)], tweedie_math::FirstVariance::OwnForward);
    let step = steps.unwrap()[1];
    // So far below zero that no variance is left.
    is_broken(laws::variance_is_best(&step, -10.0, step.log_small));
}
