//! The walk of a path: its order, its steps to noisier levels, and the draws of each step.

use crate::{Batch, Logged, Silent, all_within, any_log_snrs, level, linear, path};
use ndarray::array;
use proptest::prelude::*;
use std::cell::RefCell;
use tweedie_math::random::Purpose;
use tweedie_math::{GaussianDenoiser, NoiseLevel, Transition};
use tweedie_samplers::{
    Denoiser, Draw, Error, Estimate, Hook, Levels, Next, NoiseSource, Path, ReverseVariance, State, Step,
    StreamNoise, ddim, ddpm,
};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.5, variance: 0.25 };

/// Down, up, down a little, down to clean data.
const CLIMBING: [f64; 4] = [-4.0, 0.0, -2.0, 1.0];

/// Remembers whether each step came with an estimate, and what each state was.
#[derive(Default)]
struct Watch {
    steps: Vec<(Step, bool)>,
    states: Vec<Batch>,
}

impl Hook<Batch> for Watch {
    fn after(
        &mut self,
        x: &Batch,
        step: &Step,
        estimate: Option<&Estimate<Batch>>,
        _: &dyn NoiseSource<Batch>,
    ) -> Result<Next<Batch>, Error> {
        self.steps.push((*step, estimate.is_some()));
        self.states.push(x.clone());
        Ok(Next::Go)
    }
}

proptest! {
    /// Each pair of levels is one step; the estimate is there where the path descends; the last state is the
    /// result.
    #[test]
    fn each_pair_of_levels_is_one_step(log_snrs in any_log_snrs()) {
        let path = path(&log_snrs);
        let mut watch = Watch::default();
        let noise = StreamNoise::new(0, 0);
        let result = ddim(&DATA, array![[1.0], [2.0]], &path, 0.5, &noise, &mut watch).unwrap();
        prop_assert_eq!(watch.steps.len(), path.n_steps());
        for (index, (pair, (step, with_estimate))) in path.levels().windows(2).zip(&watch.steps).enumerate() {
            let expected = Step { index, count: path.n_steps(), from: pair[0], to: pair[1] };
            prop_assert_eq!(*step, expected);
            prop_assert_eq!(*with_estimate, pair[1].log_snr() > pair[0].log_snr());
        }
        prop_assert_eq!(watch.states.last(), Some(&result));
    }

    /// A climb puts noise on by the forward kernel, with noise of its own purpose.
    #[test]
    fn climbs_are_the_forward_kernel(low in 0.0..6.0, climb in 0.1..8.0, x in -3.0..3.0) {
        let (clean_side, noisy_side) = (level(low), level(low - climb));
        let path = Path::new(vec![clean_side, noisy_side]).unwrap();
        let noise = StreamNoise::new(3, 5);
        let draw = Draw { purpose: Purpose::RENOISE, visit: 0, draw: 0 };
        let z: Batch = noise.normal(&array![[x]], draw).unwrap();
        let kernel = Transition::between(clean_side, noisy_side).unwrap();
        let expected = kernel.scale * x + kernel.variance.sqrt() * z;
        let found = ddim(&DATA, array![[x]], &path, 0.0, &noise, &mut ()).unwrap();
        all_within(&found, &expected, 1e-15 * (1.0 + x.abs()));
    }
}

/// Noise is keyed by purpose and visit: a climb never shares a draw with a step, nor one step with another,
/// and a deterministic step draws nothing.
#[test]
fn draws_are_named_by_purpose_and_visit() {
    let step = |visit| Draw { purpose: Purpose::STEP, visit, draw: 0 };
    let climb = Draw { purpose: Purpose::RENOISE, visit: 1, draw: 0 };
    let path = path(&CLIMBING);
    let drawn = |sample: &dyn Fn(&Logged)| {
        let noise = Logged::default();
        sample(&noise);
        noise.0.into_inner()
    };
    let ancestral = drawn(&|noise| {
        ddpm(&DATA, array![[1.0]], &path, ReverseVariance::FixedSmall, noise, &mut ()).unwrap();
    });
    assert_eq!(ancestral, [step(0), climb, step(2)]);
    for (eta, expected) in [(0.0, vec![climb]), (0.3, vec![step(0), climb, step(2)])] {
        let implicit = drawn(&|noise| {
            ddim(&DATA, array![[1.0]], &path, eta, noise, &mut ()).unwrap();
        });
        assert_eq!(implicit, expected);
    }
}

/// A denoiser that records the levels of its evaluations.
struct Recorded(RefCell<Vec<NoiseLevel>>);

impl Denoiser<Batch> for Recorded {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.0.borrow_mut().extend(at.as_slice());
        DATA.denoise(x, at)
    }
}

/// The denoiser is evaluated once per step down, at the level where the step starts, and not in steps to noisier levels.
#[test]
fn the_denoiser_is_asked_once_per_step_down() {
    let denoiser = Recorded(RefCell::default());
    ddim(&denoiser, array![[1.0]], &path(&CLIMBING), 0.0, &StreamNoise::new(0, 0), &mut ()).unwrap();
    assert_eq!(denoiser.0.into_inner(), [level(-4.0), level(-2.0), level(1.0)]);
}

/// Any walk may start at clean data: it climbs first, by the level's own kernel.
#[test]
fn a_walk_may_start_at_clean_data() {
    let path = Path::new(vec![NoiseLevel::CLEAN, level(-1.0)]).unwrap();
    let noise = StreamNoise::new(0, 0);
    let z: Batch =
        noise.normal(&array![[0.8]], Draw { purpose: Purpose::RENOISE, visit: 0, draw: 0 }).unwrap();
    let found = ddim(&DATA, array![[0.8]], &path, 0.0, &noise, &mut ()).unwrap();
    let expected = level(-1.0).signal_rate() * 0.8 + level(-1.0).noise_rate() * z;
    all_within(&found, &expected, 1e-15);
}

/// Between two levels of one log-SNR x is rescaled, without noise.
#[test]
fn equal_levels_of_two_processes_rescale() {
    let levels = [1.0, 2.0].map(|size| NoiseLevel::new(size, size).unwrap());
    let path = Path::new(levels.to_vec()).unwrap();
    let found = ddim(&DATA, array![[0.8]], &path, 1.0, &Silent, &mut ()).unwrap();
    all_within(&found, &array![[1.6]], 1e-15);
}

/// A part of a path and the rest, walked one after the other, are the whole.
#[test]
fn paths_can_be_cut() {
    let process = linear();
    let whole = Path::of_times(&process, &[900, 700, 400, 150, 1]).unwrap();
    let first = whole.until(process.level(400)).unwrap();
    assert_eq!(first.levels(), &whole.levels()[..3]);
    let rest = Path::of_times(&process, &[400, 150, 1]).unwrap();
    let x: Batch = array![[0.4, -0.9]];
    let half = ddim(&DATA, x.clone(), &first, 0.0, &Silent, &mut ()).unwrap();
    let joined = ddim(&DATA, half, &rest, 0.0, &Silent, &mut ()).unwrap();
    assert_eq!(joined, ddim(&DATA, x.share(), &whole, 0.0, &Silent, &mut ()).unwrap());
    // Between two of its levels it ends at the cleaner; a level it never reaches leaves it whole.
    assert_eq!(whole.until(process.level(500)).unwrap(), first);
    let noisy_end = Path::new(vec![process.level(900), process.level(400)]).unwrap();
    assert_eq!(noisy_end.until(NoiseLevel::CLEAN).unwrap(), noisy_end);
    assert_eq!((whole.first(), whole.n_steps()), (process.level(900), 5));
    assert_eq!(whole.levels()[5], NoiseLevel::CLEAN);
}
