//! Bytes and the model's range.

use tch::{Device, Kind, Tensor};
use tweedie_models::{DataRange, from_pixels, to_pixels};

const BYTES: DataRange = DataRange { low: 0.0, high: 255.0 };

fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

#[test]
fn every_byte_comes_back_in_every_range() {
    for (low, high) in [(-1.0, 1.0), (0.0, 1.0), (-3.0, 5.0), (0.0, 255.0), (-0.5, 0.25), (10.0, 11.0)] {
        let range = DataRange { low, high };
        let x = from_pixels(&all_bytes(), &[1, 1, 16, 16], range, Device::Cpu).unwrap();
        assert_eq!((x.size(), x.kind()), (vec![1, 1, 16, 16], Kind::Float));
        assert_eq!(to_pixels(&x, range).unwrap(), all_bytes(), "{low} to {high}");
        let values: Vec<f32> = Vec::try_from(x.flatten(0, -1)).unwrap();
        for (byte, value) in values.into_iter().enumerate() {
            let expected = low + byte as f64 / 255.0 * (high - low);
            assert!((f64::from(value) - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{byte}: {value}");
        }
    }
}

#[test]
fn images_stay_in_their_order() {
    let bytes: Vec<u8> = (0..2 * 3 * 2 * 4).collect();
    let x = from_pixels(&bytes, &[2, 3, 2, 4], BYTES, Device::Cpu).unwrap();
    // Image 1, channel 2, row 1, column 3 is the last byte.
    assert_eq!(x.double_value(&[1, 2, 1, 3]), 47.0);
    assert_eq!(x.double_value(&[0, 1, 0, 2]), 10.0);
    assert_eq!(to_pixels(&x, BYTES).unwrap(), bytes);
    // For any memory layout.
    let turned = x.transpose(2, 3).contiguous().transpose(2, 3);
    assert!(!turned.is_contiguous());
    assert_eq!(to_pixels(&turned, BYTES).unwrap(), bytes);
}

#[test]
fn halves_round_to_even() {
    // Values k + 1/2 that the way over [0, 1] in f32 leaves exactly there.
    let halves: Vec<f32> =
        (0..255).map(|k| k as f32 + 0.5).filter(|half| half / 255.0 * 255.0 == *half).collect();
    assert!(halves.len() > 100, "only {} values are exact halves", halves.len());
    let found = to_pixels(&Tensor::from_slice(&halves), BYTES).unwrap();
    for (half, found) in halves.iter().zip(found) {
        assert_eq!(f32::from(found), half.round_ties_even(), "{half} becomes {found}");
        assert_eq!(found % 2, 0);
    }
    let near: Vec<f32> = (0..255).flat_map(|k| [k as f32 + 0.49, k as f32 + 0.51]).collect();
    let expected: Vec<u8> = (0..255u8).flat_map(|k| [k, k + 1]).collect();
    assert_eq!(to_pixels(&Tensor::from_slice(&near), BYTES).unwrap(), expected);
}

#[test]
fn values_outside_are_clamped() {
    let values = [-1e30f32, -1.0001, -1.0, 1.0, 1.0001, 7.0, f32::INFINITY, f32::NEG_INFINITY];
    let found = to_pixels(&Tensor::from_slice(&values), DataRange::default()).unwrap();
    assert_eq!(found, [0, 0, 0, 255, 255, 255, 255, 0]);
}

#[test]
fn other_kinds_of_numbers_are_taken() {
    let x = from_pixels(&all_bytes(), &[256], DataRange::default(), Device::Cpu).unwrap();
    assert_eq!(to_pixels(&x.to_kind(Kind::Double), DataRange::default()).unwrap(), all_bytes());
}

#[test]
fn bytes_that_do_not_fill_the_shape_are_refused() {
    assert!(from_pixels(&all_bytes(), &[1, 1, 16, 15], DataRange::default(), Device::Cpu).is_err());
    assert!(from_pixels(&[], &[1], DataRange::default(), Device::Cpu).is_err());
}
