//! Noise does not depend on the batch: an image sampled alone is the image sampled among others, bit for bit.

use crate::path;
use ndarray::{Array2, Array4, Axis, array, concatenate, s};
use num_traits::Float;
use proptest::prelude::*;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{GaussianDenoiser, Process};
use tweedie_samplers::{
    Clipped, Draw, EpsAfterClip, Error, NoiseSource, Path, ReverseVariance, StreamNoise, ddim, ddpm, start,
};

const DRAW: Draw = Draw { purpose: Purpose::STEP, visit: 4, draw: 2 };

/// Images number `first`.. of one run, sampled as one batch: start, steps, climbs, clipping.
fn sample<A: Float>(first: u64, n: usize, seed: u64, eta: Option<f64>) -> Result<Array4<A>, Error> {
    let noise = StreamNoise::new(seed, first);
    let path = path(&[-6.0, -1.0, -2.0, 1.0, 3.0]);
    let process = crate::linear();
    let x = start(&Array4::<A>::zeros((n, 2, 2, 3)), &process, &path, &noise)?;
    let inner = GaussianDenoiser { mean: 0.2, variance: 0.3 };
    let denoiser = Clipped { inner, low: -1.0, high: 1.0, eps: EpsAfterClip::Rederive };
    match eta {
        Some(eta) => ddim(&denoiser, x, &path, eta, &noise, &mut ()),
        None => ddpm(&denoiser, x, &path, ReverseVariance::FixedLarge, &noise, &mut ()),
    }
}

/// However a batch is split, its parts are the whole.
fn check_split<A: Float + std::fmt::Debug>(first: u64, n: [usize; 2], seed: u64, eta: Option<f64>) {
    let whole = sample::<A>(first, n[0] + n[1], seed, eta).unwrap();
    let head = sample::<A>(first, n[0], seed, eta).unwrap();
    let tail = sample::<A>(first.wrapping_add(n[0] as u64), n[1], seed, eta).unwrap();
    assert_eq!(concatenate(Axis(0), &[head.view(), tail.view()]).unwrap(), whole);
    // Not because all images were the same.
    assert_ne!(whole.slice(s![0, .., .., ..]), whole.slice(s![-1, .., .., ..]));
}

proptest! {
    #[test]
    fn batches_can_be_split(
        first in any::<u64>(), n in [1usize..5, 1usize..5],
        seed in any::<u64>(), eta in prop::option::of(0.0..=1.0),
    ) {
        check_split::<f64>(first, n, seed, eta);
        check_split::<f32>(first, n, seed, eta);
    }

    /// Element e of image i is number e of the image's stream for any shape. An f32 array has the nearest f32.
    #[test]
    fn noise_is_the_streams(first in any::<u64>(), seed in any::<u64>(), i in 0usize..4, e in 0usize..12) {
        let noise = StreamNoise::new(seed, first);
        let drawn: Array4<f64> = noise.normal(&Array4::zeros((4, 3, 2, 2)), DRAW).unwrap();
        let flat: Array2<f32> = noise.normal(&Array2::zeros((4, 12)), DRAW).unwrap();
        let image = first.wrapping_add(i as u64);
        let key = Key { seed, image, purpose: DRAW.purpose, visit: DRAW.visit, draw: DRAW.draw };
        let expected = Stream::at(key, e as u64).normal();
        prop_assert_eq!(drawn[[i, e / 4, e / 2 % 2, e % 2]], expected);
        prop_assert_eq!(flat[[i, e]], expected as f32);
    }
}

/// Seeds, purposes, visits and draws have noise of their own.
#[test]
fn each_draw_is_another() {
    let like = Array2::<f64>::zeros((1, 3));
    let noise = |seed, draw| StreamNoise::new(seed, 0).normal(&like, draw).unwrap();
    let all = [
        noise(0, DRAW),
        noise(1, DRAW),
        noise(0, Draw { purpose: Purpose::RENOISE, ..DRAW }),
        noise(0, Draw { visit: 5, ..DRAW }),
        noise(0, Draw { draw: 3, ..DRAW }),
    ];
    for (i, one) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|other| other != one), "{all:?}");
    }
}

/// A process whose last level is spread three times as wide as noise of one.
struct Wide;

impl Process for Wide {
    fn at_time(&self, t: f64) -> Result<tweedie_math::NoiseLevel, tweedie_math::Error> {
        tweedie_math::NoiseLevel::new(1.0, 3.0 * t)
    }

    fn last_time(&self) -> f64 {
        1.0
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<tweedie_math::NoiseLevel, tweedie_math::Error> {
        tweedie_math::NoiseLevel::new(1.0, (-0.5 * log_snr).exp())
    }

    fn time_of(&self, level: tweedie_math::NoiseLevel) -> f64 {
        level.sigma() / 3.0
    }

    fn trained_previous(&self, _: tweedie_math::NoiseLevel) -> Option<tweedie_math::NoiseLevel> {
        None
    }

    fn start_std(&self, level: tweedie_math::NoiseLevel) -> f64 {
        level.noise_rate()
    }
}

/// A start has its own purpose and the standard deviation of the process at the path's first level.
#[test]
fn a_start_is_the_processs_noise() {
    let noise = StreamNoise::new(7, 2);
    let like: Array2<f64> = array![[0.0, 0.0], [0.0, 0.0]];
    let expected = noise.normal(&like, Draw { purpose: Purpose::START, visit: 0, draw: 0 }).unwrap();
    let preserving = start(&like, &crate::linear(), &path(&[-2.0]), &noise).unwrap();
    assert_eq!(preserving, expected);
    let levels = [0.5, 0.0].map(|t| Wide.at_time(t).unwrap());
    let wide = start(&like, &Wide, &Path::new(levels.to_vec()).unwrap(), &noise).unwrap();
    crate::all_within(&wide, &(1.5 * expected), 1e-15);
}
