//! Each solver converges at its order, on the exact flow of a Gaussian.

use crate::linear::{Impulses, result_variance};
use crate::roster::{Sampler, diffusions, solvers};
use crate::{Batch, Silent, within};
use ndarray::array;
use tweedie_math::subsequence::karras;
use tweedie_math::{Edm, GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{Adaptive, Path, probability_flow};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.0, variance: 0.25 };

/// n levels of Karras et al. from σ = 80 to .002, without the step to clean data, which has an error of its own.
fn exploding(n: usize) -> Path {
    let at = |sigma| NoiseLevel::new(1.0, sigma).unwrap();
    Path::new(karras(&Edm::new(80.0).unwrap(), at(80.0), at(0.002), n, 7.0).unwrap()).unwrap()
}

/// The same σ where variance is preserved.
fn preserving(n: usize) -> Path {
    let level = |level: &NoiseLevel| NoiseLevel::variance_preserving(level.log_snr()).unwrap();
    Path::new(exploding(n).levels().iter().map(level).collect()).unwrap()
}

/// The slope of ln y over ln x by least squares.
pub fn slope(points: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let over = |f: fn(f64, f64) -> f64| points.iter().map(|p| f(p.0 - x, p.1 - y)).sum::<f64>();
    over(|x, y| x * y) / over(|x, _| x * x)
}

/// What a sampler makes of x, relative to the flow, which keeps x/√(s²c + n²).
fn error(path: &Path, sample: impl FnOnce(Batch, &Path) -> Batch) -> f64 {
    let end = path.levels()[path.n_steps()];
    let deviation = |level| DATA.marginal_variance(level).sqrt();
    (sample(array![[deviation(path.first())]], path)[[0, 0]] / deviation(end) - 1.0).abs()
}

/// The slope of the error over the number of levels.
fn order(levels: fn(usize) -> Path, counts: &[usize], sampler: Sampler<Batch>) -> f64 {
    let error = |n| error(&levels(n), |x, path| sampler(&DATA, x, path, &Silent, &mut ()).unwrap());
    slope(counts.iter().map(|&n| (n as f64, error(n))))
}

/// On these levels no solver is better than its order by luck. The tolerances are what the next order still adds at 80
/// levels. Measured: −.998 (DDIM, Euler), −2.02 (Heun), −2.03 (2M), −3.04 (3M), −1.89 (3M as published, from above), −2.01 and −3.03 (UniPC of
/// order 1 and 2: each predictor's corrector gains an order).
#[test]
fn solvers_have_their_order() {
    let expected = [
        ("ddim", 1.0, 0.05),
        ("euler", 1.0, 0.05),
        ("heun", 2.0, 0.15),
        ("2m", 2.0, 0.15),
        ("3m", 3.0, 0.2),
        ("3m published", 2.0, 0.25),
        ("unipc 1", 2.0, 0.15),
        ("unipc 2", 3.0, 0.2),
    ];
    for (name, sampler) in solvers() {
        let Some((_, order_of, tolerance)) = expected.iter().find(|it| it.0 == name) else { continue };
        for levels in [exploding, preserving] {
            let found = order(levels, &[80, 160, 320, 640], sampler);
            assert!((found + order_of).abs() < *tolerance, "{name}: order {found}");
        }
    }
}

/// With three points before it UniPC is of order 4, with either B(h); up to where the last step shows, which is of first order and is
/// never corrected (3e-8 of x with 640 levels, where the slope has fallen to −3.5). Measured: −3.99.
#[test]
fn unipc_of_order_3_converges_at_order_4() {
    for (name, sampler) in solvers().into_iter().filter(|(name, _)| name.starts_with("unipc 3")) {
        for levels in [exploding, preserving] {
            let found = order(levels, &[60, 80, 120, 160], sampler);
            assert!((found + 4.0).abs() < 0.15, "{name}: order {found}");
        }
    }
}

/// The variance that a stochastic sampler gives to Gaussian data, relative to what it should be.
fn variance_error(n: usize, sampler: Sampler<Batch>) -> f64 {
    let path = preserving(n);
    let [start, end] = [0, n - 1].map(|i| DATA.marginal_variance(path.levels()[i]));
    result_variance(&path, start, |x| sampler(&DATA, x, &path, &Impulses, &mut ())) / end - 1.0
}

/// Along the reverse SDE the variance converges to the data's: at first order for DDIM's family and DDPM, at second for
/// DPM-Solver++(2M), and for 3M too (slowly, −1.3 and −1.8 from one doubling to the next: fresh noise is no smooth function for its
/// parabola). σ̂'s is DDPM's with the larger variance, to rounding. Tolerances as above; measured −.95 to −1.03, −2.05.
#[test]
fn variances_converge_at_their_order() {
    for (name, sampler) in diffusions() {
        let errors = [80, 160, 320].map(|n| variance_error(n, sampler));
        let found = slope([80.0, 160.0, 320.0].into_iter().zip(errors.map(f64::abs)));
        match name {
            // See below.
            "fresh" => {}
            "2m sde" => assert!((found + 2.0).abs() < 0.1, "{name}: order {found}"),
            "3m sde" => assert!((-2.1..-1.4).contains(&found) && errors[2] < 1.6e-4, "{name}: {errors:?}"),
            _ => assert!((found + 1.0).abs() < 0.1, "{name}: order {found}"),
        }
    }
    let [hat, large] = ["sigma hat", "ddpm large"].map(|name| {
        let all = diffusions();
        variance_error(40, all.iter().find(|it| it.0 == name).unwrap().1)
    });
    within(hat, large, 1e-12);
}

/// With wholly new noise at each step all that is known of x_0 is its estimate, again and again: of many steps half the variance
/// stays. V = n² + s²k²·V with k = s·c/(s²c + n²), the estimate's slope, has V = n²/(1 − s²k²), which tends to s²c/2 with n.
#[test]
fn fresh_noise_keeps_half_the_variance() {
    let fresh = diffusions().into_iter().find(|it| it.0 == "fresh").unwrap().1;
    let excess = [80, 160, 320].map(|n| (variance_error(n, fresh) + 0.5).abs());
    let found = slope([80.0, 160.0, 320.0].into_iter().zip(excess));
    assert!((found + 1.0).abs() < 0.1 && excess[2] < 0.012, "order {found}, off by {excess:?}");
}

/// The adaptive solver's error is of its tolerance's size, over five decades; over several variances, since the luck of the last steps
/// moves one error by a factor of ten. Measured: .2 to .6 of the tolerance, slope 1.01.
#[test]
fn the_adaptive_flow_is_as_exact_as_it_is_told() {
    let mean_error = |tolerance: f64| {
        let how = Adaptive { tolerance, most_steps: 10_000 };
        let levels = [80.0, 0.002].map(|sigma| NoiseLevel::new(1.0, sigma).unwrap());
        let path = Path::new(levels.into()).unwrap();
        let error = |i: i32| {
            let data = GaussianDenoiser { mean: 0.0, variance: 0.05 * 1.5_f64.powi(i) };
            let [start, end] = levels.map(|level| data.marginal_variance(level).sqrt());
            let found = probability_flow(&data, array![[start]], &path, how, &Silent, &mut ()).unwrap();
            (found[[0, 0]] / end - 1.0).abs().ln()
        };
        ((0..12).map(error).sum::<f64>() / 12.0).exp()
    };
    let errors = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9].map(|tolerance| (tolerance, mean_error(tolerance)));
    assert!(errors.iter().all(|(tolerance, error)| (0.1..10.0).contains(&(error / tolerance))), "{errors:?}");
    assert!((slope(errors) - 1.0).abs() < 0.1, "{errors:?}");
}
