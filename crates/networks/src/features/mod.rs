//! Classifiers whose features judge samples. They are read from files and never trained here.

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

/// A network that was recognised by the names of its parameters.
#[derive(Debug)]
pub enum FeatureNetwork {
    /// LeCun et al. 1998, for 28×28 grey images.
    LeNet(LeNet),
    /// He et al. 2016, the CIFAR form with shortcuts of option A, for 32×32 colours.
    ResNet(ResNet),
}

/// Features and logits of images.
#[derive(Debug)]
pub struct Reading {
    /// (N, features), f32: what comes before the last layer.
    pub features: Tensor,
    /// (N, classes), f32.
    pub logits: Tensor,
}

impl FeatureNetwork {
    /// The network that these parameters belong to.
    ///
    /// # Errors
    /// [`Error::Input`] names what is missing or of another shape.
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

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::LeNet(_) => "LeNet".into(),
            Self::ResNet(net) => format!("ResNet-{}", net.depth()),
        }
    }

    /// Channels, height and width of the images it takes.
    pub fn shape(&self) -> [i64; 3] {
        match self {
            Self::LeNet(_) => [1, 28, 28],
            Self::ResNet(_) => [3, 32, 32],
        }
    }

    /// Features and logits of (N, C, H, W) images in [0, 1].
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

/// A parameter of a shape (0: any side), or what is wrong.
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
