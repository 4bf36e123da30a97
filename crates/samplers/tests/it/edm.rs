//! Heun's method agrees with EDM's in all digits, and churn adds the documented noise.

use crate::linear::{Impulses, result_variance};
use crate::{Batch, Silent, within};
use safetensors::SafeTensors;
use tweedie_math::subsequence::karras;
use tweedie_math::{Edm, GaussianDenoiser, NoiseLevel};
use tweedie_samplers::{Churn, Path, heun};

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.0, variance: 0.25 };

/// The n levels of the paper, then clean data.
fn levels(n: usize) -> Path {
    let at = |sigma| NoiseLevel::new(1.0, sigma).unwrap();
    let levels = karras(&Edm::new(80.0).unwrap(), at(80.0), at(0.002), n, 7.0).unwrap();
    Path::new(levels.into_iter().chain([NoiseLevel::CLEAN]).collect()).unwrap()
}

/// The published code's results with the exact denoiser of data N(0, .25), in f64.
#[test]
fn heun_is_the_published_sampler() {
    let Some(path) = tweedie_testing::shared("reference/other/edm_heun_gauss.safetensors") else { return };
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let images = |name: &str| {
        let tensor = file.tensor(name).unwrap();
        let values = tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap()));
        Batch::from_shape_vec((2, 192), values.collect()).unwrap()
    };
    for n in [5, 18, 40] {
        let path = levels(n);
        let x = images("latents") * path.first().sigma();
        let found = heun(&DATA, x, &path, Churn::default(), &Silent, &mut ()).unwrap();
        let off = (&found - &images(&format!("n{n}"))).iter().fold(0.0, |m: f64, o| m.max(o.abs()));
        // f64 on both sides: measured 1.3e-14.
        within(off, 0.0, 1e-12);
    }
}

/// What Heun's method misses on this data, without the step to clean data's share it is of second order.
#[test]
fn heuns_errors_are_as_noted() {
    for (n, noted) in [(5, 1.52), (18, 0.055), (40, 0.0098)] {
        let path = levels(n);
        let x = ndarray::array![[DATA.marginal_variance(path.first()).sqrt()]];
        let found = heun(&DATA, x, &path, Churn::default(), &Silent, &mut ()).unwrap()[[0, 0]];
        within((found / DATA.variance.sqrt() - 1.0).abs() / noted, 1.0, 0.01);
    }
}

/// The variance by Algorithm 2, a line at a time: σ̂ = σ + γσ, x̂ = x + √(σ̂² − σ²)·S_noise·z, a trapezoid of d = ε̂. Without an upper end
/// to the churn σ̂ stops at the path's noisiest level.
#[test]
fn churn_adds_what_algorithm_2_says() {
    for (churn, noise, most) in
        [(0.0, 1.0, 50.0), (2.0, 1.0, 50.0), (10.0, 1.007, 50.0), (80.0, 0.9, 50.0), (80.0, 0.9, f64::MAX)]
    {
        let path = levels(18);
        let how = Churn { churn, sigmas: Some([0.05, most]), noise };
        let start = DATA.marginal_variance(path.first());
        let found = result_variance(&path, start, |x| heun(&DATA, x, &path, how, &Impulses, &mut ()));
        let expected = path.levels().windows(2).fold(start, |variance, pair| {
            let (sigma, next) = (pair[0].sigma(), pair[1].sigma());
            let within = (0.05..=most).contains(&sigma);
            let gamma =
                if within { (churn / 18.0).min(2.0_f64.sqrt() - 1.0).min(80.0 / sigma - 1.0) } else { 0.0 };
            let raised = sigma + gamma * sigma;
            let churned = variance + (raised * raised - sigma * sigma) * noise * noise;
            let d = |sigma: f64| sigma / (sigma * sigma + DATA.variance);
            let euler = 1.0 + (next - raised) * d(raised);
            let gain = match next {
                0.0 => euler,
                _ => 1.0 + (next - raised) * 0.5 * (d(raised) + d(next) * euler),
            };
            gain * gain * churned
        });
        within(found, expected, 1e-12 * expected);
    }
}
