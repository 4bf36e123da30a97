//! Pretrained classifiers whose features are used to evaluate samples. They are loaded from files and are not trained.

mod lenet;
mod resnet;

use crate::Error;
use lenet::LeNet;
use resnet::ResNet;
use std::collections::BTreeMap;
use tch::Tensor;
use tweedie_torch::guard;

/// Parameters by name.
pub type Named = BTreeMap<String, Tensor>;

/// A pretrained classifier, recognised by the names of its parameters.
#[derive(Debug)]
pub enum FeatureNetwork {
    /// LeNet (LeCun et al. 1998), for grey images of 28×28 pixels.
    LeNet(LeNet),
    /// ResNet for CIFAR with shortcuts of option A (He et al. 2016), for colour images of 32×32 pixels.
    ResNet(ResNet),
}

/// Features and logits of images.
#[derive(Debug)]
pub struct Reading {
    /// The input of the last layer, (N, features), f32.
    pub features: Tensor,
    /// The logits, (N, classes), f32.
    pub logits: Tensor,
}

impl FeatureNetwork {
    /// Builds the network to which the parameters belong.
    ///
    /// # Errors
    /// [`Error::Input`] for parameters of another network, and for a parameter that is missing or has another shape.
    pub fn of(parameters: Named) -> Result<Self, Error> {
        if parameters.contains_key("fc3.weight") {
            Ok(Self::LeNet(LeNet::new(parameters)?))
        } else if parameters.contains_key("layer1.0.conv1.weight") {
            Ok(Self::ResNet(ResNet::new(parameters)?))
        } else {
            Err(Error::Input(
                "the parameters are neither a LeNet's (fc3.weight) nor a CIFAR ResNet's (layer1.0.conv1.weight)".into(),
            ))
        }
    }

    /// The network's name.
    pub fn name(&self) -> String {
        match self {
            Self::LeNet(_) => "LeNet".into(),
            Self::ResNet(net) => format!("ResNet-{}", net.depth()),
        }
    }

    /// Channels, height and width of the network's input images.
    pub fn shape(&self) -> [i64; 3] {
        match self {
            Self::LeNet(_) => [1, 28, 28],
            Self::ResNet(_) => [3, 32, 32],
        }
    }

    /// Computes features and logits of images (N, C, H, W) with values in [0, 1].
    ///
    /// # Errors
    /// [`Error::Input`] for images of another shape.
    pub fn read(&self, images: &Tensor) -> Result<Reading, Error> {
        let size = images.size();
        if size.len() != 4 || size[1..] != self.shape() {
            return Err(Error::Input(format!(
                "the images have the shape {size:?}; {} takes (N, {:?})",
                self.name(),
                self.shape()
            )));
        }
        let _no_gradient = tch::no_grad_guard();
        guard(|| match self {
            Self::LeNet(net) => net.read(images),
            Self::ResNet(net) => net.read(images),
        })
        .map_err(Error::from)
    }
}

/// Removes a parameter from `parameters` and checks its shape, where a side of 0 stands for any side.
fn take(parameters: &mut Named, name: &str, shape: &[i64]) -> Result<Tensor, Error> {
    let Some(tensor) = parameters.remove(name) else {
        return Err(Error::Input(format!("the parameter {name} is missing")));
    };
    let size = tensor.size();
    let fits = size.len() == shape.len() && size.iter().zip(shape).all(|(a, b)| *b == 0 || a == b);
    if !fits {
        return Err(Error::Input(format!(
            "the parameter {name} has the shape {size:?} instead of {shape:?}"
        )));
    }
    Ok(tensor)
}
