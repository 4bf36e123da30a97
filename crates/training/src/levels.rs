//! Which level a training example is noised to.

use crate::LevelSampling;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{DiscreteProcess, NoiseLevel};

/// The time (1 ..= T) of each of `n` examples, the first being the `first`-th image seen. Keyed by the image number.
pub fn draw_times(
    process: &dyn DiscreteProcess,
    how: LevelSampling,
    seed: u64,
    first: u64,
    n: usize,
) -> Vec<usize> {
    (first..first + n as u64)
        .map(|image| {
            let mut numbers =
                Stream::new(Key { seed, image, purpose: Purpose::TRAIN_LEVEL, visit: 0, draw: 0 });
            match how {
                LevelSampling::Uniform => 1 + numbers.below(process.steps() as u64) as usize,
                LevelSampling::NormalLogSnr { mean, std } => {
                    nearest_time(process, mean + std * numbers.normal())
                }
            }
        })
        .collect()
}

/// The trained time whose level is nearest to a log-SNR.
fn nearest_time(process: &dyn DiscreteProcess, log_snr: f64) -> usize {
    // A finite log-SNR always has a variance-preserving level, and time depends on the log-SNR alone.
    let level = NoiseLevel::variance_preserving(log_snr).unwrap_or(NoiseLevel::CLEAN);
    (process.time_of(level).round() as usize).clamp(1, process.steps())
}
