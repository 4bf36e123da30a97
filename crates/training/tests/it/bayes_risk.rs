//! The loss of the exact denoiser of Gaussian data is the Bayes risk, on continuous processes and under any rule of levels.

use crate::continuous::{KOLMOGOROV, STEPS, kolmogorov, schedules};
use tch::{Device, Kind, Tensor};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{Conditioning, NoiseLevel, Parameterization, Schedule, Weighting};
use tweedie_models::{About, Condition, Description, Model};
use tweedie_networks::{Accepts, Input, Network, Parameters, Pass};
use tweedie_torch::Precision;
use tweedie_training::{LevelSampling, Objective, TrainingBatch, draw_levels, example_losses, loss};

/// The exact denoiser of N(0, σ_data²) data: its weights are none, its output is that of a parameterization at ln(σ)/4.
#[derive(Debug)]
struct Exact {
    parameters: Parameters,
    parameterization: Parameterization,
    /// Signal and noise of a ln σ.
    rates: fn(f64) -> [f64; 2],
    variance: f64,
}

impl Network for Exact {
    fn forward(&self, input: &Input<'_>, _: &Pass) -> Result<Tensor, tweedie_networks::Error> {
        let numbers = Vec::<f32>::try_from(input.time).unwrap();
        let factor = |number: &f32| {
            let [s, n] = (self.rates)(4.0 * f64::from(*number));
            let level = NoiseLevel::new(s, n).unwrap();
            // The target is p·x_0 + q·ε; E[x_0 | x] = s·v/(s²v + n²)·x, E[ε | x] = n/(s²v + n²)·x.
            let target = self.parameterization.target(level, None).unwrap();
            let total = s * s * self.variance + n * n;
            let out = (target.from_x0 * s * self.variance + target.from_eps * n) / total;
            // The network sees x times its input scale.
            (out / self.parameterization.input_scale(level)) as f32
        };
        let factors: Vec<f32> = numbers.iter().map(factor).collect();
        Ok(Tensor::from_slice(&factors).unsqueeze(1) * input.x)
    }
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }
    fn class_name(&self) -> &'static str {
        "Exact"
    }
    fn config(&self) -> serde_json::Value {
        serde_json::json!({})
    }
    fn accepts(&self) -> Accepts {
        Accepts { channels: 2, outputs: 2, size: Some(vec![]), ..Accepts::default() }
    }
}

fn rates_of(schedule: &Schedule) -> fn(f64) -> [f64; 2] {
    match schedule {
        Schedule::Ve { .. } | Schedule::Edm { .. } => |log_sigma| [1.0, log_sigma.exp()],
        // n = σ·s and n = 1 − s²: s² + σ·s − 1 = 0.
        Schedule::SubVp { .. } => |log_sigma| {
            let sigma = log_sigma.exp();
            let s = 2.0 / (sigma + (sigma * sigma + 4.0).sqrt());
            [s, sigma * s]
        },
        _ => |log_sigma| {
            let s = 1.0 / (1.0 + (2.0 * log_sigma).exp()).sqrt();
            [s, log_sigma.exp() * s]
        },
    }
}

fn exact(schedule: &Schedule, parameterization: Parameterization, variance: f64) -> Model {
    let network = Exact {
        parameters: Parameters::new(Device::Cpu, 0),
        parameterization,
        rates: rates_of(schedule),
        variance,
    };
    let about = About { conditioning: Conditioning::LogSigma, ..About::new(schedule.clone(), STEPS) };
    let description = Description { about, ..Description::new(schedule.clone(), STEPS, parameterization) };
    Model::of_network(Box::new(network), description).unwrap()
}

/// Gaussian data with noise at levels drawn by a rule.
fn batch(model: &Model, how: LevelSampling, n: usize, variance: f64) -> TrainingBatch {
    let mut numbers = Stream::new(Key { seed: 8, image: 0, purpose: Purpose(1000), visit: 0, draw: 0 });
    let mut normal = |scale: f64| {
        let values: Vec<f32> = (0..2 * n).map(|_| (scale * numbers.normal()) as f32).collect();
        Tensor::from_slice(&values).reshape([n as i64, 2])
    };
    let (x0, eps) = (normal(variance.sqrt()), normal(1.0));
    let levels = draw_levels(model.process(), how, None, 5, 0, n);
    TrainingBatch { x0, eps, levels, condition: Condition::none() }
}

/// E‖x_0 − E[x_0 | x]‖² per value is v·n²/(s²v + n²). The loss is that Bayes risk where the error is that of x_0, divided by the
/// factor between the two errors where it is that of the output, and 1 at every level under EDM's weight with σ_data² = v.
#[test]
fn the_exact_denoiser_pays_the_bayes_risk() {
    let (n, variance) = (2000, 0.36);
    let edm = Parameterization::Edm { sigma_data: 0.5 };
    let of_x0 = |level: NoiseLevel| {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        variance * n * n / (s * s * variance + n * n)
    };
    let predicted = [edm, Parameterization::V, edm, Parameterization::V];
    for (schedule, predicted) in schedules().into_iter().zip(predicted) {
        let model = exact(&schedule, predicted, variance);
        let batch = batch(&model, LevelSampling::Uniform {}, n, variance);
        let (measured, weighting) = (Some(Parameterization::X0), Some(Weighting::Edm { sigma_data: 0.6 }));
        let of_output =
            |level| of_x0(level) / predicted.loss_weight(Parameterization::X0, level, None).unwrap();
        let one = |_| 1.0;
        let cases: [(Objective, &dyn Fn(NoiseLevel) -> f64); 3] = [
            (Objective { measured, max_weight: 1e12, ..Objective::default() }, &of_x0),
            (Objective { weighting, max_weight: 1e12, ..Objective::default() }, &one),
            (Objective::default(), &of_output),
        ];
        for (objective, risk) in cases {
            let pass = Pass::inference(Precision::F32);
            let losses = tch::no_grad(|| example_losses(&model, &batch, &objective, &pass)).unwrap();
            let losses = Vec::<f64>::try_from(losses.to_kind(Kind::Double)).unwrap();
            let ratios: Vec<f64> =
                losses.iter().zip(&batch.levels).map(|(loss, drawn)| loss / risk(drawn.level)).collect();
            // A mean of two squared normal numbers has mean 1 and deviation 1.
            let mean = ratios.iter().sum::<f64>() / n as f64;
            assert!((mean - 1.0).abs() < 4.0 / (n as f64).sqrt(), "{schedule}, {objective:?}: {mean}");
            // It is distributed exponentially at every level.
            let distance = kolmogorov(ratios, |ratio| 1.0 - (-ratio).exp());
            assert!((n as f64).sqrt() * distance < KOLMOGOROV, "{schedule}, {objective:?}: {distance}");
        }
    }
}

/// Preconditioning with the data's own σ_data makes the output's target one of unit variance, and its exact prediction's risk 1 at every
/// level (Karras et al. 2022, eq. 8 and appendix B.6): the loss's expectation does not depend on how levels are drawn.
#[test]
fn the_edm_loss_is_one_under_any_distribution_of_levels() {
    let (n, schedule) = (2000, Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 });
    let model = exact(&schedule, Parameterization::Edm { sigma_data: 0.5 }, 0.25);
    for how in [
        LevelSampling::Uniform {},
        LevelSampling::Stratified {},
        LevelSampling::LogNormalSigma { mean: -1.2, std: 1.2 },
        LevelSampling::LogitNormal { mean: 0.0, std: 1.0 },
    ] {
        let batch = batch(&model, how, n, 0.25);
        let pass = Pass::inference(Precision::F32);
        let loss = tch::no_grad(|| loss(&model, &batch, &Objective::default(), &pass)).unwrap();
        let loss = loss.double_value(&[]);
        assert!((loss - 1.0).abs() < 4.0 / (n as f64).sqrt(), "{how:?}: {loss}");
    }
}
