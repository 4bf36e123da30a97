//! ResNet-20 against its definition, one product at a time in f64.

use crate::{furthest, tensors};
use std::collections::BTreeMap;
use tch::{Kind, Tensor};
use tweedie_data::Shape;
use tweedie_evaluation::Extractor;
use tweedie_testing::shared;

const WEIGHTS: &str = "data/cifar-resnets/resnet20-12fca82f.safetensors";
const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32 };

/// Channels of square planes.
type Maps = Vec<Vec<f64>>;

/// The parameters as numbers.
struct Reference(BTreeMap<String, Vec<f64>>);

impl Reference {
    /// A 3×3 convolution with a border of zeros, then batch normalisation with the running statistics.
    fn normed(&self, x: &Maps, side: usize, stride: usize, conv: &str, bn: &str) -> Maps {
        let weight = &self.0[&format!("{conv}.weight")];
        let of = |name: &str, channel: usize| self.0[&format!("{bn}.{name}")][channel];
        let (inputs, out_side) = (x.len(), side / stride);
        let outputs = weight.len() / (9 * inputs);
        let place = |o: usize, row: usize, column: usize| {
            let mut sum = 0.0;
            for (i, plane) in x.iter().enumerate() {
                for (r, c) in (0..3).flat_map(|r| (0..3).map(move |c| (r, c))) {
                    let (y, x) = (row * stride + r, column * stride + c);
                    if (1..=side).contains(&y) && (1..=side).contains(&x) {
                        sum += weight[((o * inputs + i) * 3 + r) * 3 + c] * plane[(y - 1) * side + x - 1];
                    }
                }
            }
            (sum - of("running_mean", o)) / (of("running_var", o) + 1e-5).sqrt() * of("weight", o)
                + of("bias", o)
        };
        let plane =
            |o: usize| (0..out_side * out_side).map(|at| place(o, at / out_side, at % out_side)).collect();
        (0..outputs).map(plane).collect()
    }

    fn read(&self, image: &[u8]) -> (Vec<f64>, Vec<f64>) {
        let (means, deviations) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        let plane = |c: usize| {
            let pixels = &image[c * 1024..(c + 1) * 1024];
            pixels.iter().map(|&v| (f64::from(v) / 255.0 - means[c]) / deviations[c]).collect()
        };
        let mut side = 32;
        let mut x = relu(self.normed(&(0..3).map(plane).collect(), side, 1, "conv1", "bn1"));
        for (stage, block) in (1..=3).flat_map(|stage| (0..3).map(move |block| (stage, block))) {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            let name = |part: &str| format!("layer{stage}.{block}.{part}");
            let inner = relu(self.normed(&x, side, stride, &name("conv1"), &name("bn1")));
            let out_side = side / stride;
            let mut sum = self.normed(&inner, out_side, 1, &name("conv2"), &name("bn2"));
            // Option A: every other place, the new channels empty, half of them before the old ones and half behind.
            let before = (sum.len() - x.len()) / 2;
            for (c, at) in (0..x.len()).flat_map(|c| (0..out_side * out_side).map(move |at| (c, at))) {
                sum[before + c][at] += x[c][at / out_side * stride * side + at % out_side * stride];
            }
            (x, side) = (relu(sum), out_side);
        }
        let features: Vec<f64> = x.iter().map(|plane| plane.iter().sum::<f64>() / 64.0).collect();
        let (weight, bias) = (&self.0["linear.weight"], &self.0["linear.bias"]);
        let logit =
            |(row, bias): (&[f64], &f64)| bias + row.iter().zip(&features).map(|(w, f)| w * f).sum::<f64>();
        let logits = weight.chunks_exact(64).zip(bias).map(logit).collect();
        (features, logits)
    }
}

fn relu(maps: Maps) -> Maps {
    maps.into_iter().map(|plane| plane.into_iter().map(|value| value.max(0.0)).collect()).collect()
}

/// A few waves of colour.
fn image(phase: f64) -> Vec<u8> {
    let value = |at: usize| {
        let (c, row, column) = (at / 1024, at % 1024 / 32, at % 32);
        let wave = (0.3 * row as f64 + phase).sin() * (0.2 * column as f64 + c as f64 * phase).cos();
        (127.5 + 127.0 * wave) as u8
    };
    (0..3072).map(value).collect()
}

/// Twenty layers in f32 against f64: each rounds at 6e-8, and the worst of 64 features is some ten of that apart.
#[test]
fn it_is_the_definition() {
    let Some(path) = shared(WEIGHTS) else { return };
    let judge = Extractor::classifier(&path).unwrap();
    assert_eq!(judge.name(), "ResNet-20");
    let numbers = tensors(&path).into_iter().map(|(name, tensor)| {
        (name, Vec::<f64>::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap())
    });
    let reference = Reference(numbers.collect());
    for phase in [0.4, 2.1] {
        let (features, logits) = reference.read(&image(phase));
        let found = judge.read(&[image(phase)], SHAPE).unwrap();
        for (found, expected) in [(found.values, features), (found.logits.unwrap(), logits)] {
            let most = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let off = furthest(&found.get(0), &Tensor::from_slice(&expected));
            assert!(off < 5e-6 * most, "off by {off} of {most}");
        }
    }
}

/// The recorded features and logits belong to the last layer of this file.
#[test]
fn the_last_layer_is_the_recordings() {
    let (Some(path), Some(golden)) =
        (shared(WEIGHTS), shared("data/cifar-resnets/resnet20_golden_and_stats.safetensors"))
    else {
        return;
    };
    let (weights, golden) = (tensors(&path), tensors(&golden));
    let logits = golden["first8_features"].matmul(&weights["linear.weight"].transpose(0, 1));
    assert!(furthest(&(logits + &weights["linear.bias"]), &golden["first8_logits"]) < 1e-5);
}

#[test]
fn grey_images_are_refused() {
    let Some(path) = shared(WEIGHTS) else { return };
    let judge = Extractor::classifier(&path).unwrap();
    let grey = Shape { channels: 1, height: 32, width: 32 };
    let error = judge.read(&[vec![0; 1024]], grey).unwrap_err().to_string();
    assert!(error.contains("[1, 1, 32, 32]") && error.contains("ResNet-20"), "{error}");
}
