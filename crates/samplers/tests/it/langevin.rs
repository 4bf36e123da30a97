//! Langevin dynamics on a Gaussian: what it settles at, by linear recursions without sampling, and by samples.

use crate::{Batch, within};
use ndarray::{Array1, array};
use proptest::prelude::*;
use tweedie_math::random::{Key, Stream};
use tweedie_math::{GaussianData, NoiseLevel};
use tweedie_samplers::{
    Draw, Energy, EnergyAndScore, Error, ExactAt, NoiseSource, Score, ScoreOf, Underdamped,
    adjusted_langevin, langevin_step, unadjusted_langevin, underdamped_langevin, underdamped_step,
};

/// N(0, s²), each element for itself; an energy per sample.
struct Gaussian {
    variance: f64,
}

impl Energy<Batch> for Gaussian {
    fn energy_and_score(&self, x: &Batch) -> Result<EnergyAndScore<Batch>, Error> {
        let energy = x.rows().into_iter().map(|row| row.dot(&row) / (2.0 * self.variance)).collect();
        Ok(EnergyAndScore { energy, score: x / -self.variance })
    }
}

impl Score<Batch> for Gaussian {
    fn score(&self, x: &Batch) -> Result<Batch, Error> {
        Ok(x / -self.variance)
    }
}

/// Noise for many chains from one stream a draw: what takes less time than a stream for each chain.
pub struct OneStream(pub u64);

impl OneStream {
    fn stream(&self, Draw { purpose, visit, draw }: Draw) -> Stream {
        Stream::new(Key { seed: self.0, image: 0, purpose, visit, draw })
    }
}

impl NoiseSource<Batch> for OneStream {
    fn normal(&self, like: &Batch, draw: Draw) -> Result<Batch, Error> {
        let mut stream = self.stream(draw);
        Ok(like.mapv(|_| stream.normal()))
    }

    fn uniform_per_sample(&self, like: &Batch, draw: Draw) -> Result<Vec<f64>, Error> {
        let mut stream = self.stream(draw);
        Ok((0..like.nrows()).map(|_| stream.uniform()).collect())
    }
}

/// Standard normal numbers.
fn normals(shape: (usize, usize)) -> Batch {
    let draw = Draw { purpose: tweedie_math::random::Purpose::START, visit: 0, draw: 0 };
    OneStream(5).normal(&Batch::zeros(shape), draw).unwrap()
}

fn mean_of(x: &Batch, f: impl Fn(f64) -> f64) -> f64 {
    x.iter().map(|&x| f(x)).sum::<f64>() / x.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The unadjusted algorithm on N(0, s²): x' = (1 − δ/(2s²))·x + √δ·z, so that V = (1 − δ/(2s²))²·V + δ. With q = δ/s² that is
    /// V·(q − q²/4) = δ, or V = s²/(1 − δ/(4s²)): too wide by a quarter of q. The recursion's slope is at most .99 here, and
    /// 4,000 steps leave 1e-17 of the start.
    #[test]
    fn unadjusted_it_settles_too_wide(variance in 0.1..4.0, q in 0.01..3.9) {
        let delta = q * variance;
        // The coefficients of x and of z, one per sample.
        let x = array![[1.0], [0.0]];
        let score = Gaussian { variance }.score(&x).unwrap();
        let step = langevin_step(&x, &score, delta, &array![[0.0], [1.0]]).unwrap();
        let (kept, added) = (step[[0, 0]], step[[1, 0]]);
        let settled = (0..4000).fold(0.0, |v, _| kept * kept * v + added * added);
        let expected = variance / (1.0 - delta / (4.0 * variance));
        within(settled, expected, 1e-12 * expected);
    }

    /// The stationary variance of BAOAB's positions is s² for every friction and every step below 2s. The variance of its velocities is
    /// too small by the factor 1 − h²/(4s²). The covariance (xx, xv, vv) is iterated through the map of one step until it is stationary.
    #[test]
    fn underdamped_positions_are_exact(variance in 0.1..4.0, share in 0.05..1.9, friction in 0.2..20.0) {
        let how = Underdamped { step_size: share * f64::sqrt(variance), friction: friction / f64::sqrt(variance) };
        let target = Gaussian { variance };
        let (x, v, z) = (array![[1.0], [0.0], [0.0]], array![[0.0], [1.0], [0.0]], array![[0.0], [0.0], [1.0]]);
        let (x, v, _) = underdamped_step(&target, &x, &v, &target.score(&x).unwrap(), how, &z).unwrap();
        let (x, v) = ([0, 1, 2].map(|i| x[[i, 0]]), [0, 1, 2].map(|i| v[[i, 0]]));
        let of = |a: [f64; 3], b: [f64; 3], (xx, xv, vv): (f64, f64, f64)| {
            a[0] * b[0] * xx + (a[0] * b[1] + a[1] * b[0]) * xv + a[1] * b[1] * vv + a[2] * b[2]
        };
        let settled = (0..40_000).fold((0.0, 0.0, 1.0), |c, _| (of(x, x, c), of(x, v, c), of(v, v, c)));
        // Rounding is carried along as slowly as the start is forgotten, over up to thousands of steps.
        within(settled.0 / variance, 1.0, 1e-11);
        within(settled.1, 0.0, 1e-11);
        within(settled.2, 1.0 - share * share / 4.0, 1e-11);
    }
}

/// One run of each on 20,000 numbers, started at 0: the variance within four standard errors, √(2/20,000) of it. The unadjusted one's .5882,
/// far from .5, and the underdamped one's .5 at a step of the size of s.
#[test]
fn runs_settle_where_they_should() {
    let (target, x) = (Gaussian { variance: 0.5 }, Batch::zeros((100, 200)));
    let error = 4.0 * (2.0_f64 / 20_000.0).sqrt();
    let found = unadjusted_langevin(&target, x.clone(), 0.3, 40, &OneStream(1), &mut |_, _| true).unwrap();
    within(mean_of(&found, |x| x * x) / (0.5 / (1.0 - 0.3 / 2.0)), 1.0, error);
    let how = Underdamped { step_size: 0.7, friction: 1.5 };
    let found = underdamped_langevin(&target, x, how, 60, &OneStream(1), &mut |_, _| true).unwrap();
    within(mean_of(&found, |x| x * x) / 0.5, 1.0, error);
}

/// Adjusted, it has no bias: of 10,000 chains from 0 after 30 steps as long as s, variance and fourth moment (whose standard error is √(96/n)·s⁴)
/// are those of N(0, s²); the same steps unadjusted settle a third too wide.
#[test]
fn adjusted_it_has_no_bias() {
    let target = Gaussian { variance: 0.5 };
    let n = 10_000.0_f64;
    let chains = Batch::zeros((10_000, 1));
    let found = adjusted_langevin(&target, chains, 0.5, 30, &OneStream(2), &mut |_, _| true).unwrap();
    within(mean_of(&found.x, |x| x), 0.0, 4.0 * (0.5 / n).sqrt());
    within(mean_of(&found.x, |x| x * x) / 0.5, 1.0, 4.0 * (2.0 / n).sqrt());
    within(mean_of(&found.x, |x| x.powi(4)) / 0.25, 3.0, 4.0 * (96.0 / n).sqrt());
}

/// How often it accepts, in one dimension: ∫∫ N(x; 0, s²)·N(z)·min(1, p(x')·q(x | x')/(p(x)·q(x' | x))) by a sum over a grid (of .02; the
/// kink of min leaves an error of its square). The chains start from the target, so that every step counts; each chain's share is one draw, whose
/// spread gives the standard error. Measured: .9633 of .9631, .7832 of .7837, .4986 of .5000.
#[test]
fn it_accepts_as_often_as_it_should() {
    let variance = 0.5_f64;
    for delta in [0.3, 1.0, 2.0] {
        let normal = |x: f64, variance: f64| {
            (-x * x / (2.0 * variance)).exp() / (std::f64::consts::TAU * variance).sqrt()
        };
        let drift = |x: f64| x - delta / 2.0 * x / variance;
        let grid = || (-350..=350).map(|i| f64::from(i) * 0.02);
        let rate: f64 = grid()
            .map(|u| {
                let x = u * variance.sqrt();
                let accepted = grid().map(|z| {
                    let to = drift(x) + delta.sqrt() * z;
                    let forth = normal(x, variance) * normal(to - drift(x), delta);
                    let back = normal(to, variance) * normal(x - drift(to), delta);
                    normal(z, 1.0) * (back / forth).min(1.0)
                });
                normal(u, 1.0) * accepted.sum::<f64>() * 0.02 * 0.02
            })
            .sum();
        let target = Gaussian { variance };
        let x = normals((4000, 1)) * variance.sqrt();
        let found = adjusted_langevin(&target, x, delta, 30, &OneStream(3), &mut |_, _| true).unwrap();
        let shares = Array1::from_iter(found.accepted.iter().map(|&count| count as f64 / 30.0));
        let error = shares.std(1.0) / 4000.0_f64.sqrt();
        within(shares.mean().unwrap(), rate, 4.0 * error);
    }
}

/// A rejected sample stays where it was, with its energy; a source without uniform numbers is refused with its reason, as is a step
/// that is none.
#[test]
fn what_cannot_be_adjusted_is_refused() {
    let data = GaussianData::isotropic(vec![0.0, 1.0], 0.5).unwrap();
    let target = ExactAt { oracle: &data, level: NoiseLevel::new(1.0, 0.1).unwrap() };
    let run = |noise: &dyn NoiseSource<Batch>, delta| {
        adjusted_langevin(&target, array![[0.3, 0.1]], delta, 3, noise, &mut |_, _| true)
    };
    let refused = run(&crate::Zeros, 0.1);
    assert!(matches!(refused, Err(Error::Uniform)), "{refused:?}");
    for delta in [0.0, -1.0, f64::NAN] {
        assert!(run(&OneStream(0), delta).unwrap_err().to_string().contains("the step size"));
    }
    // Steps so long that none is taken.
    let stuck = run(&OneStream(0), 1e4).unwrap();
    assert_eq!((stuck.x, stuck.accepted), (array![[0.3, 0.1]], vec![0]));
    let score = ScoreOf(target).score(&array![[0.3, 0.1]]).unwrap();
    crate::all_within(&score, &array![[-0.3 / 0.51, 0.9 / 0.51]], 1e-14);
}
