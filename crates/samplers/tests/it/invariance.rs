//! A sample does not depend on its neighbours: alone, in any part of a batch or in another order, every sampler makes the same bits of it.

use crate::path;
use crate::roster::{Named, diffusions, others, solvers};
use ndarray::{Array2, Axis, array, concatenate, s};
use num_traits::Float;
use proptest::prelude::*;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{GaussianData, GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{
    Clipped, Denoiser, Divergence, Draw, EpsAfterClip, Error, ExactAt, Extrapolated, Extrapolation,
    NoiseSource, ReverseVariance, State, StreamNoise, Thresholded, Underdamped, WithX0Variance,
    adjusted_langevin, ddpm, slerp, unadjusted_langevin, underdamped_langevin,
};

const SEED: u64 = 11;

/// The noise of a batch of any images in any order.
struct Images<'a>(&'a [u64]);

impl Images<'_> {
    fn stream(&self, i: usize, draw: Draw) -> Stream {
        let Draw { purpose, visit, draw } = draw;
        Stream::new(Key { seed: SEED, image: self.0[i], purpose, visit, draw })
    }
}

impl<X: State> NoiseSource<X> for Images<'_> {
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error> {
        like.like(&mut |i, values| self.stream(i, draw).fill_normal(values))
    }

    fn uniform_per_sample(&self, like: &X, draw: Draw) -> Result<Vec<f64>, Error> {
        Ok((0..like.n_samples()).map(|i| self.stream(i, draw).uniform()).collect())
    }
}

/// Guided, thresholded, clipped: what a denoiser may be made of, each with something measured sample by sample.
fn denoiser<X: State>() -> impl Denoiser<X> {
    let eps = EpsAfterClip::Rederive;
    let better = GaussianDenoiser { mean: 0.6, variance: 0.3 };
    let worse = GaussianDenoiser { mean: 0.1, variance: 0.5 };
    let guided =
        Extrapolated { better, worse, how: Extrapolation { rescale: 0.7, ..Extrapolation::new(3.0) } };
    let inner = Thresholded { inner: guided, quantile: 0.8, bound: 1.0, most: None, eps };
    Clipped { inner, low: -0.9, high: 0.9, eps }
}

fn all<X: State>() -> Vec<Named<X>> {
    let optimal: Named<X> = ("ddpm optimal", |_, x, p, n, h| {
        let data = GaussianDenoiser { mean: 0.6, variance: 0.3 };
        ddpm(&WithX0Variance::new(data, Divergence::Probes(2), n), x, p, ReverseVariance::Optimal, n, h)
    });
    solvers().into_iter().chain(diffusions()).chain(others()).chain([optimal]).collect()
}

/// Samples a batch together, in two parts, one at a time and in another order.
fn check<A: Float + std::fmt::Debug>(split: usize, order: &[usize], first: u64) {
    let n = order.len();
    let path = path(&[-4.0, -1.5, 0.0, -1.0, 0.5, 2.0, 3.5]);
    let images: Vec<u64> = (0..n as u64).map(|i| first.wrapping_add(i)).collect();
    let start = Draw { purpose: Purpose::START, visit: 0, draw: 0 };
    let x: Array2<A> = Images(&images).normal(&Array2::zeros((n, 5)), start).unwrap();
    let rows = |from: usize, to: usize| x.slice(s![from..to, ..]).to_owned();
    for (name, sampler) in all::<Array2<A>>() {
        let sample =
            |x, noise: &dyn NoiseSource<Array2<A>>| sampler(&denoiser(), x, &path, noise, &mut ()).unwrap();
        // Numbered from the first on: the source that users have.
        let numbered = |from: usize| StreamNoise::new(SEED, first.wrapping_add(from as u64));
        let whole = sample(x.clone(), &numbered(0));
        assert!(whole.row(0) != whole.row(1), "{name}: all alike");
        let parts = [sample(rows(0, split), &numbered(0)), sample(rows(split, n), &numbered(split))];
        let joined = concatenate(Axis(0), &[parts[0].view(), parts[1].view()]).unwrap();
        assert_eq!(joined, whole, "{name}, split at {split}");
        for i in 0..n {
            assert_eq!(sample(rows(i, i + 1), &numbered(i)).row(0), whole.row(i), "{name}, sample {i} alone");
        }
        let shuffled: Vec<u64> = order.iter().map(|&i| images[i]).collect();
        let found = sample(x.select(Axis(0), order), &Images(&shuffled));
        assert_eq!(found, whole.select(Axis(0), order), "{name} in the order {order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn neighbours_do_not_matter(
        split in 1usize..4, order in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(), first in any::<u64>(),
    ) {
        check::<f64>(split, &order, first);
        check::<f32>(split, &order, first);
    }
}

/// Nor do they in Langevin dynamics, whose acceptance is each sample's, or between two codes.
#[test]
fn chains_do_not_know_each_other() {
    let data = GaussianData::isotropic(vec![0.3, -0.2], 0.4).unwrap();
    let target = ExactAt { oracle: &data, level: NoiseLevel::new(1.0, 0.2).unwrap() };
    let x = array![[0.1, 0.2], [-1.0, 0.4], [2.0, 0.0]];
    let run = |x: Array2<f64>, first: u64| {
        let noise = StreamNoise::new(SEED, first);
        let go = &mut |_: u64, _: &Array2<f64>| true;
        let plain =
            unadjusted_langevin(&tweedie_samplers::ScoreOf(&target), x.clone(), 0.3, 9, &noise, go).unwrap();
        let how = Underdamped { step_size: 0.4, friction: 1.0 };
        let kinetic =
            underdamped_langevin(&tweedie_samplers::ScoreOf(&target), x.clone(), how, 9, &noise, go).unwrap();
        let adjusted = adjusted_langevin(&target, x.clone(), 0.8, 9, &noise, go).unwrap();
        let between = slerp(&plain, &x, 0.3).unwrap();
        (
            concatenate(Axis(1), &[plain.view(), kinetic.view(), adjusted.x.view(), between.view()]).unwrap(),
            adjusted.accepted,
        )
    };
    let (whole, accepted) = run(x.clone(), 5);
    for (i, accepted) in accepted.into_iter().enumerate() {
        let (alone, own) = run(x.slice(s![i..=i, ..]).to_owned(), 5 + i as u64);
        assert_eq!((alone.row(0), own[0]), (whole.row(i), accepted));
    }
}
