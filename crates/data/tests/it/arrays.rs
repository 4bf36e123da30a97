//! Arrays of numbers from safetensors files made by hand.

use half::{bf16, f16};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;
use tweedie_data::{Arrays, Dataset, Error, Values};
use tweedie_math::DataShape;
use tweedie_weights::{DataType, TensorBytes, write_tensors};

type Tensor<'a> = (&'a str, DataType, &'a [usize], Vec<u8>);

fn file(tensors: &[Tensor]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.safetensors");
    let of = |(name, kind, shape, bytes): &Tensor| {
        (name.to_string(), TensorBytes { kind: *kind, shape: shape.to_vec(), bytes: bytes.clone() })
    };
    write_tensors(&path, &tensors.iter().map(of).collect(), &BTreeMap::new()).unwrap();
    (folder, path)
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn whole(labels: &[i64]) -> Vec<u8> {
    labels.iter().flat_map(|label| label.to_le_bytes()).collect()
}

/// Three arrays of 2 × 1 × 2 numbers.
const VALUES: [f32; 12] = [1.0, 2.0, -8.0, 0.5, 3.0, 4.0, -4.0, 0.25, 5.0, 9.0, 16.0, 1.5];
const SIDES: &[usize] = &[3, 2, 1, 2];

fn latents() -> Tensor<'static> {
    ("latents", DataType::F32, SIDES, bytes(&VALUES))
}

#[track_caller]
fn refused(tensors: &[Tensor], tensor: Option<&str>, reason: &str) {
    let (_folder, path) = file(tensors);
    let error = Arrays::open(&path, tensor, None).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert!(text.contains(&path.display().to_string()) && text.contains(reason), "{text} lacks {reason:?}");
}

#[test]
fn arrays_and_labels_are_read() {
    let (_folder, path) = file(&[latents(), ("labels", DataType::I64, &[3], whole(&[2, 0, 2]))]);
    let set = Arrays::open(&path, None, None).unwrap();
    assert_eq!((set.name().as_str(), set.len(), set.may_flip()), ("toy", Some(3), false));
    assert_eq!(set.shape(), DataShape::image(2, 1, 2));
    assert_eq!(set.class_names(), ["0", "1", "2"]);
    for index in 0..3 {
        let example = set.get(index).unwrap();
        let at = 4 * index as usize;
        assert_eq!(example.values, Values::Floats(VALUES[at..at + 4].to_vec()));
        assert_eq!((example.label, example.image()), (Some([2, 0, 2][index as usize]), &[][..]));
        assert_eq!(example.caption, ["2", "0", "2"][index as usize]);
    }
    for index in [3, u64::MAX] {
        assert!(set.get(index).unwrap_err().to_string().contains("below the number of examples, 3"));
        assert_eq!((set.label(index), set.caption(index)), (None, String::new()));
    }
}

#[test]
fn mean_and_scale_are_the_datas_own_unless_given() {
    let (_folder, path) = file(&[latents()]);
    let set = Arrays::open(&path, None, None).unwrap();
    let (means, scales) = set.moments().unwrap();
    for channel in 0..2 {
        let own: Vec<f64> =
            (0..3).flat_map(|n| [0, 1].map(|x| f64::from(VALUES[4 * n + 2 * channel + x]))).collect();
        let mean = own.iter().sum::<f64>() / 6.0;
        let variance = own.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 6.0;
        assert!((means[channel] - mean).abs() < 1e-12 && (scales[channel] - variance.sqrt()).abs() < 1e-12);
    }
    assert_eq!((set.class_names().len(), set.label(0)), (0, None));
    let given = (vec![1.0, -2.0], vec![0.5, 3.0]);
    assert_eq!(Arrays::open(&path, None, Some(given.clone())).unwrap().moments(), Some(given));
    for (n_means, n_scales) in [(1, 2), (2, 1), (3, 3), (0, 0)] {
        let error = Arrays::open(&path, None, Some((vec![0.0; n_means], vec![1.0; n_scales]))).unwrap_err();
        let text = error.to_string();
        let expected = format!(
            "data.mean and data.scale is {n_means} means and {n_scales} scales; it must be 2 of each"
        );
        assert_eq!(text, expected);
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Arrays::open(&path, None, Some((vec![0.0; 2], vec![1.0, scale]))).unwrap_err();
        assert!(error.to_string().contains(&format!("its channel 1 has the scale {scale}")), "{error}");
    }
}

#[test]
fn every_kind_of_number_is_read() {
    let kinds = [
        (DataType::F64, VALUES.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect::<Vec<u8>>()),
        (DataType::F16, VALUES.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect()),
        (DataType::Bf16, VALUES.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect()),
    ];
    // All of these numbers are exact in each.
    for (kind, bytes) in kinds {
        let (_folder, path) = file(&[("x", kind, SIDES, bytes)]);
        let set = Arrays::open(&path, None, None).unwrap();
        assert_eq!(set.get(1).unwrap().values, Values::Floats(VALUES[4..8].to_vec()), "{kind:?}");
    }
    let (_folder, path) = file(&[("x", DataType::U8, SIDES, (0..12).map(|at| at * 20).collect())]);
    let last = Arrays::open(&path, None, None).unwrap().get(2).unwrap().values;
    assert_eq!(last, Values::Floats(vec![160.0, 180.0, 200.0, 220.0]));
}

#[test]
fn one_of_several_is_asked_for_by_name() {
    let other = ("other", DataType::F32, SIDES, bytes(&VALUES.map(|value| 2.0 * value)));
    let flat = ("flat", DataType::F32, &[12][..], bytes(&VALUES));
    let tensors = [latents(), other, flat];
    let (_folder, path) = file(&tensors);
    let set = Arrays::open(&path, Some("other"), None).unwrap();
    assert_eq!(set.get(0).unwrap().values, Values::Floats(vec![2.0, 4.0, -16.0, 1.0]));
    refused(&tensors, None, "data.tensor must name one of latents, other");
    for name in ["flat", "missing"] {
        refused(
            &tensors,
            Some(name),
            &format!("it has no tensor {name} of shape (N, C, H, W); it has latents, other"),
        );
    }
    let (_folder, path) = file(&tensors[1..]);
    assert!(Arrays::open(&path, None, None).is_ok());
    refused(&tensors[2..], None, "it has no tensor of shape (N, C, H, W)");
}

#[test]
fn numbers_that_are_none_are_refused() {
    for (at, wrong) in [(0, f32::NAN), (7, f32::INFINITY), (11, f32::NEG_INFINITY)] {
        let mut values = VALUES;
        values[at] = wrong;
        let reason = format!("value {at} of its tensor x is {wrong}");
        refused(&[("x", DataType::F32, SIDES, bytes(&values))], None, &reason);
    }
    let beyond = [1.0, 1e300].iter().flat_map(|value: &f64| value.to_le_bytes()).collect();
    refused(&[("x", DataType::F64, &[2, 1, 1, 1], beyond)], None, "value 1 of its tensor x is inf");
    refused(&[("x", DataType::I64, SIDES, whole(&[1; 12]))], None, "its tensor has the type i64");
    refused(
        &[("x", DataType::F32, &[0, 2, 1, 2], vec![])],
        None,
        "the shape [0, 2, 1, 2], without any values",
    );
    let constant = [0.1, 1.0, 0.1, 2.0, 0.1, 3.0];
    refused(&[("x", DataType::F32, &[3, 2, 1, 1], bytes(&constant))], None, "its channel 0 has the scale 0");
}

#[test]
fn labels_must_fit() {
    let with = |kind, shape: &[usize], bytes| {
        [latents(), ("labels", kind, shape.to_vec().leak() as &[usize], bytes)]
    };
    let (_folder, path) = file(&with(DataType::U8, &[3], vec![0, 1, 255]));
    assert_eq!(Arrays::open(&path, None, None).unwrap().class_names().len(), 256);
    refused(&with(DataType::I64, &[2], whole(&[0, 1])), None, "it has 3 arrays and 2 labels");
    refused(
        &with(DataType::F32, &[3], bytes(&[0.0, 1.0, 2.0])),
        None,
        "its labels are of another type than i64 and u8",
    );
    for wrong in [-1, 1 << 20, i64::MAX, i64::MIN] {
        refused(&with(DataType::I64, &[3], whole(&[0, wrong, 1])), None, "not all between 0 and a million");
    }
}

#[test]
fn files_that_are_none_are_named() {
    let (_folder, path) = file(&[latents()]);
    let whole = std::fs::read(&path).unwrap();
    for n in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..n]).unwrap();
        let text = Arrays::open(&path, None, None).unwrap_err().to_string();
        assert!(text.contains("toy.safetensors"), "{text}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(Arrays::open(&path, None, None).unwrap_err().to_string().contains("toy.safetensors"));
}
