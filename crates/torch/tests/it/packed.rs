//! Packed layers compute the function of the plain ones, refuse to be differentiated, and are known to be outdated after a change.

use tch::{Kind, Tensor};
use tweedie_torch::{Generator, PackedConv2d, PackedLinear, RowMap, Version, share_version};

fn numbers(seed: u64, shape: &[i64]) -> Tensor {
    Generator::new(seed).unwrap().randn(shape).unwrap()
}

fn off(found: &Tensor, expected: &Tensor) -> f64 {
    let expected = expected.to_kind(Kind::Float);
    let off = (found.to_kind(Kind::Float) - &expected).abs().max().double_value(&[]);
    off / expected.abs().max().double_value(&[])
}

/// f32 sums of 72 products in another order; bf16 results are rounded to 2⁻⁹ of their size once, and in sums twice.
#[test]
fn a_packed_convolution_is_the_convolution() {
    for (kind, allowed) in [(Kind::Float, 2e-6), (Kind::BFloat16, 1e-2)] {
        for (stride, padding) in [(1, 1), (2, 1), (2, 0)] {
            let x = numbers(1, &[3, 8, 10, 12]).to_kind(kind);
            let (weight, bias) = (numbers(2, &[20, 8, 3, 3]).to_kind(kind), numbers(3, &[20]).to_kind(kind));
            let plain = x.conv2d(&weight, Some(&bias), [stride; 2], [padding; 2], [1, 1], 1);
            // A machine whose oneDNN lacks the kind has nothing to compare.
            let Ok(packed) = PackedConv2d::new(&weight, &bias, stride, padding, [3, 8, 10, 12]) else {
                continue;
            };
            let found = packed.forward(&x).unwrap();
            assert_eq!((found.size(), found.kind()), (plain.size(), kind));
            assert!(off(&found, &plain) < allowed, "{kind:?}, stride {stride}: {:e}", off(&found, &plain));
            let sum = numbers(4, &plain.size()).to_kind(kind);
            let expected = &sum + &plain;
            let found = packed.add_to(tweedie_torch::channels_last(&sum).unwrap(), &x).unwrap();
            assert!(off(&found, &expected) < allowed, "{kind:?}, sum: {:e}", off(&found, &expected));
            // Another batch and another size.
            let x = numbers(5, &[1, 8, 5, 6]).to_kind(kind);
            let plain = x.conv2d(&weight, Some(&bias), [stride; 2], [padding; 2], [1, 1], 1);
            assert!(off(&packed.forward(&x).unwrap(), &plain) < allowed);
        }
    }
}

#[test]
fn a_packed_map_is_the_map() {
    for (kind, allowed) in [(Kind::Float, 2e-6), (Kind::BFloat16, 1e-2)] {
        let (weight, bias) = (numbers(2, &[24, 40]).to_kind(kind), numbers(3, &[24]).to_kind(kind));
        let Ok(packed) = PackedLinear::new(&weight, &bias, 50) else { continue };
        for shape in [vec![5, 10, 40], vec![1, 40], vec![7, 40]] {
            let x = numbers(1, &shape).to_kind(kind);
            let plain = x.linear(&weight, Some(&bias));
            assert!(off(&packed.forward(&x).unwrap(), &plain) < allowed, "{kind:?} {shape:?}");
            let sum = numbers(4, &plain.size()).to_kind(kind);
            assert!(off(&packed.plus(&x, &sum).unwrap(), &(&sum + &plain)) < allowed, "{kind:?} {shape:?}");
        }
    }
}

/// f32 sums of 100 products in order; the bits of a row are the same alone and among others.
#[test]
fn rows_are_mapped_alone() {
    for (inputs, outputs) in [(100, 64), (7, 5), (32, 16), (40, 49)] {
        let (weight, bias) = (numbers(2, &[outputs, inputs]), numbers(3, &[outputs]));
        let map = RowMap::new(&weight, &bias).unwrap();
        for n in [1, 2, 5, 9, 64] {
            let x = numbers(1, &[n, inputs]);
            let found = map.forward(&x).unwrap();
            let expected = x
                .to_kind(Kind::Double)
                .linear(&weight.to_kind(Kind::Double), Some(bias.to_kind(Kind::Double)));
            assert_eq!(found.size(), [n, outputs]);
            assert!(off(&found, &expected) < 2e-6, "{n} rows: {:e}", off(&found, &expected));
            for row in [0, n / 2, n - 1] {
                assert_eq!(map.forward(&x.narrow(0, row, 1)).unwrap(), found.narrow(0, row, 1));
            }
        }
        assert!(map.forward(&numbers(1, &[2, inputs + 1])).unwrap_err().to_string().contains("x has shape"));
    }
}

/// LibTorch itself would return a result without a gradient.
#[test]
fn a_gradient_is_refused() {
    let x = numbers(1, &[1, 8, 4, 4]).set_requires_grad(true);
    let conv = PackedConv2d::new(&numbers(2, &[8, 8, 3, 3]), &numbers(3, &[8]), 1, 1, [1, 8, 4, 4]).unwrap();
    assert!(conv.forward(&x).unwrap_err().to_string().contains("has no gradient"));
    assert!(conv.add_to(x.copy(), &x.detach()).unwrap_err().to_string().contains("has no gradient"));
    assert!(tch::no_grad(|| conv.forward(&x)).is_ok());
    let map = PackedLinear::new(&numbers(2, &[8, 4]), &numbers(3, &[8]), 1).unwrap();
    assert!(map.forward(&x).unwrap_err().to_string().contains("has no gradient"));
}

#[test]
fn a_change_in_place_is_another_version() {
    let mut tensor = numbers(1, &[6]);
    let before = Version::of(&tensor);
    assert_eq!(Version::of(&tensor.shallow_clone()), before);
    let _ = tensor.fill_(1.0);
    assert_ne!(Version::of(&tensor), before);
}

/// `set_data` alone keeps the count of the part, so that changes of the whole are not seen.
#[test]
fn a_part_follows_its_whole() {
    let mut whole = Tensor::zeros([6], (Kind::Float, tch::Device::Cpu));
    let mut part = numbers(1, &[3]).set_requires_grad(true);
    part.set_data(&whole.narrow(0, 0, 3));
    let alone = Version::of(&part);
    let _ = whole.fill_(1.0);
    assert_eq!(Version::of(&part), alone, "if LibTorch shares the count, `share_version` is not needed");
    share_version(&part, &whole).unwrap();
    let shared = Version::of(&part);
    let _ = tch::no_grad(|| whole.fill_(2.0));
    assert_ne!(Version::of(&part), shared);
    assert_eq!(part.double_value(&[0]), 2.0);
}
