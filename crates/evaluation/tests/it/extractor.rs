//! Principal components as a judge, and files that hold none.

use crate::{SHAPE, furthest, images, normal};
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_data::Shape;
use tweedie_evaluation::{Error, Extractor};
use tweedie_weights::{DataType, TensorBytes, write_tensors};

fn parts(extractor: &Extractor) -> (&Tensor, &Tensor) {
    match extractor {
        Extractor::Pixels { mean, components } => (mean, components),
        other => panic!("{other:?}"),
    }
}

fn values(images: &[Vec<u8>], n: usize) -> Tensor {
    (Tensor::from_slice(&images.concat()).to_kind(Kind::Double) / 255.0).reshape([n as i64, -1])
}

#[test]
fn components_are_orthonormal_and_the_mean_has_none() {
    let set = images(0, 300);
    let judge = Extractor::pixels(&set, SHAPE).unwrap();
    let (mean, components) = parts(&judge);
    assert_eq!((mean.size(), components.size()), (vec![768], vec![768, 64]));
    let unit = Tensor::eye(64, (Kind::Double, Device::Cpu));
    assert!(furthest(&components.transpose(0, 1).matmul(components), &unit) < 1e-12);
    let read = judge.read(&set, SHAPE).unwrap();
    assert_eq!((read.values.size(), read.values.kind()), (vec![300, 64], Kind::Float));
    assert!(read.logits.is_none());
    // Features are linear, so those of the mean are their mean; of f32 values of about 5.
    let none = Tensor::zeros([64], (Kind::Double, Device::Cpu));
    assert!(furthest(&read.values.to_kind(Kind::Double).mean_dim(&[0i64][..], false, None), &none) < 1e-6);
    assert!(furthest(mean, &values(&set, 300).mean_dim(&[0i64][..], false, None)) < 1e-7);
    assert_eq!(judge.name(), "64 principal components of the pixels");
}

/// No other 64 directions hold more of the variance; the features' variances are the greatest eigenvalues.
#[test]
fn components_are_the_principal_ones() {
    let set = images(0, 300);
    let judge = Extractor::pixels(&set, SHAPE).unwrap();
    let covariance = values(&set, 300).transpose(0, 1).cov(1, None::<&Tensor>, None::<&Tensor>);
    let spectrum = covariance.linalg_eigvalsh("L").narrow(0, 768 - 64, 64);
    let read = judge.read(&set, SHAPE).unwrap().values.to_kind(Kind::Double);
    let found = read.var_dim(&[0i64][..], true, false);
    assert!(furthest(&found, &spectrum) < 1e-5 * spectrum.max().double_value(&[]));
}

/// A component holds lengths: with all components of small images, distances of features are distances of pixels.
#[test]
fn few_pixels_are_kept_whole() {
    let shape = Shape { channels: 1, height: 4, width: 5 };
    let noise = (normal(100, 20, 1) * 40.0 + 128.0).clamp(0.0, 255.0).to_kind(Kind::Uint8);
    let set: Vec<Vec<u8>> = (0..100).map(|i| Vec::<u8>::try_from(noise.get(i)).unwrap()).collect();
    let judge = Extractor::pixels(&set, shape).unwrap();
    assert_eq!(judge.name(), "20 principal components of the pixels");
    let features = judge.read(&set, shape).unwrap().values.to_kind(Kind::Double);
    let pixels = values(&set, 100);
    assert!(furthest(&features.pdist(2.0), &pixels.pdist(2.0)) < 1e-6);
}

/// Large images are averaged in squares until at most 1024 values are left, rows and columns that are over among them.
#[test]
fn large_images_are_pooled() {
    for (shape, left) in [
        (Shape { channels: 3, height: 64, width: 64 }, 3 * 16 * 16),
        (Shape { channels: 1, height: 33, width: 41 }, 17 * 21),
        (Shape { channels: 3, height: 90, width: 30 }, 3 * 23 * 8),
        (Shape { channels: 1, height: 32, width: 32 }, 1024),
    ] {
        let n = shape.n_values();
        let set: Vec<Vec<u8>> = (0..4).map(|i| vec![10 * i; n]).collect();
        let judge = Extractor::pixels(&set, shape).unwrap();
        let (mean, _) = parts(&judge);
        assert_eq!(mean.size(), [left], "{shape:?}");
        // Averages of an even image are that image.
        let even = Tensor::full([left], 15.0 / 255.0, (Kind::Double, Device::Cpu));
        assert!(furthest(mean, &even) < 1e-7, "{shape:?}");
        let far = judge.read(&set, shape).unwrap().values;
        let length = (far.get(3) - far.get(0)).norm().double_value(&[]);
        assert!((length - 30.0 / 255.0 * (left as f64).sqrt()).abs() < 1e-4, "{shape:?}: {length}");
    }
}

#[test]
fn other_images_and_too_few_are_refused() {
    let set = images(0, 10);
    let error = Extractor::pixels(&set[..1], SHAPE).unwrap_err();
    assert!(matches!(error, Error::TooFew { found: 1, needed: 2, .. }), "{error}");
    assert!(matches!(Extractor::pixels(&[], SHAPE), Err(Error::TooFew { found: 0, .. })));
    let judge = Extractor::pixels(&set, SHAPE).unwrap();
    let small = Shape { channels: 3, height: 8, width: 8 };
    assert!(judge.read(&[vec![0; 192]], small).is_err(), "of another shape");
    assert!(judge.read(&set, small).is_err(), "images of another shape than the extractor's");
}

/// Writes a file of tensors, all zero.
fn file_of(folder: &Path, shapes: &[(&str, &[usize])]) -> std::path::PathBuf {
    let bytes = |shape: &[usize]| vec![0; 4 * shape.iter().product::<usize>()];
    let tensors = shapes.iter().map(|(name, shape)| {
        (name.to_string(), TensorBytes { kind: DataType::F32, shape: shape.to_vec(), bytes: bytes(shape) })
    });
    let path = folder.join("judge.safetensors");
    write_tensors(&path, &tensors.collect(), &Default::default()).unwrap();
    path
}

#[test]
fn files_of_other_networks_say_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let reason_of = |shapes: &[(&str, &[usize])]| {
        let path = file_of(folder.path(), shapes);
        match Extractor::classifier(&path).unwrap_err() {
            Error::Extractor { path: named, reason } if named == path => reason,
            other => panic!("{other}"),
        }
    };
    let neither = reason_of(&[("fc1.weight", &[32, 9])]);
    assert!(neither.contains("fc3.weight") && neither.contains("layer1.0.conv1.weight"), "{neither}");
    assert!(reason_of(&[("fc3.weight", &[10, 84])]).contains("the parameter conv1.weight is missing"));
    let other = reason_of(&[("fc3.weight", &[10, 84]), ("conv1.weight", &[6, 3, 5, 5])]);
    assert!(other.contains("conv1.weight has the shape [6, 3, 5, 5] instead of [6, 1, 5, 5]"), "{other}");
    assert!(reason_of(&[("layer1.0.conv1.weight", &[16, 16, 3, 3])]).contains("conv1.weight is missing"));
    let path = file_of(folder.path(), &[("fc1.weight", &[1])]);
    let sentence = Extractor::classifier(&path).unwrap_err().to_string();
    assert!(sentence.starts_with(&path.display().to_string()), "{sentence}");
    assert!(matches!(
        Extractor::classifier(&folder.path().join("absent.safetensors")),
        Err(Error::Weights(_))
    ));
    std::fs::write(folder.path().join("damaged.safetensors"), b"no tensors").unwrap();
    assert!(Extractor::classifier(&folder.path().join("damaged.safetensors")).is_err());
}
