//! The probability-flow likelihood against oracles whose likelihood is known.

use crate::Batch;
use ndarray::{Array2, array};
use proptest::prelude::*;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{
    ContinuousCosine, DiscreteVp, Edm, GaussianData, Mixture, NoiseLevel, Oracle, Process, RectifiedFlow,
    SubVpSde, VeSde, VpSde,
};
use tweedie_samplers::{
    Denoiser, Differentiable, Divergence, Error, Estimate, Exact, FlowLikelihood, FlowOptions, StreamNoise,
    flow_log_likelihood,
};

fn points(oracle: &dyn Oracle, n: usize, seed: u64) -> Batch {
    let mut numbers = Stream::new(Key { seed, image: 0, purpose: Purpose::DATA, visit: 0, draw: 0 });
    let mut batch = Batch::zeros((n, oracle.dimensions()));
    for mut row in batch.rows_mut() {
        row.assign(&ndarray::Array1::from(oracle.sample(&mut numbers)));
    }
    batch
}

/// From clean data to a level so noisy that what it knows of the data is below the tolerance.
fn noisy_end() -> NoiseLevel {
    NoiseLevel::variance_preserving(-40.0).unwrap()
}

fn solve(oracle: &dyn Oracle, x: &Batch, options: FlowOptions, seed: u64) -> FlowLikelihood<Batch> {
    let noise = StreamNoise::new(seed, 0);
    let levels = (NoiseLevel::CLEAN, noisy_end());
    flow_log_likelihood(&Exact(oracle), x, levels, 1.0, options, &noise, &mut |_| true).unwrap().unwrap()
}

fn exact(tolerance: f64) -> FlowOptions {
    FlowOptions { divergence: Divergence::Exact, tolerance, ..FlowOptions::default() }
}

fn mixture() -> Mixture {
    let at = |x, y, variance| GaussianData::isotropic(vec![x, y], variance).unwrap();
    let tilted = GaussianData::new(vec![0.0, 0.5], &array![[0.3, 0.2], [0.2, 0.2]]).unwrap();
    Mixture::new(vec![(0.5, at(-1.5, 0.0, 0.05)), (0.3, at(1.5, 0.5, 0.1)), (0.2, tilted)]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// On Gaussians of any covariance the likelihood is the density, within a hundred tolerances a dimension.
    #[test]
    fn gaussians_have_their_density(
        mean in prop::collection::vec(-2.0..2.0, 3), root in prop::collection::vec(-1.0..1.0, 9), seed in 0u64..1000,
    ) {
        let root = Array2::from_shape_vec((3, 3), root).unwrap();
        let covariance = root.dot(&root.t()) + Array2::<f64>::eye(3) * 0.05;
        let data = GaussianData::new(mean, &covariance).unwrap();
        let x = points(&data, 4, seed);
        let found = solve(&data, &x, exact(1e-8), 0);
        for (i, row) in x.rows().into_iter().enumerate() {
            let density = data.log_density(&row.to_vec(), NoiseLevel::CLEAN);
            let off = (found.log_likelihood[i][0] - density).abs();
            prop_assert!(off < 3e-6, "off by {off:e}, stated {:e}", found.local_error[i]);
        }
    }
}

/// A mixture bends the flow; the density is still found, and the error shrinks with the tolerance.
#[test]
fn mixtures_have_their_density() {
    let data = mixture();
    let x = points(&data, 16, 3);
    let off = |tolerance: f64| {
        let found = solve(&data, &x, exact(tolerance), 0);
        let errors = x.rows().into_iter().enumerate().map(|(i, row)| {
            (found.log_likelihood[i][0] - data.log_density(&row.to_vec(), NoiseLevel::CLEAN)).abs()
        });
        (errors.fold(0.0, f64::max), found.evaluations)
    };
    let ((rough, few), (fine, many)) = (off(1e-4), off(1e-8));
    assert!(rough < 1e-2 && fine < 3e-6, "off by {rough:e} and {fine:e}");
    assert!(few < many, "{few} evaluations against {many}");
}

/// Signs estimate the trace without bias: over many probes, within five of their standard errors of the density; and where the
/// Jacobian is diagonal every single one is exact.
#[test]
fn probes_are_unbiased() {
    let data = mixture();
    let x = points(&data, 8, 5);
    let probes =
        FlowOptions { divergence: Divergence::Probes(400), tolerance: 1e-6, ..FlowOptions::default() };
    let found = solve(&data, &x, probes, 11);
    for (i, row) in x.rows().into_iter().enumerate() {
        let values = &found.log_likelihood[i];
        let mean = values.iter().sum::<f64>() / 400.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 399.0;
        let density = data.log_density(&row.to_vec(), NoiseLevel::CLEAN);
        let error = (variance / 400.0).sqrt();
        assert!((mean - density).abs() < 5.0 * error + 1e-4, "{mean} ± {error} against {density}");
        assert!(error > 1e-4, "the probes agree, and judge nothing");
    }
    let round = GaussianData::diagonal(vec![0.5, -1.0, 0.0], vec![0.2, 1.0, 3.0]).unwrap();
    let x = points(&round, 2, 1);
    let one = FlowOptions { divergence: Divergence::Probes(2), tolerance: 1e-8, ..FlowOptions::default() };
    let found = solve(&round, &x, one, 4);
    for (i, row) in x.rows().into_iter().enumerate() {
        for value in &found.log_likelihood[i] {
            assert!((value - round.log_density(&row.to_vec(), NoiseLevel::CLEAN)).abs() < 3e-6);
        }
    }
}

/// Any process' rates lead to the same density: the start and the end of each, in its own units.
#[test]
fn the_process_does_not_matter() {
    let data = mixture();
    let clean = points(&data, 4, 9);
    let processes: [Box<dyn Process>; 7] = [
        Box::new(VpSde::USUAL),
        Box::new(SubVpSde::USUAL),
        Box::new(VeSde::new(0.01, 300.0).unwrap()),
        Box::new(ContinuousCosine::new(0.008).unwrap()),
        Box::new(Edm::new(300.0).unwrap()),
        Box::new(RectifiedFlow::new(1000, 3.0).unwrap()),
        Box::new(DiscreteVp::linear(1000, 1e-4, 0.02).unwrap()),
    ];
    for process in processes {
        let from = process.at_time(0.3 * process.last_time()).unwrap();
        let to = process.at_time(process.last_time()).unwrap();
        let x = &clean * from.signal_rate();
        let noise = StreamNoise::new(0, 0);
        let std = process.start_std(to);
        let found =
            flow_log_likelihood(&Exact(&data), &x, (from, to), std, exact(1e-7), &noise, &mut |_| true)
                .unwrap()
                .unwrap();
        for (i, row) in x.rows().into_iter().enumerate() {
            let density = data.log_density(&row.to_vec(), from);
            // The prior that sampling starts from is not quite q(x_T): data of a mean square of 2 and of signal_T² of .00004 at most
            // move ln q by some of signal_T·|x|, .02.
            let off = (found.log_likelihood[i][0] - density).abs();
            assert!(off < 0.03, "{from:?}: off by {off}");
        }
    }
}

/// Every sample has its own steps: alone or in a batch, with an easy or a hard neighbour, the answer has the same bits.
#[test]
fn neighbours_do_not_matter() {
    let data = mixture();
    let x = points(&data, 5, 2);
    let together = solve(&data, &x, exact(1e-6), 0);
    for i in 0..5 {
        let alone = solve(&data, &x.slice(ndarray::s![i..=i, ..]).to_owned(), exact(1e-6), 0);
        assert_eq!(alone.log_likelihood[0], together.log_likelihood[i]);
        assert_eq!(alone.latent.row(0), together.latent.row(i));
    }
}

/// The latent codes of data are standard normal: mean and variance within five standard errors of 2,000 of them.
#[test]
fn latents_are_normal() {
    let data = GaussianData::isotropic(vec![0.7], 0.25).unwrap();
    let found = solve(&data, &points(&data, 2000, 8), exact(1e-5), 0);
    let mean = found.latent.mean().unwrap();
    let variance = found.latent.mapv(|z| (z - mean).powi(2)).mean().unwrap();
    assert!(mean.abs() < 5.0 / 2000f64.sqrt(), "mean {mean}");
    assert!((variance - 1.0).abs() < 5.0 * (2.0 / 2000f64).sqrt(), "variance {variance}");
}

/// The oracle's products with its Jacobian are what central differences give.
#[test]
fn the_oracles_jacobian_is_its_slope() {
    let data = mixture();
    let x = points(&data, 3, 6);
    let level = NoiseLevel::variance_preserving(0.5).unwrap();
    let denoiser = Exact(&data);
    let (a, b) = (array![[0.3, -1.0], [1.0, 0.5], [0.0, 2.0]], array![[1.0, 0.2], [-0.4, 1.0], [0.7, 0.0]]);
    let (_, products) = denoiser.denoise_vjp(&x, level.into(), &[(a.clone(), b.clone())]).unwrap();
    let at = |x: &Batch| {
        let Estimate { x0, eps, .. } = denoiser.denoise(x, level.into()).unwrap();
        (&a * &x0 + &b * &eps).sum_axis(ndarray::Axis(1))
    };
    for axis in 0..2 {
        let moved = |by: f64| {
            let mut x = x.clone();
            x.column_mut(axis).mapv_inplace(|value| value + by);
            at(&x)
        };
        let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
        for i in 0..3 {
            assert!((products[0][[i, axis]] - slope[i]).abs() < 1e-6, "row {i}, axis {axis}");
        }
    }
}

#[test]
fn what_cannot_be_solved_is_refused() {
    let data = mixture();
    let (x, noise) = (points(&data, 1, 0), StreamNoise::new(0, 0));
    let solve =
        |levels, options| flow_log_likelihood(&Exact(&data), &x, levels, 1.0, options, &noise, &mut |_| true);
    let up = (NoiseLevel::CLEAN, noisy_end());
    let sentence = |found: Result<Option<FlowLikelihood<Batch>>, Error>| found.unwrap_err().to_string();
    assert!(sentence(solve((up.1, up.0), exact(1e-5))).contains("noisier"));
    assert!(sentence(solve(up, exact(0.0))).contains("tolerance"));
    let none = FlowOptions { divergence: Divergence::Probes(0), ..FlowOptions::default() };
    assert!(sentence(solve(up, none)).contains("probes"));
    let few = FlowOptions { most_steps: 3, ..exact(1e-9) };
    assert!(sentence(solve(up, few)).contains("number of steps"));
}

/// The completed share increases to 1. If `watch` returns false, the flow stops without a result.
#[test]
fn a_flow_is_watched_and_stopped() {
    let data = mixture();
    let (x, noise) = (points(&data, 3, 0), StreamNoise::new(0, 0));
    let solve = |watch: &mut dyn FnMut(f64) -> bool| {
        flow_log_likelihood(
            &Exact(&data),
            &x,
            (NoiseLevel::CLEAN, noisy_end()),
            1.0,
            exact(1e-5),
            &noise,
            watch,
        )
        .unwrap()
    };
    let mut shares = vec![0.0];
    assert!(
        solve(&mut |share| {
            shares.push(share);
            true
        })
        .is_some()
    );
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]) && shares.last() == Some(&1.0), "{shares:?}");
    assert!(solve(&mut |share| share < 0.5).is_none());
}

/// The error of a solution is measured by a tighter one: over points of oracles the mean difference is .4 to 1.4 times the mean true
/// error at every tolerance. The sum of the local errors leaves this range on every oracle, and is a ninth of the error on thin data.
#[test]
fn a_tighter_solution_measures_the_error() {
    for (name, data) in oracles() {
        let x = points(data.as_ref(), 64, 12);
        let ratios = [1e-3, 1e-4, 1e-5].map(|tolerance| {
            let options = exact(tolerance);
            let found = solve(data.as_ref(), &x, options, 0);
            let tighter = solve(data.as_ref(), &x, options.tighter(), 0);
            let mean = |of: &dyn Fn(usize) -> f64| (0..64).map(of).sum::<f64>() / 64.0;
            let density = |i: usize| data.log_density(&x.row(i).to_vec(), NoiseLevel::CLEAN);
            let truth = mean(&|i| (found.log_likelihood[i][0] - density(i)).abs());
            let measured = mean(&|i| (found.log_likelihood[i][0] - tighter.log_likelihood[i][0]).abs());
            [measured / truth, mean(&|i| found.local_error[i]) / truth]
        });
        let is_near = |ratio: f64| (0.4..1.4).contains(&ratio);
        assert!(ratios.iter().all(|[measured, _]| is_near(*measured)), "{name}: {ratios:?}");
        assert!(!ratios.iter().all(|[_, local]| is_near(*local)), "{name}: {ratios:?}");
        if name == "thin" {
            assert!(ratios[2][1] < 1.0 / 8.0, "{ratios:?}");
        }
    }
}

/// A mixture of the plane, narrow clusters in eight dimensions, and a Gaussian with thin axes.
fn oracles() -> [(&'static str, Box<dyn Oracle>); 3] {
    let cluster = |at: f64| GaussianData::isotropic(vec![at; 8], 0.003).unwrap();
    let clusters = Mixture::new(vec![(0.5, cluster(-0.5)), (0.5, cluster(0.5))]).unwrap();
    let thin = GaussianData::diagonal(vec![0.0; 6], vec![1e-4, 1e-3, 1e-2, 0.1, 1.0, 2.0]).unwrap();
    [("mixture", Box::new(mixture())), ("clusters", Box::new(clusters)), ("thin", Box::new(thin))]
}
