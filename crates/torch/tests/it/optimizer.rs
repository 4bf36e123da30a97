//! The fused update is that of the algorithm, element by element, for any length.

use tch::{Kind, Tensor};
use tweedie_torch::{AdamWNumbers, Generator, Version, adamw};

const NUMBERS: AdamWNumbers = AdamWNumbers {
    gradient_scale: 0.5,
    first_share: 0.1,
    second_share: 0.01,
    root_factor: 1.25,
    eps: 1e-3,
    decay: 0.999,
    rate: 0.05,
};

fn numbers(seed: u64, n: i64) -> Tensor {
    Generator::new(seed).unwrap().randn(&[n]).unwrap()
}

/// A chain of a dozen f32 operations.
#[test]
fn an_update_follows_the_algorithm() {
    for n in [1, 15, 16, 17, 100, 40_000] {
        let (mut x, g, mut m) = (numbers(1, n), numbers(2, n), numbers(3, n) * 0.1);
        let mut v = numbers(4, n).square();
        let [x0, m0, v0, g0] = [&x, &m, &v, &g].map(|tensor| tensor.to_kind(Kind::Double).copy());
        let before = Version::of(&x);
        adamw(&mut x, &g, &mut m, &mut v, &NUMBERS).unwrap();
        let g = g0 * 0.5;
        let m1 = &m0 * 0.9 + &g * 0.1;
        let v1 = &v0 * 0.99 + g.square() * 0.01;
        let x1 = x0 * 0.999 - &m1 * 0.05 / (v1.sqrt() * 1.25 + 1e-3);
        for (name, found, expected) in [("values", &x, x1), ("first", &m, m1), ("second", &v, v1)] {
            let off = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
            assert!(off < 2e-6, "{name} of {n}: {off:e}");
        }
        assert_ne!(Version::of(&x), before, "the change is not counted");
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let fine = || numbers(1, 8);
    for wrong in [numbers(1, 9), numbers(1, 8).to_kind(Kind::Double), numbers(1, 16).slice(0, 0, 16, 2)] {
        let error = adamw(&mut fine(), &wrong, &mut fine(), &mut fine(), &NUMBERS).unwrap_err();
        assert!(error.to_string().contains("contiguous f32 tensors of one size"), "{error}");
    }
}
