//! Draws the figures of `docs/sampling.md` that need no network:
//! `cargo run --release -p tweedie-report --example samplers -- docs/figures`.
//!
//! The data distribution is N(0, ¼), for which denoiser and flow are known exactly. Errors are relative to the exact end of the flow.

use ndarray::{Array2, array};
use std::path::{Path as FilePath, PathBuf};
use tweedie_math::subsequence::{karras, uniform_log_snr};
use tweedie_math::{DiscreteVp, Edm, GaussianDenoiser, NoiseLevel};
use tweedie_report::{Plot, Scale, Series};
use tweedie_samplers::{
    Churn, ConditionedOn, Denoiser, Dynamics, Error, Estimate, Inversion, Levels, NoNoise, Path, ThirdOrder,
    UniPc, ddim, dpm_solver_2m, dpm_solver_3m, heun, reconstruct, unipc,
};

type X = Array2<f64>;

const DATA: GaussianDenoiser = GaussianDenoiser { mean: 0.0, variance: 0.25 };

/// σ of the first and of the last level.
const SIGMAS: (f64, f64) = (80.0, 0.002);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder =
        PathBuf::from(std::env::args().nth(1).ok_or("missing argument: the folder for the figures")?);
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, plot: Plot| std::fs::write(FilePath::new(&folder).join(name), plot.svg());
    write("order-karras.svg", orders("Karras' levels, without the step to clean data", karras_path, false)?)?;
    write("order-clean.svg", orders("Karras' levels and the step to clean data", karras_path, true)?)?;
    write("order-log-snr.svg", orders("levels evenly spaced in log-SNR", even_path, false)?)?;
    write("round-trip.svg", round_trips()?)?;
    Ok(())
}

/// The numbers of steps, each twice the one before.
fn numbers() -> impl Iterator<Item = usize> {
    (0..=7).map(|k| 5 << k)
}

fn levels(
    n: usize,
    rule: impl Fn(NoiseLevel, NoiseLevel) -> Result<Vec<NoiseLevel>, tweedie_math::Error>,
) -> Result<Path, Error> {
    let levels = rule(NoiseLevel::new(1.0, SIGMAS.0)?, NoiseLevel::new(1.0, SIGMAS.1)?)?;
    debug_assert_eq!(levels.len(), n + 1);
    Path::new(levels)
}

fn karras_path(n: usize) -> Result<Path, Error> {
    levels(n, |first, last| karras(&Edm::new(SIGMAS.0)?, first, last, n + 1, 7.0))
}

fn even_path(n: usize) -> Result<Path, Error> {
    levels(n, |first, last| uniform_log_snr(&Edm::new(SIGMAS.0)?, first, last, n + 1))
}

/// The relative errors of samplers at the end of paths of n steps.
fn orders(title: &str, path: fn(usize) -> Result<Path, Error>, to_clean: bool) -> Result<Plot, Error> {
    type Sampler = fn(X, &Path) -> Result<X, Error>;
    let samplers: [(&str, Sampler); 6] = [
        ("euler, ddim", |x, path| ddim(&DATA, x, path, 0.0, &NoNoise, &mut ())),
        ("heun (2 calls)", |x, path| heun(&DATA, x, path, Churn::default(), &NoNoise, &mut ())),
        ("dpmpp_2m", |x, path| dpm_solver_2m(&DATA, x, path, Dynamics::Ode, &NoNoise, &mut ())),
        ("dpmpp_3m, published", |x, path| {
            dpm_solver_3m(&DATA, x, path, Dynamics::Ode, ThirdOrder::Published, &NoNoise, &mut ())
        }),
        ("dpmpp_3m", |x, path| {
            dpm_solver_3m(&DATA, x, path, Dynamics::Ode, ThirdOrder::Corrected, &NoNoise, &mut ())
        }),
        ("unipc", |x, path| unipc(&DATA, x, path, UniPc::default(), &NoNoise, &mut ())),
    ];
    let mut series = Vec::new();
    for (name, sample) in samplers {
        let mut points = Vec::new();
        for n in numbers() {
            let mut path = path(n)?;
            if to_clean {
                path = Path::new(path.levels().iter().copied().chain([NoiseLevel::CLEAN]).collect())?;
            }
            let last = *path.levels().last().unwrap_or(&NoiseLevel::CLEAN);
            // x/√(c + σ²) is constant along the flow.
            let exact = (DATA.marginal_variance(last) / DATA.marginal_variance(path.first())).sqrt();
            let found = sample(array![[1.0]], &path)?[[0, 0]];
            points.push(((n as f64).log2(), (found / exact - 1.0).abs().max(1e-16)));
        }
        series.push(Series { name: name.into(), points });
    }
    let (x_label, y_label) = ("log₂ of the number of steps".into(), "relative error".into());
    Ok(Plot { title: title.into(), x_label, y_label, y_scale: Scale::Log, series })
}

/// The errors of images that are encoded and decoded with DDIM, T = 1000.
fn round_trips() -> Result<Plot, Box<dyn std::error::Error>> {
    let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
    let ways = [
        ("conditioned on the level of x", Inversion { conditioned_on: ConditionedOn::Here, refinements: 0 }),
        (
            "conditioned on the upper level",
            Inversion { conditioned_on: ConditionedOn::Upper, refinements: 0 },
        ),
        ("with 1 refinement", Inversion { conditioned_on: ConditionedOn::Here, refinements: 1 }),
        ("with 2 refinements", Inversion { conditioned_on: ConditionedOn::Here, refinements: 2 }),
    ];
    let mut series = Vec::new();
    for (name, how) in ways {
        let mut points = Vec::new();
        for n in [10usize, 20, 50, 100, 200, 500, 1000] {
            let times: Vec<usize> = (0..n).rev().map(|i| 1 + i * (1000 / n)).collect();
            let path = Path::of_times(&process, &times)?;
            let gain = reconstruct(&Network, array![[1.0]], &path, how)?[[0, 0]];
            points.push(((n as f64).log10(), (DATA.variance * (gain - 1.0).powi(2)).max(1e-20)));
        }
        series.push(Series { name: name.into(), points });
    }
    Ok(Plot {
        title: "DDIM encoding and decoding: expected squared error for N(0, 1/4)".into(),
        x_label: "log₁₀ of the number of steps".into(),
        y_label: "mean squared error".into(),
        y_scale: Scale::Log,
        series,
    })
}

/// A network that predicts the exact ε of the level that it is conditioned on. x̂_0 is computed from it at the level of x.
struct Network;

impl Denoiser<X> for Network {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        self.denoise_conditioned(x, at, at)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        at.check(x.nrows())?;
        network.check(x.nrows())?;
        let (at, network) = (at.get(0), network.get(0));
        let eps = x.mapv(|x| DATA.eps(x, network));
        let x0 = (x - &(&eps * at.noise_rate())) / at.signal_rate();
        Ok(Estimate { x0, eps, spread: None })
    }
}
