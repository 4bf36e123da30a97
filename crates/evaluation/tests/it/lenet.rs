//! LeNet on real digits against recordings that PyTorch made.

use crate::{furthest, tensors};
use std::path::Path;
use tch::Kind;
use tweedie_data::{Dataset, Idx, Shape};
use tweedie_evaluation::{Extractor, Images, Moments, frechet_distance, judge_samples};
use tweedie_testing::shared;

const SHAPE: Shape = Shape { channels: 1, height: 28, width: 28 };

fn judge() -> Option<Extractor> {
    let path = shared("data/mnist-classifiers/lenet_mnist.safetensors")?;
    Some(Extractor::classifier(&path).unwrap())
}

fn images(path: &Path, n: u64) -> Vec<Vec<u8>> {
    let set = Idx::open(path).unwrap();
    (0..n).map(|index| set.get(index).unwrap().image().to_vec()).collect()
}

/// The same weights and images in f32: sums of up to 256 products in another order, 1e-6 of the greatest value.
#[test]
fn features_and_logits_are_pytorchs() {
    let (Some(judge), Some(stats), Some(test)) = (
        judge(),
        shared("data/mnist-classifiers/lenet_golden_and_fid_stats.safetensors"),
        shared("data/mnist/t10k-images-idx3-ubyte.gz"),
    ) else {
        return;
    };
    assert_eq!(judge.name(), "LeNet");
    let golden = tensors(&stats);
    let found = judge.read(&images(&test, 8), SHAPE).unwrap();
    for (found, name) in
        [(&found.values, "first8_test_features"), (found.logits.as_ref().unwrap(), "first8_test_logits")]
    {
        let golden = &golden[name];
        let (off, most) = (furthest(found, golden), golden.abs().max().double_value(&[]));
        assert!(off < 2e-6 * most, "{name} are off by {off} of {most}");
    }
    let classes = Vec::<i64>::try_from(found.logits.unwrap().argmax(1, false)).unwrap();
    assert_eq!(classes, [7, 2, 1, 0, 4, 1, 4, 9]);
}

/// Mean and covariance over all digits, and the distances that were computed from them elsewhere.
#[test]
fn distances_of_the_whole_sets_are_the_known_ones() {
    let (Some(judge), Some(stats), Some(mnist), Some(clothes)) = (
        judge(),
        shared("data/mnist-classifiers/lenet_golden_and_fid_stats.safetensors"),
        shared("data/mnist"),
        shared("data/fashion-mnist/t10k-images-idx3-ubyte.gz"),
    ) else {
        return;
    };
    let golden = tensors(&stats);
    let moments =
        |path: &Path, n: u64| Moments::of(&judge.read(&images(path, n), SHAPE).unwrap().values).unwrap();
    let train = moments(&mnist, 60_000);
    let test = moments(&mnist.join("t10k-images-idx3-ubyte.gz"), 10_000);
    for (found, name) in [(&train, "train"), (&test, "test")] {
        let (mean, covariance) = (&golden[&format!("{name}_mu")], &golden[&format!("{name}_sigma")]);
        let most = |x: &tch::Tensor| x.abs().max().double_value(&[]);
        // Rounding of single features, 1e-6, averages out.
        assert!(furthest(&found.mean, mean) < 1e-6 * most(mean), "{name}");
        assert!(furthest(&found.covariance, covariance) < 1e-6 * most(covariance), "{name}");
        let stored =
            Moments { mean: mean.shallow_clone(), covariance: covariance.shallow_clone(), n: found.n };
        assert!(frechet_distance(found, &stored).unwrap().abs() < 1e-4, "{name}");
    }
    let between = frechet_distance(&train, &test).unwrap();
    assert!((between - 1.028).abs() < 6e-4, "{between}");
    assert_eq!(train.covariance.kind(), Kind::Double);
    let far = frechet_distance(&train, &moments(&clothes, 10_000)).unwrap();
    assert!((far - 518.5).abs() < 0.06, "{far}");
}

/// The classifier is nearly always confident and right on digits, and it does not agree with wrong requested classes.
#[test]
fn confidence_and_agreement_are_those_of_a_good_classifier() {
    let (Some(judge), Some(folder)) = (judge(), shared("data/mnist")) else { return };
    let set = Idx::open(&folder).unwrap();
    let part = |from: u64, n: u64| -> (Vec<Vec<u8>>, Vec<i64>) {
        (from..from + n)
            .map(|i| set.get(i).unwrap())
            .map(|it| (it.image().to_vec(), i64::from(it.label.unwrap())))
            .unzip()
    };
    let ((samples, labels), (reference, _)) = (part(0, 400), part(1000, 600));
    let wrong: Vec<i64> = labels.iter().map(|label| (label + 1) % 10).collect();
    let images = Images {
        samples: &samples,
        real: &samples,
        reference: &reference,
        requested: Some(&wrong),
        labels: Some(&labels),
        matched: None,
        shape: SHAPE,
    };
    let report = judge_samples(&images, &judge).unwrap();
    let (found, real) = (report.confidence.unwrap(), report.real_confidence.unwrap());
    assert_eq!((found.mean, found.above_09), (real.mean, real.above_09));
    assert!(real.agreement.unwrap() > 0.97 && real.mean > 0.97 && real.above_09 > 0.9, "{real:?}");
    assert!(found.agreement.unwrap() < 0.03, "{found:?}");
    assert_eq!(report.extractor, "LeNet");
    let other = Shape { channels: 1, height: 14, width: 56 };
    let error = judge.read(&samples[..3], other).unwrap_err().to_string();
    assert!(error.contains("[3, 1, 14, 56]") && error.contains("LeNet takes (N, [1, 28, 28])"), "{error}");
}
