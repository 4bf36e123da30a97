//! A classifier of noisy images, p(y | x_t): it guides a sampler towards a class (Dhariwal & Nichol 2021, section 4).

mod guide;

pub use guide::ClassGuide;

use crate::{About, Backbone, Call, Condition, Error};
use std::ops::{Deref, DerefMut};
use tch::{Device, Kind, Tensor};
use tweedie_networks::{Network, NoisyClassifier, NoisyClassifierConfig, Pass};
use tweedie_samplers::Levels;

/// ln p(y | x_t) made of a network: a backbone whose outputs are logits.
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
    /// A network or a process that does not exist; class names that are not as many as classes.
    pub fn new(
        network: &NoisyClassifierConfig,
        about: About,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::of_network(Box::new(NoisyClassifier::new(network, device, seed)?), about)
    }

    /// A classifier of any network, whose outputs are logits.
    ///
    /// # Errors
    /// A process that does not exist; class names that are not as many as outputs.
    pub fn of_network(network: Box<dyn Network>, about: About) -> Result<Self, Error> {
        let (classes, names) = (network.accepts().outputs, about.class_names.len());
        if names as i64 != classes {
            return Err(Error::ClassNames { classes, names });
        }
        Ok(Self { backbone: Backbone::new(network, about)?.with_last_for_noisier() })
    }

    /// ln p(y | x_t) of every class, (N, classes) in f32, of x (N, C, H, W) at one level for the batch or one per example.
    ///
    /// Levels of any process are allowed: x is rescaled to the classifier's own level of the same log-SNR. The classifier's last level
    /// stands for noisier ones, with as much noise; a level without signal is one of these. The gradient mode is the caller's.
    ///
    /// # Errors
    /// [`Error::Sampler`] for levels that do not fit the batch; [`Error::Network`] for images of another size;
    /// [`Error::BetweenTimes`].
    pub fn log_probabilities(&self, x: &Tensor, at: Levels<'_>) -> Result<Tensor, Error> {
        self.log_probabilities_in(self.pass(), x, at, 0)
    }

    /// The same, computed in a given pass, for a batch whose first example has the number `first`.
    ///
    /// # Errors
    /// Those of [`Classifier::log_probabilities`].
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

    /// How many classes it knows.
    pub fn n_classes(&self) -> i64 {
        self.network().accepts().outputs
    }

    /// The network with its process, its data and its classes.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// The same, to be trained.
    pub fn backbone_mut(&mut self) -> &mut Backbone {
        &mut self.backbone
    }
}
