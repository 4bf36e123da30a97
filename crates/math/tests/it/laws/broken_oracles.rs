//! Oracles that are wrong about something, which a law must see.

use super::{holds, is_broken};
use crate::{level, numbers};
use ndarray::Array2;
use tweedie_math::random::Stream;
use tweedie_math::{GaussianData, Mixture, NoiseLevel, Oracle, laws};

/// Standard normal data with what is wrong about it.
#[derive(Clone, Copy)]
struct Off {
    score: f64,
    x0: f64,
    covariance: f64,
    sample: f64,
}

const SOUND: Off = Off { score: 1.0, x0: 1.0, covariance: 1.0, sample: 0.0 };

impl Oracle for Off {
    fn dimensions(&self) -> usize {
        1
    }

    fn log_density(&self, x: &[f64], level: NoiseLevel) -> f64 {
        -0.5 * x[0] * x[0] / (level.signal_rate().powi(2) + level.noise_rate().powi(2))
    }

    fn score(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        vec![-self.score * x[0] / (level.signal_rate().powi(2) + level.noise_rate().powi(2))]
    }

    fn x0(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        let total = level.signal_rate().powi(2) + level.noise_rate().powi(2);
        vec![self.x0 * level.signal_rate() * x[0] / total]
    }

    fn x0_covariance(&self, _: &[f64], level: NoiseLevel) -> Array2<f64> {
        let total = level.signal_rate().powi(2) + level.noise_rate().powi(2);
        Array2::from_elem((1, 1), self.covariance * level.noise_rate().powi(2) / total)
    }

    fn sample(&self, numbers: &mut Stream) -> Vec<f64> {
        vec![numbers.normal()]
    }

    fn sample_x0(&self, x: &[f64], level: NoiseLevel, numbers: &mut Stream) -> Vec<f64> {
        let std = self.x0_covariance(x, level)[[0, 0]].sqrt();
        vec![SOUND.x0(x, level)[0] + std * (self.sample + numbers.normal())]
    }
}

#[test]
fn wrong_oracles_are_found() {
    let (x, level) = ([0.7], level(0.5, 1.5));
    holds(laws::score_is_gradient(&SOUND, &x, level));
    holds(laws::tweedie_holds(&SOUND, &x, level));
    holds(laws::denoiser_is_best(&SOUND, &x, level, 1000, &mut numbers(0)));
    is_broken(laws::score_is_gradient(&Off { score: -1.0, ..SOUND }, &x, level));
    is_broken(laws::score_is_gradient(&Off { score: 1.001, ..SOUND }, &x, level));
    is_broken(laws::tweedie_holds(&Off { score: 1.0 + 1e-9, ..SOUND }, &x, level));
    is_broken(laws::tweedie_holds(&Off { x0: 1.0 + 1e-9, ..SOUND }, &x, level));
    is_broken(laws::tweedie_holds(&Off { covariance: 1.001, ..SOUND }, &x, level));
    is_broken(laws::denoiser_is_best(&Off { x0: 1.5, ..SOUND }, &x, level, 1000, &mut numbers(0)));
    is_broken(laws::denoiser_is_best(&Off { sample: 0.3, ..SOUND }, &x, level, 1000, &mut numbers(0)));
}

/// One point in a thousand lies far off: the few that are drawn of it are no normal number, and no complaint for that.
#[test]
fn rare_components_are_no_false_alarm() {
    let at = |mean: f64| GaussianData::isotropic(vec![mean], 1e-4).unwrap();
    let mixture = Mixture::new(vec![(0.999, at(0.0)), (0.001, at(10.0))]).unwrap();
    // So noisy that x does not depend on the component.
    let level = level(-12.0, 1.0);
    for seed in 0..2000 {
        holds(laws::denoiser_is_best(&mixture, &[0.0], level, 20, &mut numbers(seed)));
    }
}
