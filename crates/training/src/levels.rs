//! Which level a training example is noised to.

use crate::{Importance, LevelSampling};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{DiscreteProcess, NoiseLevel};

/// A trained time, and what the example's loss is multiplied by so that its mean is that of uniform times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawnTime {
    /// 1 ..= T.
    pub time: usize,
    /// 1/(T·p), 1 where times are drawn as the objective says; only importance sampling has another.
    pub weight: f64,
}

/// The time of each of `n` examples, the first being the `first`-th image seen. Keyed by the image number; `importance` is what
/// was learnt of the losses so far.
pub fn draw_times(
    process: &dyn DiscreteProcess,
    how: LevelSampling,
    importance: Option<&Importance>,
    seed: u64,
    first: u64,
    n: usize,
) -> Vec<DrawnTime> {
    let steps = process.steps();
    let numbers = |image| Stream::new(Key { seed, image, purpose: Purpose::TRAIN_LEVEL, visit: 0, draw: 0 });
    let probabilities = importance.map(Importance::probabilities);
    let time = |image: u64| {
        let mut numbers = numbers(image);
        match how {
            LevelSampling::Uniform {} => 1 + numbers.below(steps as u64) as usize,
            LevelSampling::Stratified {} => stratified(seed, image, steps),
            LevelSampling::Importance { .. } => return drawn(probabilities.as_deref(), &mut numbers, steps),
            LevelSampling::NormalLogSnr { mean, std } => nearest_time(process, mean + std * numbers.normal()),
            LevelSampling::LogNormalSigma { mean, std } => {
                nearest_time(process, -2.0 * (mean + std * numbers.normal()))
            }
            LevelSampling::LogitNormal { mean, std } => {
                let share = 1.0 / (1.0 + (-(mean + std * numbers.normal())).exp());
                ((share * steps as f64).round() as usize).clamp(1, steps)
            }
        }
        .into()
    };
    (first..first + n as u64).map(time).collect()
}

impl From<usize> for DrawnTime {
    fn from(time: usize) -> Self {
        Self { time, weight: 1.0 }
    }
}

/// The image's place in the sequence u + k/φ mod 1, whose every stretch is spread evenly (Kronecker's, with the golden ratio).
fn stratified(seed: u64, image: u64, steps: usize) -> usize {
    // 2⁶⁴/φ: multiplying modulo 2⁶⁴ keeps the fraction exact for every image number.
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let start =
        Stream::new(Key { seed, image: 0, purpose: Purpose::TRAIN_LEVEL, visit: 1, draw: 0 }).below(u64::MAX);
    let place = start.wrapping_add(image.wrapping_mul(STEP));
    1 + ((u128::from(place) * steps as u128) >> 64) as usize
}

/// A time drawn from probabilities, which are those of times 1 ..= T; uniform without.
fn drawn(probabilities: Option<&[f64]>, numbers: &mut Stream, steps: usize) -> DrawnTime {
    let Some(probabilities) = probabilities else {
        return (1 + numbers.below(steps as u64) as usize).into();
    };
    let mut left = numbers.uniform();
    // Rounding may leave a little above the sum: that is the last time's.
    let mut chosen = steps - 1;
    for (i, probability) in probabilities.iter().enumerate() {
        left -= probability;
        if left < 0.0 {
            chosen = i;
            break;
        }
    }
    DrawnTime { time: chosen + 1, weight: 1.0 / (steps as f64 * probabilities[chosen]) }
}

/// The trained time whose level is nearest to a log-SNR.
fn nearest_time(process: &dyn DiscreteProcess, log_snr: f64) -> usize {
    // A finite log-SNR always has a variance-preserving level, and time depends on the log-SNR alone.
    let level = NoiseLevel::variance_preserving(log_snr).unwrap_or(NoiseLevel::CLEAN);
    (process.time_of(level).round() as usize).clamp(1, process.steps())
}
