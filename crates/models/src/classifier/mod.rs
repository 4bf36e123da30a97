//! A classifier of noisy images, p(y | x_t), which guides a sampler towards a class (Dhariwal & Nichol 2021, section 4).

mod guide;

pub use guide::ClassGuide;

use crate::{About, Backbone, Call, Condition, Error};
use std::ops::{Deref, DerefMut};
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Network, NoisyClassifier, NoisyClassifierConfig, Pass, Registry};
use tweedie_samplers::Levels;

/// A model of ln p(y | x_t): a backbone whose outputs are logits.
///
/// It dereferences to its [`Backbone`], as a [`Model`](crate::Model) does.
#[derive(Debug)]
pub struct Classifier {
    backbone: Backbone,
}

impl Deref for Classifier {
    type Target = Backbone;

    fn deref(&self) -> &Backbone {
        &self.backbone
    }
}

impl DerefMut for Classifier {
    fn deref_mut(&mut self) -> &mut Backbone {
        &mut self.backbone
    }
}

impl Classifier {
    /// A classifier with untrained weights.
    ///
    /// # Errors
    /// Errors for an invalid network or process; [`Error::ClassNames`] if the number of class names differs from the number of classes.
    pub fn new(
        network: &NoisyClassifierConfig,
        about: About,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::of_network(Box::new(NoisyClassifier::new(network, device, seed)?), about)
    }

    /// A classifier of any network whose outputs are logits.
    ///
    /// # Errors
    /// An error for an invalid process; [`Error::ClassNames`] if the number of class names differs from the number of outputs.
    pub fn of_network(network: Box<dyn Network>, about: About) -> Result<Self, Error> {
        let (classes, names) = (network.accepts().outputs, about.class_names.len());
        if names as i64 != classes {
            return Err(Error::ClassNames { classes, names });
        }
        Ok(Self { backbone: Backbone::new(network, about)?.with_last_for_noisier() })
    }

    /// A copy with a network of its own, as of [`Backbone::replica`].
    ///
    /// # Errors
    /// Those of [`Backbone::replica`].
    pub fn replica(&self, registry: &Registry) -> Result<Option<Self>, Error> {
        Ok(self.backbone.replica(registry)?.map(|backbone| Self { backbone }))
    }

    /// ln p(y | x_t) of every class, (N, classes) in f32, for x of shape (N, C, H, W) at one level for the batch or one per example.
    ///
    /// Levels of any process are allowed: x is rescaled to the level of the classifier's process with the same log-SNR. The last level is
    /// used for noisier ones, including levels without signal, with x rescaled to its noise rate. The gradient mode is that of the caller.
    ///
    /// # Errors
    /// [`Error::Sampler`] for levels that do not fit the batch; [`Error::Network`] for images of another size;
    /// [`Error::BetweenTimes`].
    pub fn log_probabilities(&self, x: &Tensor, at: Levels<'_>) -> Result<Tensor, Error> {
        self.log_probabilities_in(self.pass(), x, at, 0)
    }

    /// [`Classifier::log_probabilities`] in a given mode of computation, for a batch whose first example has the number `first`.
    ///
    /// # Errors
    /// Errors of [`Classifier::log_probabilities`].
    pub fn log_probabilities_in(
        &self,
        pass: Pass,
        x: &Tensor,
        at: Levels<'_>,
        first: usize,
    ) -> Result<Tensor, Error> {
        let call = Call { condition: &Condition::none(), first, pass, network_levels: None };
        Ok(self.output(x, at, &call)?.out.f_log_softmax(1, Kind::Float)?)
    }

    /// The number of classes.
    pub fn n_classes(&self) -> i64 {
        self.network().accepts().outputs
    }

    /// The network with the description of its process, data and classes.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// Mutable access to the backbone, for training.
    pub fn backbone_mut(&mut self) -> &mut Backbone {
        &mut self.backbone
    }
}
