//! How a pass is computed changes rounding alone: precision, memory layout, the derivatives wanted, the neighbours.

use crate::config::small;
use crate::formula;
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Condition, Derivatives, Input, Network, Pass, UNet, UNetConfig};
use tweedie_torch::{Precision, with_seed};

const F32: Pass = Pass {
    precision: Precision::F32,
    train: false,
    derivatives: Derivatives::First,
    channels_last: false,
    gradient_checkpointing: false,
};

fn network(config: &UNetConfig) -> UNet {
    let network = UNet::new(config, Device::Cpu, 0).unwrap();
    formula::fill(&network);
    network
}

fn x() -> Tensor {
    formula::tensor(&[2, 2, 8, 8], formula::X, 3f64.sqrt())
}

fn forward(network: &UNet, x: &Tensor, pass: &Pass) -> Tensor {
    let time = Tensor::from_slice(&[7f32, 731.25]);
    network.forward(&Input::new(x, &time, &Condition::default()), pass).unwrap()
}

/// The output, and the gradients of every parameter.
fn both(network: &UNet, pass: &Pass) -> (Tensor, Vec<Tensor>) {
    let y = forward(network, &x(), pass);
    let parameters: Vec<Tensor> = network.parameters().iter().map(|p| p.tensor.shallow_clone()).collect();
    let gradients = Tensor::run_backward(&[formula::weighed(&y)], &parameters, false, false);
    (y.detach(), gradients)
}

fn rms(tensor: &Tensor) -> f64 {
    tensor.square().mean(Kind::Double).sqrt().double_value(&[])
}

fn flat(gradients: &[Tensor]) -> Tensor {
    Tensor::cat(&gradients.iter().map(|gradient| gradient.flatten(0, -1)).collect::<Vec<_>>(), 0)
}

/// bf16 keeps 8 bits, a rounding of 2⁻⁹ ≈ 0.2 % per layer; a dozen layers stay within 3 % of the output's spread.
#[test]
fn bf16_is_close_and_its_gradients_are_f32() {
    for derivatives in [Derivatives::First, Derivatives::Second] {
        for channels_last in [false, true] {
            let network = network(&small());
            let pass = Pass { derivatives, channels_last, ..F32 };
            let (expected, exact) = both(&network, &pass);
            let (y, gradients) = both(&network, &Pass { precision: Precision::Bf16, ..pass });
            assert_eq!(y.kind(), Kind::Float);
            let off = rms(&(&y - &expected)) / expected.std(true).double_value(&[]);
            assert!(off < 3e-2, "the output is {off:e} of its spread off");
            assert!(off > 1e-4, "nothing was computed in bf16");
            for (parameter, gradient) in network.parameters().iter().zip(&gradients) {
                assert_eq!(gradient.kind(), Kind::Float, "{}", parameter.name);
                assert_eq!(parameter.tensor.kind(), Kind::Float, "{}", parameter.name);
                assert!(bool::try_from(gradient.isfinite().all()).unwrap(), "{}", parameter.name);
            }
            let off = rms(&(flat(&gradients) - flat(&exact))) / rms(&flat(&exact));
            assert!(off < 3e-2, "the gradient is {off:e} of its length off");
        }
    }
}

/// The same sums in another order: f32 rounding, 1e-6, grown by a dozen layers.
#[test]
fn channels_last_is_the_same_function() {
    for derivatives in [Derivatives::First, Derivatives::Second] {
        let network = network(&small());
        let pass = Pass { derivatives, ..F32 };
        let (expected, exact) = both(&network, &pass);
        let (y, gradients) = both(&network, &Pass { channels_last: true, ..pass });
        let off = (&y - &expected).abs().max().double_value(&[]);
        assert!(off < 1e-5, "the output differs by {off:e}");
        let off = rms(&(flat(&gradients) - flat(&exact))) / rms(&flat(&exact));
        assert!(off < 1e-5, "the gradient is {off:e} of its length off");
    }
}

#[test]
fn dropout_follows_the_seed_and_acts_in_training_alone() {
    let (usual, dropping) = (network(&small()), network(&UNetConfig { dropout: 0.5, ..small() }));
    let train = Pass { train: true, ..F32 };
    let drawn = |seed| with_seed(seed, || forward(&dropping, &x(), &train));
    let (first, same, other) = (drawn(1), drawn(1), drawn(2));
    assert!(first.equal(&same));
    assert!(rms(&(&first - &other)) > 0.1);
    let kept = forward(&usual, &x(), &F32);
    assert!(forward(&dropping, &x(), &F32).equal(&kept), "dropout acts outside training");
    assert!(forward(&usual, &x(), &train).equal(&kept), "training without dropout is another function");
    assert!(rms(&(&first - &kept)) > 0.1, "dropout does not act in training");
}

/// |∂s/∂x|², where s weighs every number of the output, and perhaps its own gradient.
fn squared_gradient(network: &UNet, x: &Tensor, derive: bool) -> (f64, Option<Tensor>) {
    let x = x.detach().set_requires_grad(true);
    let y = forward(network, &x, &Pass { derivatives: Derivatives::Second, ..F32 });
    let first = Tensor::run_backward(&[formula::weighed(&y)], &[&x], true, derive).remove(0);
    let square = first.square().sum(Kind::Double);
    let second = derive.then(|| Tensor::run_backward(&[&square], &[&x], false, false).remove(0));
    (square.double_value(&[]), second)
}

#[test]
fn plain_attention_has_a_second_derivative() {
    let network = network(&small());
    let (_, second) = squared_gradient(&network, &x(), true);
    let second = second.unwrap();
    assert!(bool::try_from(second.isfinite().all()).unwrap());
    assert!(rms(&second) > 0.0);

    let direction = formula::tensor(&x().size(), formula::DIRECTION, 1.0);
    let step = 1e-2;
    let at = |sign: f64| squared_gradient(&network, &(x() + &direction * (sign * step)), false).0;
    let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
    let derivative = (&second * &direction).sum(Kind::Double).double_value(&[]);
    // The difference's own errors: f32 rounding over the step, and the step squared times the fourth derivative.
    let bound = 1e-2 * derivative.abs();
    assert!((difference - derivative).abs() < bound, "{derivative} derived, {difference} by differences");
}

#[test]
fn an_image_does_not_depend_on_its_neighbours() {
    let network = network(&small());
    let other = formula::tensor(&[1, 2, 8, 8], formula::X + 1, 40.0);
    let pair = Tensor::cat(&[x().narrow(0, 0, 1), other], 0);
    for derivatives in [Derivatives::First, Derivatives::Second] {
        for precision in [Precision::F32, Precision::Bf16] {
            for channels_last in [false, true] {
                let pass = Pass { precision, derivatives, channels_last, ..F32 };
                let first = |batch: &Tensor| forward(&network, batch, &pass).narrow(0, 0, 1);
                assert!(first(&x()).equal(&first(&pair)), "{pass:?}");
            }
        }
    }
}

#[test]
fn checkpointed_blocks_have_the_same_output_and_gradients_dropout_included() {
    let network = network(&UNetConfig { dropout: 0.3, ..small() });
    let run = |gradient_checkpointing: bool| {
        let pass = Pass { gradient_checkpointing, train: true, ..F32 };
        with_seed(5, || {
            let y = forward(&network, &x(), &pass);
            y.square().mean(Kind::Float).backward();
            let gradient = |mut tensor: Tensor| {
                let gradient = tensor.grad().copy();
                tensor.zero_grad();
                gradient
            };
            let gradients: Vec<Tensor> =
                network.parameters().iter().map(|it| gradient(it.tensor.shallow_clone())).collect();
            (y.detach(), gradients)
        })
    };
    let ((plain, expected), (y, found)) = (run(false), run(true));
    assert!(plain.equal(&y), "the same masks and the same sums");
    assert!(rms(&flat(&expected)) > 0.0);
    for ((parameter, a), b) in network.parameters().iter().zip(&expected).zip(&found) {
        let scale = f64::try_from(a.abs().max()).unwrap().max(1e-4);
        // The embedding's gradient is added up in another order.
        let off = f64::try_from((a - b).abs().max()).unwrap();
        assert!(off <= 1e-4 * scale, "{}: {off} of {scale}", parameter.name);
    }
}
