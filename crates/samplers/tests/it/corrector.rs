//! Predictor–corrector sampling.

use crate::langevin::OneStream;
use crate::two_modes::TwoModes;
use crate::{Batch, all_within, level, within};
use ndarray::{array, s};
use tweedie_math::NoiseLevel;
use tweedie_math::random::Purpose;
use tweedie_samplers::{
    Corrector, Draw, NoiseSource, Norms, Path, Predictor, ReverseVariance, Step, StreamNoise, corrector_step,
    predictor_corrector,
};

/// How many samples.
const N: usize = 600;

const DATA: TwoModes = TwoModes { share: 0.3, m: 1.5, v: 0.04 };

/// n levels of equal ratio from σ = 20 to .05, then clean data.
fn levels(n: usize) -> Path {
    let sigma = |i: usize| 20.0 * (0.05_f64 / 20.0).powf(i as f64 / (n - 1) as f64);
    let levels = (0..n).map(|i| NoiseLevel::new(1.0, sigma(i)).unwrap());
    Path::new(levels.chain([NoiseLevel::CLEAN]).collect()).unwrap()
}

/// How far samples are off: the share of the first mode, and the variance of the 15 axes that the modes share, relative.
struct Off {
    share: f64,
    variance: f64,
}

fn run(n_levels: usize, predictor: Predictor, steps: usize, snr: f64) -> Off {
    let draw = Draw { purpose: Purpose::START, visit: 0, draw: 0 };
    let x = OneStream(7).normal(&Batch::zeros((N, 16)), draw).unwrap() * 20.0;
    let corrector = Corrector { snr, steps, norms: Norms::PerSample };
    let path = levels(n_levels);
    let found = predictor_corrector(&DATA, x, &path, predictor, corrector, &OneStream(8), &mut ()).unwrap();
    let rest = found.slice(s![.., 1..]);
    Off {
        share: TwoModes::found_share(&found) - DATA.share,
        variance: rest.iter().map(|x| x * x).sum::<f64>() / rest.len() as f64 / DATA.v - 1.0,
    }
}

/// The published claim (Song et al. 2021, table 1): at equal levels and at equal calls predictor and corrector together are better than
/// either alone. Here by the variance within a mode, whose standard error is √(2/9,000) = .015 of it: the ancestral step is too narrow, the
/// corrector widens; measured with 2,000 samples −.29 (predictor, 20 levels), −.20 (40 levels, as many calls as both with 20), −.08
/// (both). The corrector alone, whose steps are small wherever x is still far out, has not come down from the start. The modes' weights are found
/// by all that have a predictor, within four binomial errors.
#[test]
fn both_are_better_than_either() {
    let small = Predictor::Ancestral(ReverseVariance::FixedSmall);
    let (both, predictor) = (run(20, small, 1, 0.16), run(20, small, 0, 0.16));
    let (as_many_calls, corrector) = (run(40, small, 0, 0.16), run(39, Predictor::None, 1, 0.16));
    let error = (2.0 / (15.0 * N as f64)).sqrt();
    assert!(both.variance.abs() + 4.0 * error < as_many_calls.variance.abs(), "{}", both.variance);
    assert!(as_many_calls.variance.abs() + 4.0 * error < predictor.variance.abs());
    assert!(corrector.variance > 1000.0, "{}", corrector.variance);
    for off in [both, predictor, as_many_calls] {
        within(off.share, 0.0, 4.0 * (0.3 * 0.7 / N as f64).sqrt());
    }
}

/// Measured by its own norms a sample is the same alone and among others, to the bit; measured by the batch's mean, as published, it is not.
#[test]
fn only_the_batchs_mean_depends_on_the_batch() {
    let path = levels(5);
    let sample = |x: Batch, norms| {
        let corrector = Corrector { snr: 0.16, steps: 2, norms };
        let predictor = Predictor::Ancestral(ReverseVariance::FixedSmall);
        predictor_corrector(&DATA, x, &path, predictor, corrector, &StreamNoise::new(3, 0), &mut ()).unwrap()
    };
    let x = array![[20.0, -3.0], [0.1, 5.0], [-31.0, 2.0]];
    let (own, mean) = (sample(x.clone(), Norms::PerSample), sample(x.clone(), Norms::BatchMean));
    let alone = |norms| sample(x.slice(s![..1, ..]).to_owned(), norms).row(0).to_owned();
    assert_eq!(alone(Norms::PerSample), own.row(0));
    assert_ne!(alone(Norms::BatchMean), mean.row(0));
    // Of one sample the mean is its own.
    assert_eq!(alone(Norms::BatchMean), alone(Norms::PerSample));
}

/// ε = 2α·(r·‖z‖/‖g‖)²: α is 1 where variance explodes and 1 − β where it is preserved; a score of zero moves nothing.
#[test]
fn a_step_is_as_published() {
    let preserving = Step { index: 0, count: 1, from: level(0.0), to: level(1.0) };
    let exploding = Step {
        from: NoiseLevel::new(1.0, 2.0).unwrap(),
        to: NoiseLevel::new(1.0, 1.0).unwrap(),
        ..preserving
    };
    let alpha = level(0.0).signal_rate().powi(2) / level(1.0).signal_rate().powi(2);
    let corrector = Corrector { snr: 0.3, steps: 1, norms: Norms::PerSample };
    let (x, g, z) =
        (array![[1.0, 2.0], [0.5, 0.5]], array![[3.0, 4.0], [0.0, 0.0]], array![[0.6, 0.8], [1.0, 1.0]]);
    for (step, alpha) in [(preserving, alpha), (exploding, 1.0)] {
        let epsilon = 2.0 * alpha * (0.3_f64 * 1.0 / 5.0).powi(2);
        let found = corrector_step(&x, &g, &step, corrector, &z).unwrap();
        let moved = |i: usize| x[[0, i]] + epsilon * g[[0, i]] + (2.0 * epsilon).sqrt() * z[[0, i]];
        all_within(&found, &array![[moved(0), moved(1)], [0.5, 0.5]], 1e-15);
    }
    let refused = Corrector { snr: 0.0, ..corrector };
    let path = levels(3);
    let none =
        predictor_corrector(&DATA, x, &path, Predictor::None, refused, &StreamNoise::new(0, 0), &mut ());
    assert!(none.unwrap_err().to_string().contains("the corrector's snr"));
}
