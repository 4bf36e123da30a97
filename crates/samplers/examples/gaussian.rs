//! Sampling with `ndarray` and without a network: the exact denoiser of two Gaussian clouds, and the errors of three samplers with few
//! evaluations relative to the exact flow. `cargo run -p tweedie-samplers --example gaussian`
#![expect(clippy::print_stdout, reason = "a program that prints a table")]

use ndarray::{Array2, Axis};
use tweedie_math::{DiscreteVp, Spacing};
use tweedie_samplers::{
    Adaptive, Churn, Denoiser, Dynamics, Error, Estimate, Levels, Path, StreamNoise, ddim, dpm_solver_2m,
    heun, probability_flow, start,
};

/// Data in two clouds of this variance: half of the points around (−1, 0), half around (1, 0.5).
struct Clouds {
    variance: f64,
}

impl Denoiser<Array2<f64>> for Clouds {
    fn denoise(&self, x: &Array2<f64>, at: Levels<'_>) -> Result<Estimate<Array2<f64>>, Error> {
        at.check(x.nrows())?;
        let (mut x0, mut eps) = (x.clone(), x.clone());
        for (i, point) in x.axis_iter(Axis(0)).enumerate() {
            let level = at.get(i);
            let (s, n) = (level.signal_rate(), level.noise_rate());
            let total = s * s * self.variance + n * n;
            let centers = [[-1.0, 0.0], [1.0, 0.5]];
            // The likelihood of x_t under each cloud, where x_t ~ N(s·center, total).
            let density = |c: &[f64; 2]| {
                (-((point[0] - s * c[0]).powi(2) + (point[1] - s * c[1]).powi(2)) / (2.0 * total)).exp()
            };
            let [a, b] = [density(&centers[0]), density(&centers[1])];
            for axis in 0..2 {
                let center = (a * centers[0][axis] + b * centers[1][axis]) / (a + b);
                x0[[i, axis]] = center + s * self.variance / total * (point[axis] - s * center);
                eps[[i, axis]] = n / total * (point[axis] - s * center);
            }
        }
        Ok(Estimate { x0, eps, spread: None })
    }
}

fn main() -> Result<(), Error> {
    let (clouds, noise) = (Clouds { variance: 0.05 }, StreamNoise::new(0, 0));
    let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
    let path = |n| Path::of_times(&process, &Spacing::Quadratic.times(1000, n, 0)?);
    let x = start(&Array2::<f64>::zeros((200, 2)), &process, &path(10)?, &noise)?;
    println!("{:>5}  {:>8}  {:>8}  {:>8}   root mean square error", "calls", "ddim", "2m", "heun");
    for calls in [10, 20, 40, 80] {
        let error = |path: &Path, found: Array2<f64>| -> Result<f64, Error> {
            let how = Adaptive { tolerance: 1e-9, most_steps: 10_000 };
            let exact = probability_flow(&clouds, x.clone(), path, how, &noise, &mut ())?;
            Ok((found - exact).mapv(|off| off * off).mean().unwrap_or(f64::NAN).sqrt())
        };
        let whole = path(calls)?;
        let by_ddim = error(&whole, ddim(&clouds, x.clone(), &whole, 0.0, &noise, &mut ())?)?;
        let by_2m =
            error(&whole, dpm_solver_2m(&clouds, x.clone(), &whole, Dynamics::Ode, &noise, &mut ())?)?;
        // Heun's method evaluates the denoiser twice per step.
        let half = path(calls / 2)?;
        let by_heun = error(&half, heun(&clouds, x.clone(), &half, Churn::default(), &noise, &mut ())?)?;
        println!("{calls:>5}  {by_ddim:>8.5}  {by_2m:>8.5}  {by_heun:>8.5}");
    }
    Ok(())
}
