//! The Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996).

use super::unadjusted::{check_step_size, langevin_step};
use super::{Energy, EnergyAndScore};
use crate::{Coefficient, Draw, Error, NoiseSource, State};
use tweedie_math::random::Purpose;

/// The state of a chain and the number of accepted steps.
#[derive(Debug)]
pub struct Adjusted<X> {
    /// The samples.
    pub x: X,
    /// The number of accepted steps of each sample.
    pub accepted: Vec<u64>,
}

/// Runs `n_steps` steps of size δ, each accepted or rejected by Metropolis' rule, so that the samples are unbiased for every δ. It needs
/// an energy, since a score alone does not give the ratio of two densities. In many dimensions the optimal δ accepts about .57 of the
/// steps (Roberts & Rosenthal 1998). After each step `watch` is called with the step's number and x; the chain stops if it returns false.
///
/// A score in place of an energy does not compile:
///
/// ```compile_fail,E0277
/// # use ndarray::array;
/// # use tweedie_math::{GaussianDenoiser, NoiseLevel};
/// # use tweedie_samplers::{ScoreAt, StreamNoise, adjusted_langevin};
/// let denoiser = GaussianDenoiser { mean: 0.0, variance: 1.0 };
/// let target = ScoreAt { denoiser, level: NoiseLevel::variance_preserving(0.0).unwrap() };
/// adjusted_langevin(&target, array![[0.5]], 0.1, 10, &StreamNoise::new(0, 0), &mut |_, _| true);
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a δ that is not positive; [`Error::Uniform`] from a noise source without uniform numbers; errors returned by
/// the energy.
pub fn adjusted_langevin<X: State>(
    target: &(impl Energy<X> + ?Sized),
    x: X,
    step_size: f64,
    n_steps: u64,
    noise: &dyn NoiseSource<X>,
    watch: &mut dyn FnMut(u64, &X) -> bool,
) -> Result<Adjusted<X>, Error> {
    check_step_size(step_size)?;
    let mut accepted = vec![0; x.n_samples()];
    let mut here = target.energy_and_score(&x)?;
    let mut x = x;
    for visit in 0..n_steps {
        let z = noise.normal(&x, Draw { purpose: Purpose::LANGEVIN, visit, draw: 0 })?;
        let u = noise.uniform_per_sample(&x, Draw { purpose: Purpose::ACCEPT, visit, draw: 0 })?;
        let (next, there, moved) = adjusted_langevin_step(target, &x, here, step_size, &z, &u)?;
        (x, here) = (next, there);
        accepted.iter_mut().zip(moved).for_each(|(count, moved)| *count += u64::from(moved));
        if !watch(visit, &x) {
            break;
        }
    }
    Ok(Adjusted { x, accepted })
}

/// One step from x, whose energy and score are `here`. The proposal x' = x + δ/2·∇ln p(x) + √δ·z is accepted if
/// ln u < E(x) − E(x') + ln q(x | x') − ln q(x' | x), with ln q(x' | x) = −‖x' − x − δ/2·∇ln p(x)‖²/(2δ). Returns the new x, its energy
/// and score, and for each sample whether its proposal was accepted.
///
/// # Errors
/// Errors returned by the energy; [`Error::Mismatch`] for states of different shapes, and unless there is one number in `uniform` per
/// sample.
pub fn adjusted_langevin_step<X: State>(
    target: &(impl Energy<X> + ?Sized),
    x: &X,
    here: EnergyAndScore<X>,
    step_size: f64,
    z: &X,
    uniform: &[f64],
) -> Result<(X, EnergyAndScore<X>, Vec<bool>), Error> {
    use Coefficient::Same;
    let proposal = langevin_step(x, &here.score, step_size, z)?;
    let there = target.energy_and_score(&proposal)?;
    // x' − x − δ/2·∇ln p(x) is √δ·z; `back` is the same difference for the reverse move from x' to x.
    let back =
        X::combine(&[(Same(1.0), x), (Same(-1.0), &proposal), (Same(-0.5 * step_size), &there.score)])?;
    let (forth, back) = (z.dot_per_sample(z)?, back.dot_per_sample(&back)?);
    if uniform.len() != forth.len() {
        let (found, expected) = (uniform.len().to_string(), forth.len().to_string());
        return Err(Error::Mismatch { what: "uniform numbers of a batch", found, expected });
    }
    let accepts = |i: usize| {
        let log_ratio = here.energy[i] - there.energy[i] + 0.5 * forth[i] - 0.5 * back[i] / step_size;
        // A proposal whose energy is NaN is rejected.
        uniform[i].ln() < log_ratio
    };
    let moved: Vec<bool> = (0..uniform.len()).map(accepts).collect();
    let energy = |i: usize| if moved[i] { there.energy[i] } else { here.energy[i] };
    let chosen = EnergyAndScore {
        energy: (0..moved.len()).map(energy).collect(),
        score: there.score.select_per_sample(&here.score, &moved)?,
    };
    Ok((proposal.select_per_sample(x, &moved)?, chosen, moved))
}
