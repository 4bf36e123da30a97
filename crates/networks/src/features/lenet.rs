//! LeNet: two convolutions with pooling and three linear layers, with ReLU.

use super::{Named, Reading, take};
use crate::Error;
use tch::Tensor;

/// The parameters of a LeNet.
#[derive(Debug)]
pub struct LeNet {
    convolutions: [(Tensor, Tensor); 2],
    linear: [(Tensor, Tensor); 3],
}

impl LeNet {
    pub(super) fn new(mut parameters: Named) -> Result<Self, Error> {
        let mut pair = |name: &str, shape: &[i64]| {
            let weight = take(&mut parameters, &format!("{name}.weight"), shape)?;
            Ok::<_, Error>((weight, take(&mut parameters, &format!("{name}.bias"), &shape[..1])?))
        };
        Ok(Self {
            convolutions: [pair("conv1", &[6, 1, 5, 5])?, pair("conv2", &[16, 6, 5, 5])?],
            linear: [pair("fc1", &[120, 256])?, pair("fc2", &[84, 120])?, pair("fc3", &[10, 84])?],
        })
    }

    /// Computes features and logits. The features are the 84 values before the last ReLU.
    pub(super) fn read(&self, images: &Tensor) -> Reading {
        let mut x = images.shallow_clone();
        for (weight, bias) in &self.convolutions {
            let convolved = x.conv2d(weight, Some(bias), [1, 1], [0, 0], [1, 1], 1);
            x = convolved.relu().max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        }
        let [(w1, b1), (w2, b2), (w3, b3)] = &self.linear;
        let hidden = x.flatten(1, -1).linear(w1, Some(b1)).relu();
        let features = hidden.linear(w2, Some(b2));
        let logits = features.relu().linear(w3, Some(b3));
        Reading { features, logits }
    }
}
