//! Draws the noise levels of training examples.

use crate::{Importance, LevelSampling};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{DiscreteProcess, NoiseLevel};

/// A drawn noise level, with the weight that corrects for the probability of the draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawnLevel {
    /// The level.
    pub level: NoiseLevel,
    /// The time of the level, 1 ..= T; `None` for a level of a continuous process between the T levels.
    pub time: Option<usize>,
    /// 1/(T·p) if importance sampling drew the time with probability p; otherwise 1.
    pub weight: f64,
}

impl DrawnLevel {
    /// One of the T levels, with weight 1.
    pub fn trained(process: &dyn DiscreteProcess, time: usize) -> Self {
        Self { level: process.level(time), time: Some(time), weight: 1.0 }
    }

    /// A level of a continuous process, with weight 1.
    fn between(level: NoiseLevel) -> Self {
        Self { level, time: None, weight: 1.0 }
    }
}

/// Draws the levels of `n` examples, which are the images `first .. first + n` of the training run.
///
/// Draws are keyed by the image number. `importance` holds the losses so far. For a discrete process the level is one of its T levels. For
/// a continuous process it is any level between the first and the last: uniform in the coordinate in which the T levels are evenly
/// spaced, or distributed in log-SNR or σ as `how` specifies.
pub fn draw_levels(
    process: &dyn DiscreteProcess,
    how: LevelSampling,
    importance: Option<&Importance>,
    seed: u64,
    first: u64,
    n: usize,
) -> Vec<DrawnLevel> {
    let steps = process.steps();
    let numbers = |image| Stream::new(Key { seed, image, purpose: Purpose::TRAIN_LEVEL, visit: 0, draw: 0 });
    let probabilities = importance.map(Importance::probabilities);
    let continuous = process.is_continuous();
    let draw = |image: u64| {
        let mut numbers = numbers(image);
        match how {
            LevelSampling::Uniform {} if continuous => at_share(process, 1.0 - numbers.uniform()),
            LevelSampling::Uniform {} => {
                DrawnLevel::trained(process, 1 + numbers.below(steps as u64) as usize)
            }
            LevelSampling::Stratified {} => {
                let place = stratified(seed, image);
                if continuous {
                    at_share(process, (place as f64 + 1.0) / 2f64.powi(64))
                } else {
                    let time = 1 + ((u128::from(place) * steps as u128) >> 64) as usize;
                    DrawnLevel::trained(process, time)
                }
            }
            LevelSampling::Importance { .. } => drawn(process, probabilities.as_deref(), &mut numbers),
            LevelSampling::NormalLogSnr { mean, std } => near_log_snr(process, mean + std * numbers.normal()),
            LevelSampling::LogNormalSigma { mean, std } => {
                near_log_snr(process, -2.0 * (mean + std * numbers.normal()))
            }
            LevelSampling::LogitNormal { mean, std } => {
                let share = 1.0 / (1.0 + (-(mean + std * numbers.normal())).exp());
                if continuous {
                    return at_share(process, share);
                }
                DrawnLevel::trained(process, ((share * steps as f64).round() as usize).clamp(1, steps))
            }
        }
    };
    (first..first + n as u64).map(draw).collect()
}

/// The level at a fraction `share` of the way from the first to the last of the T levels.
fn at_share(process: &dyn DiscreteProcess, share: f64) -> DrawnLevel {
    let time = 1.0 + share.clamp(0.0, 1.0) * (process.steps() - 1) as f64;
    // The level exists because 1 ≤ t ≤ T.
    DrawnLevel::between(process.at_time(time).unwrap_or_else(|_| process.level(process.steps())))
}

/// Element k = `image` of the sequence u + k/φ mod 1, in units of 2⁻⁶⁴. This is the Kronecker sequence of the golden ratio φ, of which
/// every section is spread evenly over the unit interval.
fn stratified(seed: u64, image: u64) -> u64 {
    // 2⁶⁴/φ: multiplying modulo 2⁶⁴ keeps the fraction exact for every image number.
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let start =
        Stream::new(Key { seed, image: 0, purpose: Purpose::TRAIN_LEVEL, visit: 1, draw: 0 }).below(u64::MAX);
    start.wrapping_add(image.wrapping_mul(STEP))
}

/// Draws a time from the probabilities of the times 1 ..= T; uniformly if there are no probabilities.
fn drawn(process: &dyn DiscreteProcess, probabilities: Option<&[f64]>, numbers: &mut Stream) -> DrawnLevel {
    let steps = process.steps();
    let Some(probabilities) = probabilities else {
        return DrawnLevel::trained(process, 1 + numbers.below(steps as u64) as usize);
    };
    let mut left = numbers.uniform();
    // If rounding makes the sum of the probabilities less than the drawn number, the last time is chosen.
    let mut chosen = steps - 1;
    for (i, probability) in probabilities.iter().enumerate() {
        left -= probability;
        if left < 0.0 {
            chosen = i;
            break;
        }
    }
    let weight = 1.0 / (steps as f64 * probabilities[chosen]);
    DrawnLevel { weight, ..DrawnLevel::trained(process, chosen + 1) }
}

/// The level with a given log-SNR, clamped to the range of the process. For a discrete process it is the nearest of its levels.
fn near_log_snr(process: &dyn DiscreteProcess, log_snr: f64) -> DrawnLevel {
    if process.is_continuous() {
        let (last, first) = (process.level(process.steps()).log_snr(), process.level(1).log_snr());
        let level = process.at_log_snr(log_snr.clamp(last, first));
        return DrawnLevel::between(level.unwrap_or_else(|_| process.level(process.steps())));
    }
    // A variance-preserving level exists for every finite log-SNR, and the time depends only on the log-SNR.
    let level = NoiseLevel::variance_preserving(log_snr).unwrap_or(NoiseLevel::CLEAN);
    let time = (process.time_of(level).round() as usize).clamp(1, process.steps());
    DrawnLevel::trained(process, time)
}
