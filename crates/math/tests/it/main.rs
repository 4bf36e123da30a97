//! The laws of `tweedie-math`: identities, limits, exact oracles and known values.

mod bound;
mod conditioning;
mod continuous;
mod data_shape;
mod decoder;
mod discretised;
mod flow;
mod gaussian;
mod kl;
mod laws;
mod number;
mod openai;
mod oracle;
mod parameterization;
mod posterior;
mod power_average;
mod process;
mod random;
mod reverse;
mod schedule;
mod spacing;
mod strategies;
mod subsequence;
mod transition;
mod weighting;

use proptest::prelude::*;
use tweedie_math::NoiseLevel;
use tweedie_math::random::{Key, Purpose, Stream};

/// Asserts |found − expected| ≤ `relative`·|expected|; infinities are close to themselves.
#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    within(found, expected, relative * expected.abs());
}

/// Asserts |found − expected| ≤ `absolute`; infinities are within anything of themselves.
#[track_caller]
fn within(found: f64, expected: f64, absolute: f64) {
    assert!(
        found == expected || (found - expected).abs() <= absolute,
        "found {found:e}, expected {expected:e}, off by {:e} where {absolute:e} is allowed",
        (found - expected).abs()
    );
}

/// The level of a log-SNR, its rates times `size`: variance-preserving where `size` is 1.
fn level(log_snr: f64, size: f64) -> NoiseLevel {
    let level = NoiseLevel::variance_preserving(log_snr).unwrap();
    NoiseLevel::new(size * level.signal_rate(), size * level.noise_rate()).unwrap()
}

/// Levels of any process, variance-preserving or not, from nearly clean to nearly pure noise.
fn any_level() -> impl Strategy<Value = NoiseLevel> {
    (-15.0..15.0, 0.1..10.0).prop_map(|(log_snr, size)| level(log_snr, size))
}

/// Three levels of any sizes, each noisier than the one before by at least .01 in log-SNR.
fn three_levels() -> impl Strategy<Value = [NoiseLevel; 3]> {
    (-10.0..10.0, 0.01..5.0, 0.01..5.0, [0.1..10.0, 0.1..10.0, 0.1..10.0]).prop_map(
        |(log_snr, first, second, sizes): (f64, f64, f64, [f64; 3])| {
            [
                level(log_snr, sizes[0]),
                level(log_snr - first, sizes[1]),
                level(log_snr - first - second, sizes[2]),
            ]
        },
    )
}

/// ∫ f over middle ± half by the trapezoidal rule, which converges faster than any power for smooth bumps
/// that vanish at both ends.
fn integrate(middle: f64, half: f64, n: usize, f: impl Fn(f64) -> f64) -> f64 {
    let step = 2.0 * half / n as f64;
    (0..=n).map(|i| f(middle - half + i as f64 * step)).sum::<f64>() * step
}

/// The density of N(mean, variance) at x.
fn density(x: f64, mean: f64, variance: f64) -> f64 {
    (-0.5 * (x - mean).powi(2) / variance).exp() / (core::f64::consts::TAU * variance).sqrt()
}

/// The numbers of a seed.
fn numbers(seed: u64) -> Stream {
    Stream::new(Key { seed, image: 0, purpose: Purpose::EVALUATE, visit: 0, draw: 0 })
}
