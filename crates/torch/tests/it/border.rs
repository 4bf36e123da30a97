//! Failures inside LibTorch are errors of one line, and nothing is printed.

use std::process::Command;
use tch::{Device, Kind, Tensor};
use tweedie_torch::{Error, guard};

fn ones(shape: &[i64]) -> Tensor {
    Tensor::ones(shape, (Kind::Float, Device::Cpu))
}

/// Adds what cannot be added; `tch` panics.
fn mismatch() -> Tensor {
    ones(&[2]) + ones(&[3])
}

#[test]
fn a_failure_is_an_error_of_one_line() {
    let error = guard(mismatch).unwrap_err();
    let text = "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0";
    assert_eq!(error, Error::LibTorch(text.into()));
    assert_eq!(error.to_string(), format!("LibTorch: {text}"));
    assert!(guard(|| ones(&[2]) + ones(&[2])).unwrap().equal(&(ones(&[2]) * 2.0)));
}

#[test]
fn an_error_of_tch_is_the_same_error() {
    let error: Error = ones(&[2]).f_add(&ones(&[3])).unwrap_err().into();
    assert_eq!(error, guard(mismatch).unwrap_err());
}

#[test]
fn any_panic_is_caught() {
    assert_eq!(guard(|| panic!("plain")).map(|()| 0), Err(Error::LibTorch("plain".into())));
    assert_eq!(guard(|| panic!("{} lines\nof text", 2)).map(|()| 0), Err(Error::LibTorch("2 lines".into())));
    let number = guard(|| std::panic::panic_any(7)).map(|()| 0);
    assert_eq!(number, Err(Error::LibTorch("an unknown failure".into())));
}

#[test]
fn guards_nest() {
    let outer = guard(|| {
        assert!(guard(mismatch).is_err());
        guard(|| ones(&[4])).unwrap()
    });
    assert_eq!(outer.unwrap().size(), [4]);
    let outer = guard(|| {
        assert!(guard(mismatch).is_err());
        panic!("after the inner one")
    });
    assert_eq!(outer.map(|()| 0), Err(Error::LibTorch("after the inner one".into())));
}

/// What the next test looks at from outside: guarded failures, alone and nested, and one that is not guarded.
#[test]
fn failures_of_every_kind() {
    assert!(guard(mismatch).is_err());
    let nested = guard(|| {
        assert!(guard(|| panic!("inside twice")).map(|()| 0).is_err());
        panic!("inside once")
    });
    assert!(nested.map(|()| 0).is_err());
    assert!(std::thread::spawn(|| guard(mismatch).is_err()).join().unwrap());
    assert!(std::thread::spawn(|| panic!("outside")).join().is_err());
}

#[test]
fn guarded_failures_print_nothing_and_others_do() {
    let test = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "border::failures_of_every_kind", "--nocapture"])
        .output()
        .unwrap();
    assert!(test.status.success());
    let printed = String::from_utf8_lossy(&test.stdout) + String::from_utf8_lossy(&test.stderr);
    assert!(printed.contains("1 passed") && printed.contains("outside"), "{printed}");
    for silent in ["size of tensor", "inside"] {
        assert!(!printed.contains(silent), "{printed}");
    }
}

/// Where `guard` catches a panic, the thread computes with gradients only if it did so before.
#[test]
fn a_panic_leaves_the_gradient_mode_as_it_was() {
    let enabled = || ones(&[1]).set_requires_grad(true).multiply_scalar(2.0).requires_grad();
    let _no_gradient = tch::no_grad_guard();
    assert!(!enabled());
    assert!(tweedie_torch::with_grad(enabled));
    assert!(guard(|| tweedie_torch::with_grad(mismatch)).is_err());
    assert!(!enabled(), "the mode leaked out of the panic");
    drop(_no_gradient);
    assert!(enabled());
    assert!(guard(|| tweedie_torch::with_grad(mismatch)).is_err());
    assert!(enabled());
}
