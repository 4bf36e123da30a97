//! Annealed Langevin dynamics finds the weights of modes that plain Langevin dynamics never leaves.

use crate::langevin::OneStream;
use crate::two_modes::TwoModes;
use crate::{Batch, within};
use ndarray::array;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{GaussianDenoiser, NoiseLevel, Oracle};
use tweedie_samplers::{
    Annealed, Draw, Error, NoiseSource, Path, ScoreAt, State, annealed_langevin, ddim, first_sigma,
    geometric_sigmas, unadjusted_langevin,
};

const DIMENSIONS: usize = 16;
const DATA: TwoModes = TwoModes { share: 0.3, m: 4.0, v: 0.01 };

/// The σ of techniques 1 and 2 for 64 points of the data.
fn sigmas() -> Vec<f64> {
    let oracle = DATA.mixture(DIMENSIONS);
    let mut numbers = Stream::new(Key { seed: 1, image: 0, purpose: Purpose::DATA, visit: 0, draw: 0 });
    let points: Vec<Vec<f64>> = (0..64).map(|_| oracle.sample(&mut numbers)).collect();
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    geometric_sigmas(first_sigma(&points), 0.1, DIMENSIONS).unwrap()
}

fn path(sigmas: &[f64]) -> Path {
    let levels = sigmas.iter().map(|&sigma| NoiseLevel::new(1.0, sigma).unwrap());
    Path::new(levels.chain([NoiseLevel::CLEAN]).collect()).unwrap()
}

/// From a start that lies in both basins alike, the modes' weights are found where Langevin dynamics goes down from level to level, and stay
/// the start's where it does not. 600 samples have a binomial error of .019; four of them, and .05 for what the levels between the
/// last mixing one and the modes still remember of ½ (found .0345 with 2,000 samples of 32 dimensions).
#[test]
fn weights_are_found_level_by_level() {
    let sigmas = sigmas();
    assert_eq!(sigmas.len(), 7);
    let draw = Draw { purpose: Purpose::START, visit: 0, draw: 0 };
    let x = OneStream(7).normal(&Batch::zeros((600, DIMENSIONS)), draw).unwrap() * sigmas[0];
    let how = |friction| Annealed { epsilon: 0.003, steps_per_level: 40, friction, denoise: true };
    let annealed = |friction| {
        annealed_langevin(&DATA, x.clone(), &path(&sigmas), how(friction), &OneStream(8), &mut ()).unwrap()
    };
    let at_last = ScoreAt { denoiser: DATA, level: NoiseLevel::new(1.0, 0.1).unwrap() };
    let plain =
        unadjusted_langevin(&at_last, x.clone(), 0.006, 100, &OneStream(9), &mut |_, _| true).unwrap();
    let error = (0.3 * 0.7 / 600.0_f64).sqrt();
    // With velocities as without.
    for friction in [None, Some(0.5)] {
        within(TwoModes::found_share(&annealed(friction)), 0.3, 4.0 * error + 0.05);
    }
    within(TwoModes::found_share(&x), 0.5, 4.0 * error);
    assert_eq!(TwoModes::found_share(&plain), TwoModes::found_share(&x));
}

/// The steps of each level and the step to the next one as a recursion of the variance in x̃ (with unit data in any process):
/// V ← (1 − ε/σ_L²·σ²/(σ² + c))²·V + 2ε·σ²/σ_L², T times, and the estimate at the end if the option is set.
#[test]
fn variances_follow_the_recursion() {
    let (c, epsilon, steps) = (0.25, 0.004, 3);
    let data = GaussianDenoiser { mean: 0.0, variance: c };
    let sigmas = [3.0, 1.0, 0.2];
    for (signal, denoise) in [(1.0, true), (1.0, false), (0.6, true), (0.6, false)] {
        let level = |&sigma: &f64| NoiseLevel::new(signal, signal * sigma).unwrap();
        let path = Path::new(sigmas.iter().map(level).chain([NoiseLevel::CLEAN]).collect()).unwrap();
        // Sample i has a 1 in draw i, the last one in the start.
        let mut x = Batch::zeros((10, 1));
        x[[9, 0]] = 2.0 * signal;
        let how = Annealed { epsilon, steps_per_level: steps, friction: None, denoise };
        let found = annealed_langevin(&data, x, &path, how, &Impulses(steps), &mut ()).unwrap();
        let mut variance = 4.0;
        for sigma in sigmas {
            for _ in 0..steps {
                let alpha = epsilon * sigma * sigma / 0.04;
                variance = (1.0 - alpha / (sigma * sigma + c)).powi(2) * variance + 2.0 * alpha;
            }
        }
        let gain = if denoise { c / (c + 0.04) } else { 1.0 };
        within(found.iter().map(|x| x * x).sum(), gain * gain * variance, 1e-13);
    }
}

/// Sample i gets a 1 at the i-th draw of all, 0 elsewhere.
struct Impulses(usize);

impl<X: State> NoiseSource<X> for Impulses {
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error> {
        assert_eq!(draw.purpose, Purpose::LANGEVIN);
        let own = draw.visit as usize * self.0 + draw.draw as usize;
        like.like(&mut |i, values| values.fill(if i == own { 1.0 } else { 0.0 }))
    }
}

/// Steps that diverge are refused. The step from pure noise is that of DDIM for any scale of the steps.
#[test]
fn what_has_no_scale_is_refused() {
    let data = GaussianDenoiser { mean: 0.0, variance: 1.0 };
    let sentence = |path: &Path, how| {
        annealed_langevin(&data, array![[0.0]], path, how, &crate::Silent, &mut ()).unwrap_err().to_string()
    };
    let descending = path(&[1.0, 0.1]);
    let pure = Path::new(vec![NoiseLevel::new(0.0, 1.0).unwrap(), NoiseLevel::CLEAN]).unwrap();
    let left = annealed_langevin(&data, array![[0.7]], &pure, Annealed::default(), &crate::Silent, &mut ());
    assert_eq!(left.unwrap(), ddim(&data, array![[0.7]], &pure, 0.0, &crate::Silent, &mut ()).unwrap());
    // The last level's σ is .1.
    for (how, name) in [
        (Annealed { epsilon: 0.021, ..Annealed::default() }, "diverge"),
        (Annealed { steps_per_level: 0, ..Annealed::default() }, "steps per level"),
        (Annealed { friction: Some(-1.0), ..Annealed::default() }, "friction"),
        (Annealed { epsilon: -1.0, ..Annealed::default() }, "step size"),
    ] {
        assert!(sentence(&descending, how).contains(name));
    }
}
