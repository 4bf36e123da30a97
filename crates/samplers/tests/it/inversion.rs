//! DDIM backwards and forwards again: by how much data is missed, in closed form.

use crate::order::slope;
use crate::{Batch, Silent, all_within, any_log_snrs, level, linear, path, within};
use ndarray::array;
use proptest::prelude::*;
use std::cell::RefCell;
use tweedie_math::{GaussianDenoiser, NoiseLevel, Spacing};
use tweedie_samplers::{
    ConditionedOn, Denoiser, Error, Estimate, Inversion, Levels, Path, Step, ddim, ddim_invert, reconstruct,
};

const C: f64 = 0.25;

/// The network of data N(0, c): conditioned on a level it predicts that level's E[ε | x], from which x̂_0 is read at the level of x. Its
/// cleanest level is the first trained one.
struct Network {
    first: NoiseLevel,
}

impl Denoiser<Batch> for Network {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.denoise_conditioned(x, at, at)
    }

    fn denoise_conditioned(
        &self,
        x: &Batch,
        at: Levels<'_>,
        network: Levels<'_>,
    ) -> Result<Estimate<Batch>, Error> {
        let (at, network) = (at.get(0), network.get(0));
        let network = if network.is_clean() { self.first } else { network };
        let eps =
            x * network.noise_rate() / (network.signal_rate().powi(2) * C + network.noise_rate().powi(2));
        let x0 = (x - at.noise_rate() * &eps) / at.signal_rate();
        Ok(Estimate { x0, eps, spread: None })
    }
}

/// Clean data and n leading times: 0, 1, 1 + T/n, 1 + 2T/n, …
fn leading(n: usize) -> Path {
    Path::of_times(&linear(), &Spacing::Leading.times(1000, n, 0).unwrap()).unwrap()
}

/// E[(x − x')²] of data N(0, c) and its reconstruction: c·(gain − 1)², the reconstruction being gain·x.
fn round_trip(denoiser: &dyn Denoiser<Batch>, n: usize, conditioned_on: ConditionedOn) -> f64 {
    let inversion = Inversion { conditioned_on, refinements: 0 };
    let gain = reconstruct(denoiser, array![[1.0]], &leading(n), inversion).unwrap()[[0, 0]];
    C * (gain - 1.0).powi(2)
}

/// Both tables were computed apart and are met to their three digits. "Here" is the exact denoiser, which on clean data predicts ε̂ = 0.
#[test]
fn round_trips_are_as_far_off_as_noted() {
    let network = Network { first: linear().level(1) };
    let exact = GaussianDenoiser { mean: 0.0, variance: C };
    let n = [10, 20, 50, 100, 200, 500, 1000];
    let upper = [0.0186, 0.00455, 7.17e-4, 1.78e-4, 4.45e-5, 7.12e-6, 1.78e-6];
    let here = [0.0484, 0.0153, 0.00288, 7.65e-4, 2.00e-4, 3.39e-5, 9.12e-6];
    for ((n, upper), here) in n.into_iter().zip(upper).zip(here) {
        // Half a unit of the third digit is at most .5 % of the number; 2.00e-4 stands for 1.997e-4.
        within(round_trip(&network, n, ConditionedOn::Upper) / upper, 1.0, 0.005);
        within(round_trip(&exact, n, ConditionedOn::Here) / here, 1.0, 0.005);
    }
}

/// A network that takes clean data for its first level is as good a start as one that predicts ε̂ = 0 there: equal at few steps, and
/// better at 1,000, where that first step counts (7.96e-6 against 9.12e-6).
#[test]
fn the_first_trained_level_can_be_told_at_clean_data() {
    let network = Network { first: linear().level(1) };
    within(round_trip(&network, 10, ConditionedOn::Here), 0.04840, 5e-6);
    within(round_trip(&network, 1000, ConditionedOn::Here), 7.959e-6, 5e-10);
}

/// The error falls with 1/n² in either way (from 200 to 1,000 steps; "here" needs that many). Conditioned on the upper level it is a
/// quarter to a third of the other one at few steps.
#[test]
fn round_trips_close_with_the_square_of_the_step() {
    let exact = GaussianDenoiser { mean: 0.0, variance: C };
    let network = Network { first: linear().level(1) };
    let over = |denoiser: &dyn Denoiser<Batch>, conditioned_on| {
        slope([200, 500, 1000].map(|n| (n as f64, round_trip(denoiser, n, conditioned_on))))
    };
    let (upper, here) = (over(&network, ConditionedOn::Upper), over(&exact, ConditionedOn::Here));
    assert!((upper + 2.0).abs() < 0.01 && (here + 2.0).abs() < 0.1, "slopes {upper} and {here}");
    for n in [10, 20, 50] {
        let share =
            round_trip(&network, n, ConditionedOn::Upper) / round_trip(&exact, n, ConditionedOn::Here);
        assert!((0.2..0.4).contains(&share), "{n} steps: {share}");
    }
}

proptest! {
    /// Each refinement of a step brings it nearer to its fixed point by (n_t − n_s·s_t/s_s)·∂ε̂/∂x, exactly: Gaussian data is linear.
    #[test]
    fn refinements_converge_geometrically(log_snr in -4.0..4.0, gap in 0.1..3.0, c in 0.1..2.0, k in 0usize..6) {
        let data = GaussianDenoiser { mean: 0.0, variance: c };
        let (high, low) = (level(log_snr), level(log_snr + gap));
        let step = Path::new(vec![high, low]).unwrap();
        let after = |refinements| {
            let inversion = Inversion { conditioned_on: ConditionedOn::Here, refinements };
            ddim_invert(&data, array![[1.0]], &step, inversion, &mut ()).unwrap()[[0, 0]]
        };
        let scale = high.signal_rate() / low.signal_rate();
        let ratio = (high.noise_rate() - scale * low.noise_rate()) * data.eps(1.0, high);
        // The fixed point: x_t with scale·x_s = x_t − ratio·x_t.
        let fixed = scale / (1.0 - ratio);
        within(after(k) - fixed, (after(0) - fixed) * ratio.powi(k as i32), 1e-13);
    }

    #[test]
    fn climbs_are_refused(log_snrs in any_log_snrs()) {
        let path = path(&log_snrs);
        let data = GaussianDenoiser { mean: 0.0, variance: C };
        let found = ddim_invert(&data, array![[1.0]], &path, Inversion::default(), &mut ());
        match path.steps().find(Step::ascends) {
            None => prop_assert!(found.is_ok()),
            Some(step) => {
                let error = found.unwrap_err();
                let names_step = error.to_string().contains(&format!("its step {} ", step.index));
                prop_assert!(matches!(error, Error::Path(_)) && names_step, "{}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// A converged inversion is undone to rounding by the ordinary sampler: 80 refinements, of steps whose ratio is at most .6.
    #[test]
    fn converged_inversions_are_undone(first in -6.0..-2.0, n in 8usize..30, x in -2.0..2.0) {
        let log_snrs: Vec<f64> = (0..=n).map(|i| first + (8.0 - first) * i as f64 / n as f64).collect();
        let data = GaussianDenoiser { mean: 0.3, variance: 1.0 };
        let inversion = Inversion { conditioned_on: ConditionedOn::Here, refinements: 80 };
        let found = reconstruct(&data, array![[x]], &path(&log_snrs), inversion).unwrap();
        within(found[[0, 0]], x, 1e-12);
    }
}

/// Records the level of x and the level that the network is conditioned on.
struct Watched(RefCell<Vec<[NoiseLevel; 2]>>);

impl Denoiser<Batch> for Watched {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.denoise_conditioned(x, at, at)
    }

    fn denoise_conditioned(
        &self,
        x: &Batch,
        at: Levels<'_>,
        network: Levels<'_>,
    ) -> Result<Estimate<Batch>, Error> {
        self.0.borrow_mut().push([at.get(0), network.get(0)]);
        GaussianDenoiser { mean: 0.0, variance: C }.denoise(x, at)
    }
}

/// Up and down see the same levels: up each step's lower end (and, as published, are conditioned on its upper one), down each step's upper end.
#[test]
fn both_ways_lead_over_the_same_levels() {
    let path = leading(4);
    let levels = path.levels();
    let steps = |pairs: &[[usize; 2]]| -> Vec<[NoiseLevel; 2]> {
        pairs.iter().map(|pair| pair.map(|i| levels[i])).collect()
    };
    let seen = |walk: &dyn Fn(&Watched)| {
        let watched = Watched(RefCell::new(Vec::new()));
        walk(&watched);
        watched.0.into_inner()
    };
    let up = |conditioned_on, refinements| {
        let inversion = Inversion { conditioned_on, refinements };
        seen(&|it| drop(ddim_invert(it, array![[1.0]], &path, inversion, &mut ()).unwrap()))
    };
    assert_eq!(up(ConditionedOn::Here, 0), steps(&[[4, 4], [3, 3], [2, 2], [1, 1]]));
    assert_eq!(up(ConditionedOn::Upper, 0), steps(&[[4, 3], [3, 2], [2, 1], [1, 0]]));
    assert_eq!(up(ConditionedOn::Upper, 1)[..4], steps(&[[4, 3], [3, 3], [3, 2], [2, 2]]));
    let down = seen(&|it| drop(ddim(it, array![[1.0]], &path, 0.0, &Silent, &mut ()).unwrap()));
    assert_eq!(down, steps(&[[0, 0], [1, 1], [2, 2], [3, 3]]));
}

/// A reconstruction is the inversion and then the sampler, and draws no noise.
#[test]
fn a_reconstruction_is_both_ways() {
    let data = GaussianDenoiser { mean: 0.2, variance: C };
    let (path, x) = (leading(7), array![[0.3, -1.0], [2.0, 0.0]]);
    let inversion = Inversion { conditioned_on: ConditionedOn::Upper, refinements: 2 };
    let latent = ddim_invert(&data, x.clone(), &path, inversion, &mut ()).unwrap();
    let expected = ddim(&data, latent, &path, 0.0, &Silent, &mut ()).unwrap();
    all_within(&reconstruct(&data, x, &path, inversion).unwrap(), &expected, 0.0);
}
