//! The fused group normalisation and the attention: the same function and gradients as plain operations in f64.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use tweedie_torch::{Generator, Modulation, attention, attention_takes, group_norm};

const EPS: f64 = 1e-5;

/// Normal numbers.
fn numbers(seed: u64, shape: &[i64]) -> Tensor {
    Generator::new(seed).unwrap().randn(shape).unwrap()
}

/// The arguments of a call, f32.
struct Case {
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    /// Rows of `add`, `scale` and `shift`; those that the case does not have are unused.
    rows: [Tensor; 3],
    has: [bool; 2],
    groups: i64,
    silu: bool,
}

impl Case {
    fn new(shape: [i64; 4], groups: i64, has: [bool; 2], shared: bool, silu: bool) -> Self {
        let [n, c, ..] = shape;
        let rows = if shared { 1 } else { n };
        Self {
            // A mean of several deviations, as after a ReLU or a bias.
            x: numbers(1, &shape) * 2.0 + 3.0,
            weight: numbers(2, &[c]) * 0.3 + 1.0,
            bias: numbers(3, &[c]) * 0.3,
            rows: [4, 5, 6].map(|seed| numbers(seed, &[rows, c]) * 0.5),
            has,
            groups,
            silu,
        }
    }

    /// The arguments in another kind, as leaves that want gradients.
    fn leaves(&self, kind: Kind) -> Vec<Tensor> {
        let [add, scale, shift] = &self.rows;
        [&self.x, &self.weight, &self.bias, add, scale, shift]
            .map(|tensor| tensor.to_kind(kind).detach().copy().set_requires_grad(true))
            .into()
    }

    fn modulation<'a>(&self, leaves: &'a [Tensor]) -> Modulation<'a> {
        Modulation {
            add: self.has[0].then_some(&leaves[3]),
            scale_shift: self.has[1].then_some((&leaves[4], &leaves[5])),
        }
    }

    fn fused(&self, leaves: &[Tensor]) -> Tensor {
        let options = (self.groups, EPS);
        group_norm(&leaves[0], &leaves[1], &leaves[2], self.modulation(leaves), options, self.silu).unwrap()
    }

    fn plain(&self, leaves: &[Tensor]) -> Tensor {
        let over_places = |rows: &Tensor| rows.unsqueeze(-1).unsqueeze(-1);
        let Modulation { add, scale_shift } = self.modulation(leaves);
        let x = add.map_or_else(|| leaves[0].shallow_clone(), |add| &leaves[0] + over_places(add));
        let y = x.group_norm(self.groups, Some(&leaves[1]), Some(&leaves[2]), EPS, false);
        let y = scale_shift.map_or_else(
            || y.shallow_clone(),
            |(scale, shift)| &y * (over_places(scale) + 1.0) + over_places(shift),
        );
        if self.silu { y.silu() } else { y }
    }
}

/// The result, and the gradients of a weighed sum of it with respect to the leaves that it depends on.
fn both(case: &Case, leaves: &[Tensor], y: &Tensor) -> (Tensor, Vec<Tensor>) {
    let size = y.size();
    let weights = numbers(9, &size).to_kind(y.kind());
    let used: Vec<Tensor> = (0..leaves.len())
        .filter(|&i| i < 3 || (i == 3 && case.has[0]) || (i > 3 && case.has[1]))
        .map(|i| leaves[i].shallow_clone())
        .collect();
    let gradients = Tensor::run_backward(&[(y * weights).sum(y.kind())], &used, false, false);
    (y.detach(), gradients)
}

/// The greatest difference, in units of the greatest value if it is above 1.
fn off(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let expected = expected.to_kind(Kind::Double);
    let off = (found.to_kind(Kind::Double) - &expected).abs().max().double_value(&[]);
    off / expected.abs().max().double_value(&[]).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Sums of at most 5,000 values of f32 keep 1e-5 of the greatest; channels that are no multiple of 16 take another path.
    #[test]
    fn values_and_gradients_are_those_of_plain_operations(
        n in 1i64..4, per_group in 1i64..13, groups in 1i64..5, height in 1i64..18, width in 1i64..18,
        has in any::<[bool; 2]>(), shared in any::<bool>(), silu in any::<bool>(),
    ) {
        // A group of a single value has no variance, and its derivative no digits.
        prop_assume!(per_group * height * width > 4);
        let case = Case::new([n, groups * per_group, height, width], groups, has, shared, silu);
        let (leaves, exact) = (case.leaves(Kind::Float), case.leaves(Kind::Double));
        let (y, gradients) = both(&case, &leaves, &case.fused(&leaves));
        let (expected, of_plain) = both(&case, &exact, &case.plain(&exact));
        prop_assert!(off(&y, &expected) < 1e-5, "values: {:e}", off(&y, &expected));
        for (i, (found, expected)) in gradients.iter().zip(&of_plain).enumerate() {
            prop_assert!(off(found, expected) < 5e-5, "gradient {i}: {:e}", off(found, expected));
        }
    }
}

/// Finite differences of the fused function itself: central, with a step at which f32 keeps three digits.
#[test]
fn the_gradient_is_a_finite_difference() {
    let case = Case::new([2, 8, 4, 4], 2, [true, true], false, true);
    let leaves = case.leaves(Kind::Float);
    let weights = numbers(9, &[2, 8, 4, 4]);
    let value = |leaves: &[Tensor]| (case.fused(leaves) * &weights).sum(Kind::Double).double_value(&[]);
    let (_, gradients) = both(&case, &leaves, &case.fused(&leaves));
    for (i, gradient) in gradients.iter().enumerate() {
        let direction = numbers(20 + i as u64, &leaves[i].size());
        let expected = (gradient * &direction).sum(Kind::Double).double_value(&[]);
        let moved = |step: f64| {
            let mut moved: Vec<Tensor> = leaves.iter().map(|leaf| leaf.detach().copy()).collect();
            moved[i] = &moved[i] + &direction * step;
            value(&moved)
        };
        let step = 1e-2;
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        assert!((slope - expected).abs() < 5e-3 * expected.abs().max(1.0), "{i}: {slope} and {expected}");
    }
}

/// A large sample is measured in chunks. bf16 rounds inputs and outputs to 2⁻⁹ of their size, and nothing else.
#[test]
fn bf16_and_chunks_only_round() {
    for (shape, kind, allowed) in [
        ([2, 48, 80, 80], Kind::Float, 1e-5),
        ([2, 48, 80, 80], Kind::BFloat16, 4e-3),
        ([3, 20, 5, 7], Kind::BFloat16, 4e-3),
    ] {
        let mut case = Case::new(shape, 4, [true, false], false, true);
        case.x = case.x.to_kind(kind);
        let leaves = case.leaves(Kind::Float);
        let mut given: Vec<Tensor> = leaves.iter().map(Tensor::detach).collect();
        given[0] = case.x.shallow_clone();
        let y = case.fused(&given);
        assert_eq!(y.kind(), kind);
        let expected = case.plain(&case.leaves(Kind::Double));
        assert!(off(&y, &expected) < allowed, "{shape:?} {kind:?}: {:e}", off(&y, &expected));
    }
}

/// The bits of an example do not depend on the others, whatever the size of the batch.
#[test]
fn examples_are_independent() {
    for shape in [[5, 24, 6, 6], [5, 48, 60, 60]] {
        let case = Case::new(shape, 4, [true, true], false, true);
        let all: Vec<Tensor> = case.leaves(Kind::Float).iter().map(Tensor::detach).collect();
        let whole = case.fused(&all);
        for i in 0..shape[0] {
            let one: Vec<Tensor> = all
                .iter()
                .enumerate()
                .map(|(k, leaf)| if k == 1 || k == 2 { leaf.shallow_clone() } else { leaf.narrow(0, i, 1) })
                .collect();
            assert_eq!(case.fused(&one), whole.narrow(0, i, 1), "{shape:?}, example {i}");
        }
    }
}

/// A mean of a thousand deviations, and a first pixel without it. Of 65,536 pixels, sums of squares about the first one keep two digits.
/// The values of f32 themselves are rounded to 3e-5 of the deviation.
#[test]
fn a_large_mean_keeps_its_digits() {
    for shape in [[2, 16, 12, 12], [1, 32, 64, 64], [1, 16, 256, 256]] {
        let mut case = Case::new(shape, 4, [false, false], false, false);
        case.x = numbers(1, &shape) + 1000.0;
        let _ = case.x.narrow(2, 0, 1).narrow(3, 0, 1).fill_(0.0);
        case.weight = case.weight.ones_like();
        let leaves: Vec<Tensor> = case.leaves(Kind::Float).iter().map(Tensor::detach).collect();
        let expected = case.plain(&case.leaves(Kind::Double));
        let without_first = |y: &Tensor| y.narrow(2, 1, shape[2] - 1).to_kind(Kind::Double);
        let off =
            (without_first(&case.fused(&leaves)) - without_first(&expected)).abs().max().double_value(&[]);
        assert!(off < 2e-4, "{shape:?}: {off:e}");
    }
}

/// NaN stays visible, and only in its own example.
#[test]
fn nan_stays_nan() {
    for kind in [Kind::Float, Kind::BFloat16] {
        let mut case = Case::new([2, 16, 4, 4], 4, [false, false], false, true);
        let _ = case.x.narrow(0, 0, 1).fill_(f64::NAN);
        case.x = case.x.to_kind(kind);
        let mut leaves: Vec<Tensor> = case.leaves(Kind::Float).iter().map(Tensor::detach).collect();
        leaves[0] = case.x.shallow_clone();
        let y = case.fused(&leaves).to_kind(Kind::Float);
        assert!(bool::try_from(y.narrow(0, 0, 1).isnan().all()).unwrap());
        assert!(bool::try_from(y.narrow(0, 1, 1).isfinite().all()).unwrap());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = Case::new([2, 8, 4, 4], 2, [true, true], false, true);
    let leaves: Vec<Tensor> = case.leaves(Kind::Float).iter().map(Tensor::detach).collect();
    let call = |x: &Tensor, weight: &Tensor, add: Option<&Tensor>, groups| {
        let modulation = Modulation { add, scale_shift: None };
        group_norm(x, weight, &leaves[2], modulation, (groups, EPS), true).unwrap_err().to_string()
    };
    assert!(call(&leaves[0], &leaves[1], None, 3).contains("3 groups do not divide 8 channels"));
    assert!(call(&leaves[0].to_kind(Kind::Double), &leaves[1], None, 2).contains("f32 or bf16"));
    assert!(call(&leaves[0], &leaves[1].narrow(0, 0, 4), None, 2).contains("per channel"));
    assert!(call(&leaves[0], &leaves[1], Some(&leaves[3].narrow(1, 0, 4)), 2).contains("add has shape"));
    assert!(call(&leaves[1], &leaves[1], None, 2).contains("four-dimensional"));
}

/// A second derivative is an error, and not a wrong number.
#[test]
fn a_second_derivative_is_refused() {
    let case = Case::new([2, 8, 4, 4], 2, [false, false], false, true);
    let leaves = case.leaves(Kind::Float);
    let y = case.fused(&leaves).square().sum(Kind::Float);
    let gradient = Tensor::f_run_backward(&[y], &[&leaves[0]], true, true);
    assert!(gradient.unwrap_err().to_string().contains("no second derivative"));
}

/// Attention of one head after the other, in f64.
fn plain_attention(qkv: &Tensor, heads: i64) -> Tensor {
    let size = qkv.size();
    let (n, tokens, c) = (size[0], size[1], size[2] / 3);
    let parts = qkv.to_kind(Kind::Double).reshape([n, tokens, 3, heads, c / heads]).permute([2, 0, 3, 1, 4]);
    let (q, k, v) = (parts.get(0), parts.get(1), parts.get(2));
    let weights = (q.matmul(&k.transpose(-2, -1)) / ((c / heads) as f64).sqrt()).softmax(-1, Kind::Double);
    weights.matmul(&v).transpose(1, 2).reshape([n, tokens, c])
}

#[test]
fn attention_is_that_of_plain_operations() {
    for (tokens, heads, width) in
        [(16, 1, 16), (16, 3, 32), (64, 2, 32), (64, 1, 96), (256, 2, 16), (272, 1, 16), (1024, 1, 32)]
    {
        let qkv = numbers(1, &[3, tokens, 3 * heads * width]) * 2.0;
        for (kind, allowed) in [(Kind::Float, 2e-6), (Kind::BFloat16, 4e-3)] {
            assert!(attention_takes(tokens, width, kind, Device::Cpu));
            let qkv = qkv.to_kind(kind);
            let found = attention(&qkv, heads).unwrap();
            assert_eq!(found.kind(), kind);
            let off = off(&found, &plain_attention(&qkv, heads));
            assert!(off < allowed, "{tokens} tokens, {heads} heads of {width}, {kind:?}: {off:e}");
            // An example does not depend on the others.
            assert_eq!(attention(&qkv.narrow(0, 1, 1), heads).unwrap(), found.narrow(0, 1, 1));
        }
    }
}

/// f32 sums of at most 4,096 products; in bf16 the gradient of a rounded result is rounded once more.
#[test]
fn the_gradient_of_attention_is_that_of_plain_operations() {
    for (tokens, heads, width) in [(16, 1, 16), (16, 3, 32), (64, 2, 32), (64, 1, 96)] {
        let qkv = numbers(1, &[3, tokens, 3 * heads * width]);
        let weights = numbers(2, &[3, tokens, heads * width]);
        let gradient = |qkv: &Tensor, of: &dyn Fn(&Tensor) -> Tensor| {
            let leaf = qkv.copy().set_requires_grad(true);
            let y = of(&leaf);
            let sum = (&y * weights.to_kind(y.kind())).sum(y.kind());
            Tensor::run_backward(&[sum], &[&leaf], false, false).remove(0)
        };
        for (kind, allowed) in [(Kind::Float, 5e-6), (Kind::BFloat16, 1e-2)] {
            let qkv = qkv.to_kind(kind);
            let found = gradient(&qkv, &|leaf| attention(leaf, heads).unwrap());
            let expected = gradient(&qkv.to_kind(Kind::Double), &|leaf| plain_attention(leaf, heads));
            let off = off(&found, &expected);
            assert!(off < allowed, "{tokens} tokens, {heads} heads of {width}, {kind:?}: {off:e}");
        }
    }
}

/// Scores of several hundred do not overflow, and the greatest takes everything.
#[test]
fn attention_bears_large_scores() {
    let qkv = numbers(1, &[1, 16, 48]) * 100.0;
    let off = off(&attention(&qkv, 1).unwrap(), &plain_attention(&qkv, 1));
    assert!(off < 1e-3, "{off:e}");
}

#[test]
fn attention_refuses_what_it_does_not_take() {
    assert!(
        !attention_takes(17, 16, Kind::Float, Device::Cpu)
            && !attention_takes(16, 8, Kind::Float, Device::Cpu)
    );
    assert!(!attention_takes(16, 16, Kind::Double, Device::Cpu));
    for shape in [[1, 17, 48], [1, 16, 24], [1, 16, 50]] {
        assert!(
            attention(&numbers(1, &shape), 1).unwrap_err().to_string().contains("multiples of 16"),
            "{shape:?}"
        );
    }
    let wants = numbers(1, &[1, 16, 48]).set_requires_grad(true);
    let square = attention(&wants, 1).unwrap().square().sum(Kind::Float);
    let gradient = Tensor::f_run_backward(&[square], &[&wants], true, true);
    assert!(gradient.unwrap_err().to_string().contains("no second derivative"));
}
