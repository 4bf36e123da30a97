//! The variational losses against the scalar formulas of `math`, and what their gradients reach.

use crate::common::{description, network};
use tch::{Device, Kind, Tensor};
use tweedie_math::bound::{bits_per_dimension, kl_to_log_variance};
use tweedie_math::decoder::{Grid, NormalCdf, continuous_log_likelihood, discretised_log_likelihood};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{DiscreteVp, FirstVariance, FixedVariance, Parameterization, ReverseStep};
use tweedie_models::{Condition, Description, Model, Standardization, VariancePrediction};
use tweedie_networks::{Input, Pass, UNetConfig};
use tweedie_samplers::ReverseVariance;
use tweedie_torch::Precision;
use tweedie_training::{DrawnLevel, Loss, Objective, TrainingBatch, example_losses};

const TIMES: [usize; 6] = [1, 1, 2, 30, 70, 100];
const VALUES: usize = 3 * 64;

/// Clean values at both ends of the range and between, noise, and the times.
fn batch() -> TrainingBatch {
    let key = Key { seed: 4, image: 0, purpose: Purpose(1000), visit: 0, draw: 0 };
    let mut numbers = Stream::new(key);
    let n = TIMES.len();
    let process = DiscreteVp::cosine(100).unwrap();
    let byte = |u: f64| ((u * 300.0 - 22.0).clamp(0.0, 255.0).round() / 127.5 - 1.0) as f32;
    let x0: Vec<f32> = (0..n * VALUES).map(|_| byte(numbers.uniform())).collect();
    let eps: Vec<f32> = (0..n * VALUES).map(|_| numbers.normal() as f32).collect();
    let tensor = |values: &[f32]| Tensor::from_slice(values).reshape([n as i64, 3, 8, 8]);
    TrainingBatch {
        x0: tensor(&x0),
        eps: tensor(&eps),
        levels: TIMES.iter().map(|&time| DrawnLevel::trained(&process, time)).collect(),
        condition: Condition::none(),
    }
}

/// A model whose last layer has nonzero weights of small or large size.
fn model(
    variance: VariancePrediction,
    predicted: Parameterization,
    size: f64,
    change: impl Fn(&mut Description),
) -> Model {
    let channels = if variance == VariancePrediction::None { 3 } else { 6 };
    let network = UNetConfig { out_channels: channels, ..network() };
    let mut description = Description { variance, ..description(predicted) };
    change(&mut description);
    let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
    let weight = model.network().parameters().get("conv_out.weight").unwrap().shallow_clone();
    let key = Key { seed: 9, image: 0, purpose: Purpose(1000), visit: 0, draw: 0 };
    let mut numbers = Stream::new(key);
    let values: Vec<f32> = (0..weight.numel()).map(|_| (size * numbers.normal()) as f32).collect();
    tch::no_grad(|| weight.shallow_clone().copy_(&Tensor::from_slice(&values).reshape(weight.size())));
    model
}

fn losses(model: &Model, loss: Loss) -> Vec<f64> {
    let _no_gradient = tch::no_grad_guard();
    let objective = Objective { loss, ..Objective::default() };
    let losses = example_losses(model, &batch(), &objective, &Pass::inference(Precision::F32)).unwrap();
    Vec::<f64>::try_from(losses.to_kind(Kind::Double)).unwrap()
}

/// T times the terms in bits per dimension, pixel by pixel in f64, from the network's own output.
fn by_hand(model: &Model) -> Vec<f64> {
    let _no_gradient = tch::no_grad_guard();
    let (batch, about, process) = (batch(), model.about(), model.process());
    let numbers = |x: &Tensor| Vec::<f32>::try_from(x.contiguous().flatten(0, -1)).unwrap();
    let term = |(i, &t): (usize, &usize)| {
        let (level, step) =
            (process.level(t), ReverseStep::trained(process, t, FirstVariance::default()).unwrap());
        let row = |x: &Tensor| x.narrow(0, i as i64, 1);
        let x0 = row(&batch.x0);
        let x = level.signal_rate() * &x0 + level.noise_rate() * row(&batch.eps);
        let number = about.conditioning.number(process, level).unwrap() as f32;
        let input = model.parameterization().input_scale(level) * &x;
        let (time, nothing) = (Tensor::from_slice(&[number]), tweedie_networks::Condition::default());
        let out = model
            .network()
            .forward(&Input::new(&input, &time, &nothing), &Pass::inference(Precision::F32))
            .unwrap();
        let reading = model.parameterization().reading(level, process.trained_previous(level)).unwrap();
        let (x0, x, out) = (numbers(&x0), numbers(&x), numbers(&out));
        let pixel = |j: usize| {
            let output = f64::from(out[j]);
            let guess = reading.x0_from_x * f64::from(x[j]) + reading.x0_from_out * output;
            let truth = f64::from(x0[j]);
            let learned = || f64::from(out[VALUES + j]);
            let log_variance = match (model.variance(), model.sampling().variance) {
                (VariancePrediction::Range, _) => step.range_log_variance(learned()),
                (VariancePrediction::Log, _) => learned(),
                (_, ReverseVariance::FixedSmall) => step.log_variance(FixedVariance::FixedSmall),
                _ => step.log_variance(FixedVariance::FixedLarge),
            };
            if t > 1 {
                let c1 = step.posterior.x0_coefficient;
                kl_to_log_variance(c1 * (truth - guess), step.posterior.variance.ln(), log_variance)
            } else if about.standardization.is_some() {
                -continuous_log_likelihood(truth, guess, log_variance)
            } else {
                -discretised_log_likelihood(truth, guess, log_variance, Grid::BYTES, NormalCdf::Exact)
            }
        };
        process.steps() as f64 * bits_per_dimension((0..VALUES).map(pixel).sum(), VALUES)
    };
    TIMES.iter().enumerate().map(term).collect()
}

/// Every variance, small outputs and ones so large that x̂_0 lies hundreds of deviations off.
#[test]
fn losses_are_the_bounds_terms() {
    use VariancePrediction::{Log, None, Range};
    let small = |description: &mut Description| description.sampling.variance = ReverseVariance::FixedSmall;
    let large = |description: &mut Description| description.sampling.variance = ReverseVariance::FixedLarge;
    let arrays = |description: &mut Description| {
        description.about.standardization = Some(Standardization { mean: vec![0.0; 3], scale: vec![1.0; 3] });
    };
    for size in [1e-3, 0.3] {
        for predicted in [Parameterization::Epsilon, Parameterization::X0, Parameterization::V] {
            let models = [
                model(Range, predicted, size, |_| {}),
                model(Log, predicted, size, |_| {}),
                model(None, predicted, size, small),
                model(None, predicted, size, large),
                model(Range, predicted, size, arrays),
                model(Range, Parameterization::Edm { sigma_data: 0.5 }, size, |_| {}),
            ];
            for model in models {
                for (found, expected) in losses(&model, Loss::Vlb).into_iter().zip(by_hand(&model)) {
                    // f32: x̂_0 and the logarithm of σ² have roundings of 1e-7, which a large error over a small σ multiplies; the
                    // divergence near 0 is a difference.
                    let allowed = 2e-4 * expected.abs() + 2e-4;
                    assert!(
                        (found - expected).abs() < allowed,
                        "{predicted:?}, size {size}: {found} against {expected}"
                    );
                }
            }
        }
    }
}

/// The hybrid loss is the squared error and λ times the bound; its bound moves the variance alone.
#[test]
fn the_hybrid_bound_moves_the_variance_alone() {
    let model = model(VariancePrediction::Range, Parameterization::Epsilon, 0.05, |_| {});
    let (squared, vlb, hybrid) =
        (losses(&model, Loss::Squared), losses(&model, Loss::Vlb), losses(&model, Loss::Hybrid));
    for i in 0..TIMES.len() {
        let sum = squared[i] + 0.001 * vlb[i];
        assert!((hybrid[i] - sum).abs() < 1e-5 * sum.abs(), "{} against {sum}", hybrid[i]);
    }
    let bias = model.network().parameters().get("conv_out.bias").unwrap().shallow_clone();
    let slope = |loss: Loss| {
        let objective = Objective { loss, vlb_weight: 0.5, ..Objective::default() };
        let losses = example_losses(&model, &batch(), &objective, &Pass::inference(Precision::F32)).unwrap();
        losses.mean(Kind::Float).backward();
        let slope = Vec::<f32>::try_from(bias.grad()).unwrap();
        let _ = bias.grad().zero_();
        slope
    };
    let (squared, vlb, hybrid) = (slope(Loss::Squared), slope(Loss::Vlb), slope(Loss::Hybrid));
    for channel in 0..3 {
        assert!((hybrid[channel] - squared[channel]).abs() < 1e-5, "the mean's gradient is not L_simple's");
        assert!(
            (vlb[channel] - hybrid[channel]).abs() > 1e-3,
            "the bound has no gradient for the mean to lose"
        );
    }
    for channel in 3..6 {
        assert!(
            squared[channel] == 0.0
                && (hybrid[channel] - 0.5 * vlb[channel]).abs() < 1e-4 * vlb[channel].abs()
        );
    }
}

/// The bound's gradient is its slope, for the mean and the variance, also where the bin's probability is below any double.
#[test]
fn the_bounds_gradient_is_its_slope() {
    for size in [1e-3, 0.3] {
        let model = model(VariancePrediction::Range, Parameterization::X0, size, |_| {});
        let bias = model.network().parameters().get("conv_out.bias").unwrap().shallow_clone();
        let objective = Objective { loss: Loss::Vlb, ..Objective::default() };
        let value = || {
            example_losses(&model, &batch(), &objective, &Pass::inference(Precision::F32))
                .unwrap()
                .sum(Kind::Double)
        };
        value().backward();
        for channel in [1, 4] {
            let slope = bias.grad().double_value(&[channel]);
            let at = |shift: f64| {
                tch::no_grad(|| {
                    let _ = bias.get(channel).g_add_scalar_(shift);
                    let value = value().double_value(&[]);
                    let _ = bias.get(channel).g_add_scalar_(-shift);
                    value
                })
            };
            let difference = (at(2e-3) - at(-2e-3)) / 4e-3;
            // A central difference of a smooth function, and f32's rounding of a sum of some 1e4 over the step.
            let allowed = 2e-2 * difference.abs() + 2e-7 * at(0.0).abs() / 4e-3;
            assert!(slope.is_finite() && slope != 0.0);
            assert!((slope - difference).abs() < allowed, "channel {channel}: {slope} against {difference}");
        }
    }
}
