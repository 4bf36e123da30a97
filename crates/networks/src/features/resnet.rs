//! ResNet for CIFAR: three stages of 16, 32 and 64 channels with parameter-free shortcuts (He et al. 2016, option A).

use super::{Named, Reading, take};
use crate::Error;
use tch::Tensor;

/// Mean and standard deviation of ImageNet's channels, with which the inputs of these networks are standardised.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// A convolution without bias, followed by batch normalisation.
#[derive(Debug)]
struct Normed {
    weight: Tensor,
    scale: Tensor,
    shift: Tensor,
}

impl Normed {
    fn new(parameters: &mut Named, conv: &str, bn: &str, outputs: i64, inputs: i64) -> Result<Self, Error> {
        let weight = take(parameters, &format!("{conv}.weight"), &[outputs, inputs, 3, 3])?;
        let mut of = |name: &str| take(parameters, &format!("{bn}.{name}"), &[outputs]);
        let (gamma, beta, mean, variance) =
            (of("weight")?, of("bias")?, of("running_mean")?, of("running_var")?);
        // (x − mean)/√(variance + ε)·γ + β as one scale and one shift.
        let scale = gamma / (variance + 1e-5).sqrt();
        let shift = beta - mean * &scale;
        let across = |x: Tensor| x.reshape([1, -1, 1, 1]);
        Ok(Self { weight, scale: across(scale), shift: across(shift) })
    }

    fn forward(&self, x: &Tensor, stride: i64) -> Tensor {
        x.conv2d(&self.weight, None::<&Tensor>, [stride; 2], [1, 1], [1, 1], 1) * &self.scale + &self.shift
    }
}

/// The parameters of a ResNet.
#[derive(Debug)]
pub struct ResNet {
    first: Normed,
    /// Both convolutions of each block, and whether the block halves height and width.
    blocks: Vec<(Normed, Normed, bool)>,
    linear: (Tensor, Tensor),
}

impl ResNet {
    pub(super) fn new(mut parameters: Named) -> Result<Self, Error> {
        let first = Normed::new(&mut parameters, "conv1", "bn1", 16, 3)?;
        let mut blocks = Vec::new();
        let mut inputs = 16;
        for (stage, outputs) in [(1, 16), (2, 32), (3, 64)] {
            if !parameters.contains_key(&format!("layer{stage}.0.conv1.weight")) {
                return Err(Error::Input(format!("the parameter layer{stage}.0.conv1.weight is missing")));
            }
            for i in 0.. {
                let name = format!("layer{stage}.{i}");
                if !parameters.contains_key(&format!("{name}.conv1.weight")) {
                    break;
                }
                let mut part = |n: i64, inputs: i64| {
                    let (conv, bn) = (format!("{name}.conv{n}"), format!("{name}.bn{n}"));
                    Normed::new(&mut parameters, &conv, &bn, outputs, inputs)
                };
                blocks.push((part(1, inputs)?, part(2, outputs)?, inputs != outputs));
                inputs = outputs;
            }
        }
        let weight = take(&mut parameters, "linear.weight", &[0, 64])?;
        let bias = take(&mut parameters, "linear.bias", &weight.size()[..1])?;
        let linear = (weight, bias);
        Ok(Self { first, blocks, linear })
    }

    /// The number of layers with weights.
    pub(super) fn depth(&self) -> usize {
        2 * self.blocks.len() + 2
    }

    /// Computes features and logits. The features are the spatial means of the 64 channels of the last stage.
    pub(super) fn read(&self, images: &Tensor) -> Reading {
        let across =
            |values: [f32; 3]| Tensor::from_slice(&values).reshape([1, 3, 1, 1]).to_device(images.device());
        let mut x = self.first.forward(&((images - across(MEAN)) / across(STD)), 1).relu();
        for (first, second, halves) in &self.blocks {
            let stride = if *halves { 2 } else { 1 };
            let inner = second.forward(&first.forward(&x, stride).relu(), 1);
            let short = if *halves {
                // Every other pixel, with an equal number of zero channels before and after.
                let picked = x.slice(2, 0, None, 2).slice(3, 0, None, 2);
                let more = picked.size()[1] / 2;
                picked.constant_pad_nd([0, 0, 0, 0, more, more])
            } else {
                x
            };
            x = (inner + short).relu();
        }
        let features = x.mean_dim(&[2i64, 3][..], false, None);
        let logits = features.linear(&self.linear.0, Some(&self.linear.1));
        Reading { features, logits }
    }
}
