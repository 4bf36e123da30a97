//! Noise by its key: addressable, distinct, pinned, and distributed as it should be.

use crate::within;
use proptest::prelude::*;
use tweedie_math::random::{Key, Purpose, Stream};

const KEY: Key = Key { seed: 0, image: 0, purpose: Purpose::START, visit: 0, draw: 0 };

fn any_key() -> impl Strategy<Value = Key> {
    any::<[u64; 5]>().prop_map(|[seed, image, purpose, visit, draw]| Key {
        seed,
        image,
        purpose: Purpose(purpose),
        visit,
        draw,
    })
}

fn normals(mut stream: Stream, n: usize) -> Vec<f64> {
    let mut values = vec![0.0; n];
    stream.fill_normal(&mut values);
    values
}

proptest! {
    /// A tile of an image sees the noise of the whole image's field.
    #[test]
    fn normals_start_anywhere(key in any_key(), skipped in 0usize..300) {
        let read = normals(Stream::new(key), skipped + 20);
        prop_assert_eq!(&normals(Stream::at(key, skipped as u64), 20), &read[skipped..]);
    }

    #[test]
    fn uniforms_start_anywhere(key in any_key(), skipped in 0u64..300) {
        let mut read = Stream::new(key);
        (0..skipped).for_each(|_| {
            read.uniform();
        });
        prop_assert_eq!(Stream::at(key, skipped).uniform(), read.uniform());
    }

    /// Elements beyond what 32 bits count are further elements, not the first ones again.
    #[test]
    fn elements_do_not_wrap(key in any_key(), element in 0u64..1000) {
        let far = normals(Stream::at(key, (1 << 32) + element), 8);
        prop_assert_eq!(far[1..].to_vec(), normals(Stream::at(key, (1 << 32) + element + 1), 7));
        prop_assert_ne!(far, normals(Stream::at(key, element), 8));
    }

    /// Every part of a key matters, down to its least and greatest bit, and no two parts are the same.
    #[test]
    fn each_part_of_a_key_matters(key in any_key(), bit in 0u32..64) {
        let flip = 1u64 << bit;
        let others = [
            Key { seed: key.seed ^ flip, ..key },
            Key { image: key.image ^ flip, ..key },
            Key { purpose: Purpose(key.purpose.0 ^ flip), ..key },
            Key { visit: key.visit ^ flip, ..key },
            Key { draw: key.draw ^ flip, ..key },
        ];
        let streams: Vec<_> = others.iter().chain([&key]).map(|&key| normals(Stream::new(key), 4)).collect();
        for (i, one) in streams.iter().enumerate() {
            for other in &streams[i + 1..] {
                prop_assert!(one.iter().zip(other).all(|(a, b)| a != b), "{:?} and {:?}", one, other);
            }
        }
    }

    #[test]
    fn numbers_below_a_bound_are(key in any_key(), bound in 1u64..) {
        let mut stream = Stream::new(key);
        prop_assert!((0..20).all(|_| stream.below(bound) < bound));
        prop_assert_eq!((stream.below(1), stream.below(0)), (0, 0));
    }
}

/// The same bits on every machine and in every release: samples are named by their seed.
#[test]
fn golden_values() {
    let other = Key { seed: 42, image: 7, purpose: Purpose::STEP, visit: 3, draw: 1 };
    let first = [
        1.3571176337351798,
        -0.7075631036351714,
        -0.438436355650032,
        -1.6347741070044668,
        -0.3339737853719295,
        0.6011286852340036,
    ];
    assert_eq!(normals(Stream::new(KEY), 6), first);
    let first = [
        -0.1777535665348827,
        -0.09996385894675516,
        0.27108238803620427,
        -0.007350458029726986,
        0.5150519846019767,
        -1.7973285315265228,
    ];
    assert_eq!(normals(Stream::new(other), 6), first);
    let mut stream = Stream::new(other);
    assert_eq!([stream.uniform(), stream.uniform()], [0.020579835946150538, 0.5815339958202264]);
    let below = [stream.below(1000), stream.below(1000), stream.below(u64::MAX)];
    assert_eq!(below, [36, 995, 15234230474585269557]);
    // Purposes are parts of keys: a number changed is every sample changed.
    let purposes = [
        Purpose::START,
        Purpose::STEP,
        Purpose::RENOISE,
        Purpose::TRAIN_NOISE,
        Purpose::TRAIN_LEVEL,
        Purpose::TRAIN_ORDER,
        Purpose::AUGMENT,
        Purpose::WEIGHTS,
        Purpose::DROPOUT,
        Purpose::DATA,
        Purpose::EVALUATE,
    ];
    assert_eq!(purposes.map(|purpose| purpose.0), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}

/// 200 images of 1,000 elements each.
fn field() -> Vec<f64> {
    (0..200).flat_map(|image| normals(Stream::new(Key { seed: 1, image, ..KEY }), 1000)).collect()
}

/// The first four moments; those of xᵏ have the standard error √(Var xᵏ/N) with Var = 1, 2, 15, 96.
#[test]
fn normals_have_their_moments() {
    let values = field();
    let n = values.len() as f64;
    for (k, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let moment = values.iter().map(|x| x.powi(k)).sum::<f64>() / n;
        within(moment, expected, 5.0 * f64::sqrt(variance / n));
    }
}

/// The greatest distance from the normal distribution function (Kolmogorov–Smirnov), which exceeds 1.95/√N
/// once in a thousand times.
#[test]
fn normals_are_normal() {
    let mut values = field();
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(i, x): (usize, &f64)| {
        let below = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
        (below - i as f64 / n).max((i + 1) as f64 / n - below)
    };
    let greatest = values.iter().enumerate().map(distance).fold(0.0, f64::max);
    assert!(greatest < 1.95 / n.sqrt(), "{greatest}");
}

/// No correlation between elements next to each other, nor between their squares (the two halves of a
/// Box–Muller pair share a radius), nor between images next to each other: products of independent normals
/// have variance 1, those of their squares about 1 have 4.
#[test]
fn neighbours_are_independent() {
    let values = field();
    for lag in [1, 2, 1000] {
        let n = (values.len() - lag) as f64;
        let mean = |f: &dyn Fn(f64, f64) -> f64| {
            values.iter().zip(&values[lag..]).map(|(a, b)| f(*a, *b)).sum::<f64>() / n
        };
        within(mean(&|a, b| a * b), 0.0, 5.0 / n.sqrt());
        within(mean(&|a, b| (a * a - 1.0) * (b * b - 1.0)), 0.0, 5.0 * 2.0 / n.sqrt());
    }
}

/// Uniforms fill [0, 1) evenly: χ² of 64 cells has mean 63 and variance 126.
#[test]
fn uniforms_are_uniform() {
    let mut stream = Stream::new(KEY);
    let mut counts = [0.0; 64];
    let n = 200_000;
    for _ in 0..n {
        let value = stream.uniform();
        assert!((0.0..1.0).contains(&value));
        counts[(64.0 * value) as usize] += 1.0;
    }
    within(chi_square(&counts), 63.0, 5.0 * f64::sqrt(126.0));
}

/// χ² has the mean cells − 1 and the variance 2·(cells − 1). The bound 3·2⁶² shows up the bias of plain
/// multiplication: without rejection a multiple of 3 would be drawn half the time.
#[test]
fn numbers_below_a_bound_are_uniform() {
    for (bound, cells) in [(2, 2), (7, 7), (1000, 1000), (3 << 62, 3)] {
        let mut stream = Stream::new(Key { draw: bound, ..KEY });
        let mut counts = vec![0.0; cells];
        for _ in 0..100_000 {
            counts[(stream.below(bound) % cells as u64) as usize] += 1.0;
        }
        let freedom = cells as f64 - 1.0;
        within(chi_square(&counts), freedom, 5.0 * f64::sqrt(2.0 * freedom));
    }
}

/// Σ (count − expected)²/expected for equally likely cells.
fn chi_square(counts: &[f64]) -> f64 {
    let expected = counts.iter().sum::<f64>() / counts.len() as f64;
    counts.iter().map(|count| (count - expected).powi(2) / expected).sum()
}
