//! A walk can be differentiated step by step: the chain rule by hand against differences.

use crate::{Batch, level, path};
use ndarray::array;
use tweedie_math::{GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{Denoiser, Differentiable, Exact, Levels, Path, StreamNoise, ddim, ddim_sigma};

/// The gradient of ⟨w, x_end⟩ with respect to x: of each step x_s = s·x̂_0 + √(n² − σ²)·ε̂ + σ·z, from the last to the first.
fn gradient(denoiser: &dyn Differentiable<Batch>, x: &Batch, path: &Path, eta: f64, w: &Batch) -> Batch {
    let noise = StreamNoise::new(6, 0);
    // Where each step begins.
    let mut xs = vec![x.clone()];
    let mut look = |_: &tweedie_samplers::Step, x: &Batch| xs.push(x.clone());
    ddim(&denoiser, x.clone(), path, eta, &noise, &mut look).unwrap();
    path.steps().rev().fold(w.clone(), |w, step| {
        let sigma = ddim_sigma(step.from, step.to, eta).unwrap();
        let direction = (step.to.noise_rate().powi(2) - sigma * sigma).sqrt();
        let cotangents = [(step.to.signal_rate() * &w, direction * &w)];
        denoiser.denoise_vjp(&xs[step.index], step.from.into(), &cotangents).unwrap().1.remove(0)
    })
}

/// Against central differences of 1e-4, whose own errors are h²/6 of a third derivative of some tens, and 1e-16/h.
fn check(denoiser: &dyn Differentiable<Batch>, eta: f64) {
    let path = path(&[-1.5, 0.0, 2.0]);
    let x = array![[0.3, -0.2], [-0.9, 0.6], [0.1, 0.05]];
    let w = array![[1.0, -0.5], [0.3, 2.0], [-1.0, 0.7]];
    let found = gradient(denoiser, &x, &path, eta, &w);
    let value = |x: &Batch| {
        let end = ddim(&denoiser, x.clone(), &path, eta, &StreamNoise::new(6, 0), &mut ()).unwrap();
        (&w * &end).sum()
    };
    for ((i, axis), found) in found.indexed_iter() {
        let moved = |by: f64| {
            let mut x = x.clone();
            x[[i, axis]] += by;
            value(&x)
        };
        let expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
        assert!((found - expected).abs() < 1e-6, "row {i}, axis {axis}: {found} for {expected}");
        assert!(expected.abs() > 1e-3, "too flat to judge");
    }
}

#[test]
fn three_steps_of_ddim() {
    let data = crate::processes::mixture();
    let one = &data.components()[1];
    for eta in [0.0, 0.6] {
        check(&Exact(&data), eta);
        check(&Exact(one), eta);
        check(&GaussianDenoiser { mean: 0.4, variance: 0.3 }, eta);
    }
}

/// Both oracles of one Gaussian give one product, each sample at its own level.
#[test]
fn two_oracles_of_a_gaussian_agree() {
    let data = tweedie_math::GaussianData::isotropic(vec![0.4, 0.4], 0.3).unwrap();
    let line = GaussianDenoiser { mean: 0.4, variance: 0.3 };
    let x: Batch = array![[0.3, -0.2], [-0.9, 0.6], [0.1, 0.0]];
    let at = [level(-2.0), level(3.0), NoiseLevel::CLEAN];
    let cotangents =
        [(array![[1.0, 0.2], [0.0, -1.0], [2.0, 0.5]], array![[0.3, 1.0], [0.7, 0.0], [1.0, 1.0]])];
    let of = |denoiser: &dyn Differentiable<Batch>| {
        denoiser.denoise_vjp(&x, Levels::Each(&at), &cotangents).unwrap()
    };
    let ((ours, our_products), (theirs, their_products)) = (of(&Exact(&data)), of(&line));
    crate::all_within(&our_products[0], &their_products[0], 1e-12);
    crate::all_within(&ours.x0, &theirs.x0, 1e-12);
    crate::all_within(&ours.x0, &line.denoise(&x, Levels::Each(&at)).unwrap().x0, 1e-12);
}
