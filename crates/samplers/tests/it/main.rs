//! The laws of `tweedie-samplers` in f64 against exact answers, and parity with recordings of `diffusers`.

mod annealed;
mod clip;
mod corrector;
mod ddim;
mod ddpm;
mod ddpm_exact;
mod differentiable;
mod edm;
mod errors;
mod family;
mod guided;
mod hooks;
mod invariance;
mod inversion;
mod inversion_recorded;
mod langevin;
mod levels;
mod likelihood;
mod linear;
mod memory;
mod noise;
mod options;
mod order;
mod ordering;
mod parity;
mod paths;
mod processes;
mod recordings;
mod roster;
mod rules;
mod slerp;
mod state;
mod thresholded;
mod two_modes;
mod variance;
mod walk;

use ndarray::{Array, Array2, Dimension};
use proptest::prelude::*;
use std::cell::RefCell;
use tweedie_math::{DiscreteVp, NoiseLevel};
use tweedie_samplers::{Draw, Error, NoiseSource, Path, State, StreamNoise};

/// The state of most tests: a batch of vectors.
type Batch = Array2<f64>;

/// The variance-preserving level of a log-SNR.
fn level(log_snr: f64) -> NoiseLevel {
    NoiseLevel::variance_preserving(log_snr).unwrap()
}

/// The process of Ho et al.
fn linear() -> DiscreteVp {
    DiscreteVp::linear(1000, 1e-4, 0.02).unwrap()
}

/// A path through the levels of some log-SNRs, then to clean data.
fn path(log_snrs: &[f64]) -> Path {
    Path::new(log_snrs.iter().map(|&log_snr| level(log_snr)).chain([NoiseLevel::CLEAN]).collect()).unwrap()
}

/// Log-SNRs in any order: paths that climb as often as they descend.
fn any_log_snrs() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-8.0..8.0, 1..8)
}

/// Asserts |found − expected| ≤ `tolerance` for one number.
#[track_caller]
fn within(found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance, "found {found}, expected {expected}, off by {off:e} > {tolerance:e}");
}

/// Asserts |found − expected| ≤ `tolerance` for every element.
#[track_caller]
fn all_within<D: Dimension>(found: &Array<f64, D>, expected: &Array<f64, D>, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape());
    let off = (found - expected).iter().fold(0.0, |most: f64, off| most.max(off.abs()));
    assert!(off <= tolerance, "found {found}, expected {expected}, off by {off:e} > {tolerance:e}");
}

/// A source from which nothing may be drawn.
struct Silent;

impl<X: State> NoiseSource<X> for Silent {
    fn normal(&self, _: &X, draw: Draw) -> Result<X, Error> {
        Err(Error::other(format!("unexpected draw: {draw:?}")))
    }
}

/// A source of zeros, with which samplers follow their means.
struct Zeros;

impl<X: State> NoiseSource<X> for Zeros {
    fn normal(&self, like: &X, _: Draw) -> Result<X, Error> {
        like.like(&mut |_, values| values.fill(0.0))
    }
}

/// [`StreamNoise`] that records its draws.
#[derive(Default)]
struct Logged(RefCell<Vec<Draw>>);

impl<X: State> NoiseSource<X> for Logged {
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error> {
        self.0.borrow_mut().push(draw);
        StreamNoise::new(0, 0).normal(like, draw)
    }
}
