//! Gradients in given storage, and memory layouts.

use tch::{Device, Kind, Tensor};
use tweedie_torch::{Error, channels_last, set_grad};

const F32: (Kind, Device) = (Kind::Float, Device::Cpu);

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap()
}

/// Σ leaf·factor, whose gradient is the factor everywhere.
fn backward(leaf: &Tensor, factor: f64) {
    (leaf * factor).sum(Kind::Float).backward();
}

#[test]
fn gradients_accumulate_in_the_given_storage() {
    let flat = Tensor::zeros([10], F32);
    let mut a = Tensor::ones([2, 2], F32).set_requires_grad(true);
    let mut b = Tensor::ones([3], F32).set_requires_grad(true);
    set_grad(&mut a, &flat.narrow(0, 1, 4).view([2, 2])).unwrap();
    set_grad(&mut b, &flat.narrow(0, 6, 3)).unwrap();
    backward(&a, 2.0);
    backward(&b, 3.0);
    assert_eq!(values(&flat), [0.0, 2.0, 2.0, 2.0, 2.0, 0.0, 3.0, 3.0, 3.0, 0.0]);
    backward(&(&a + 1.0), 0.5);
    assert_eq!(values(&flat), [0.0, 2.5, 2.5, 2.5, 2.5, 0.0, 3.0, 3.0, 3.0, 0.0]);
    assert!(a.grad().data_ptr() == flat.narrow(0, 1, 4).data_ptr());

    let mut whole = flat.shallow_clone();
    let _ = whole.zero_();
    assert_eq!(values(&a.grad()), [0.0; 4]);
    backward(&a, 4.0);
    assert_eq!(values(&flat.narrow(0, 0, 6)), [0.0, 4.0, 4.0, 4.0, 4.0, 0.0]);
}

#[test]
fn a_gradient_that_does_not_fit_is_refused() {
    let mut leaf = Tensor::ones([2, 3], F32).set_requires_grad(true);
    for (gradient, what) in [
        (Tensor::zeros([3, 2], F32), "shape"),
        (Tensor::zeros([6], F32), "rank"),
        (Tensor::zeros([2, 3], (Kind::Double, Device::Cpu)), "kind"),
        (Tensor::zeros([2, 3], (Kind::BFloat16, Device::Cpu)), "kind"),
    ] {
        let refused = set_grad(&mut leaf, &gradient);
        assert!(matches!(&refused, Err(Error::LibTorch(_))), "another {what} gives {refused:?}");
    }
    assert!(!leaf.grad().defined());
    set_grad(&mut leaf, &Tensor::zeros([2, 3], F32)).unwrap();
    backward(&leaf, 1.0);
    assert_eq!(values(&leaf.grad()), [1.0; 6]);
}

#[test]
fn channels_last_moves_the_strides_and_keeps_the_values() {
    let x = Tensor::arange(2 * 3 * 4 * 5, F32).reshape([2, 3, 4, 5]);
    let y = channels_last(&x).unwrap();
    assert_eq!((y.size(), y.stride()), (vec![2, 3, 4, 5], vec![60, 1, 15, 3]));
    assert!(y.equal(&x));
    let again = channels_last(&y).unwrap();
    assert_eq!((again.stride(), again.data_ptr()), (y.stride(), y.data_ptr()));
    assert_eq!(y.contiguous().stride(), x.stride());
}

#[test]
fn channels_last_is_differentiable() {
    let x = Tensor::ones([1, 2, 2, 2], F32).set_requires_grad(true);
    backward(&channels_last(&x).unwrap(), 3.0);
    assert_eq!(values(&x.grad()), [3.0; 8]);
}

#[test]
fn channels_last_needs_four_axes() {
    for shape in [&[2i64, 3, 4][..], &[2], &[1, 2, 3, 4, 5]] {
        let error = channels_last(&Tensor::ones(shape, F32)).unwrap_err();
        assert!(matches!(error, Error::LibTorch(_)));
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}
