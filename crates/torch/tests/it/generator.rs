//! The numbers of `torch.Generator("cpu")`, and the global generator.

use serde_json::Value;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_torch::{Error, Generator, machine, with_seed};

fn bits(tensor: &Tensor) -> Vec<u32> {
    Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap().into_iter().map(f32::to_bits).collect()
}

/// LibTorch's own `randn`, from the global generator.
fn global(n: i64) -> Tensor {
    Tensor::randn([n], (Kind::Float, Device::Cpu))
}

/// Blocks (16 numbers or more) are compared where LibTorch uses AVX2 or AVX-512, as in the recording: its formula for
/// older processors rounds otherwise.
#[test]
fn draws_are_those_of_pytorch_bit_for_bit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/torch_randn.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let as_recorded = machine().cpu_capability.starts_with("AVX");
    let shapes: Vec<Vec<i64>> = serde_json::from_value(file["shapes"].clone()).unwrap();
    for row in file["seeds"].as_array().unwrap() {
        let seed = row["seed"].as_u64().unwrap();
        let mut generator = Generator::new(seed).unwrap();
        for (shape, draw) in shapes.iter().zip(row["draws"].as_array().unwrap()) {
            let expected: Vec<u32> = serde_json::from_value(draw.clone()).unwrap();
            let found = generator.randn(shape).unwrap();
            assert_eq!(
                (found.size(), found.kind(), found.device()),
                (shape.clone(), Kind::Float, Device::Cpu)
            );
            assert_eq!(found.numel(), expected.len());
            if found.numel() >= 16 && !as_recorded {
                continue;
            }
            assert_eq!(bits(&found), expected, "seed {seed}, shape {shape:?}");
        }
    }
}

#[test]
fn the_global_generator_gives_the_same_numbers_and_is_left_alone() {
    let expected = with_seed(9, || [global(20), global(5)]);
    let mut own = Generator::new(9).unwrap();
    let (first, second) = with_seed(9, || {
        let first = global(20);
        assert!(own.randn(&[20]).unwrap().equal(&first));
        let _ = Generator::new(1).unwrap().randn(&[100]).unwrap();
        (first, global(5))
    });
    assert!(first.equal(&expected[0]) && second.equal(&expected[1]));
    assert!(own.randn(&[5]).unwrap().equal(&expected[1]));
}

#[test]
fn generators_do_not_disturb_each_other() {
    let mut generators = [0, 0, 1].map(|seed| Generator::new(seed).unwrap());
    let mut next = |i: usize| generators[i].randn(&[7]).unwrap();
    let (a, other, b) = (next(0), next(2), next(1));
    assert!(a.equal(&b) && !a.equal(&other));
    assert!(next(0).equal(&next(1)));
}

#[test]
fn a_generator_moves_to_another_thread() {
    let mut generator = Generator::new(5).unwrap();
    let expected = [generator.randn(&[3]).unwrap(), generator.randn(&[3]).unwrap()];
    let mut generator = Generator::new(5).unwrap();
    assert!(generator.randn(&[3]).unwrap().equal(&expected[0]));
    let there = std::thread::spawn(move || generator.randn(&[3]).unwrap()).join().unwrap();
    assert!(there.equal(&expected[1]));
}

#[test]
fn shapes_that_cannot_be_are_errors() {
    let mut generator = Generator::new(0).unwrap();
    assert!(matches!(generator.randn(&[-1]), Err(Error::LibTorch(_))));
    let error = generator.randn(&[1 << 30, 1 << 30]).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(generator.randn(&[2]).unwrap().size(), [2]);
}

#[test]
fn a_seed_fixes_what_code_draws() {
    let draw = |seed| with_seed(seed, || global(6));
    assert!(draw(1).equal(&draw(1)) && !draw(1).equal(&draw(2)));
    assert!(draw(u64::MAX).equal(&draw(u64::MAX)));
    let half = |seed| with_seed(seed, || Tensor::ones([64], (Kind::Float, Device::Cpu)).dropout(0.5, true));
    assert!(half(3).equal(&half(3)) && !half(3).equal(&half(4)));
}

#[test]
fn a_failure_under_a_seed_leaves_the_next_caller_alone() {
    let expected = with_seed(4, || global(6));
    let failed =
        std::thread::spawn(|| with_seed(4, || tweedie_torch::guard(|| panic!("drawing")).map(|()| 0)));
    assert!(failed.join().unwrap().is_err());
    let panicked = tweedie_torch::guard(|| with_seed(4, || panic!("drawing")));
    assert!(panicked.map(|()| 0).is_err());
    assert!(with_seed(4, || global(6)).equal(&expected));
}

#[test]
fn callers_under_a_seed_take_turns() {
    let draw = || with_seed(6, || Tensor::cat(&[global(400), global(600)], 0));
    let expected = draw();
    let others: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
    assert!(others.into_iter().all(|other| other.join().unwrap().equal(&expected)));
}
