//! The trait [`Learner`], through which the training loop uses a model.

mod classifier;
mod denoiser;

use crate::{Error, Importance, Objective, TrainingConfig};
use std::ops::Range;
use std::sync::Arc;
use tch::Tensor;
use tweedie_data::Batch;
use tweedie_models::{Backbone, Snapshot};
use tweedie_networks::{Pass, Registry};

/// A function that makes a learner's batch from examples, called on the loader's threads.
pub type Preparation<B> = Arc<dyn Fn(Batch) -> Result<B, Error> + Send + Sync>;

/// A model that can be trained, with its own type of batch.
pub trait Learner: std::fmt::Debug + Send + Sized {
    /// The data of one update: plain numbers, prepared on the loader's threads.
    type Batch: Send + Sync + 'static;

    /// The state of training beside weights and averages. It is stored in checkpoints and restored when a run resumes.
    type State: LearnerState;

    /// The network with its process, data description and classes.
    fn backbone(&self) -> &Backbone;

    /// The network with its process, data description and classes, for changes.
    fn backbone_mut(&mut self) -> &mut Backbone;

    /// Checks that the learner can be trained with a configuration.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of a value that does not fit the learner.
    fn check(&self, config: &TrainingConfig) -> Result<(), Error>;

    /// The state at the start of training.
    fn state(&self, config: &TrainingConfig) -> Self::State;

    /// The function that makes the learner's batches.
    fn preparation(&self, config: &TrainingConfig) -> Preparation<Self::Batch>;

    /// The number of examples in a batch.
    fn n_examples(batch: &Self::Batch) -> usize;

    /// The losses of the examples `part` of a batch.
    ///
    /// # Errors
    /// Errors returned by the network; an error for a batch that does not fit the model.
    fn examine(
        &self,
        batch: &Self::Batch,
        part: Range<usize>,
        state: &Self::State,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error>;

    /// The losses of held-out examples at given trained times, 1 ..= T, with noise that does not depend on the progress of training.
    ///
    /// # Errors
    /// The errors of [`Learner::examine`].
    fn examine_held_out(
        &self,
        examples: &Batch,
        times: &[usize],
        config: &TrainingConfig,
    ) -> Result<Examination, Error>;

    /// Updates the state with the losses of a step, after the weights were updated. By default it does nothing.
    fn remember(&self, _state: &mut Self::State, _seen: &[Seen]) {}

    /// A copy with a network of its own that shares the parameters, so that both can compute at the same time in different threads. `None`
    /// if the learner has none, which is the default.
    ///
    /// # Errors
    /// [`Error::Model`] if the registry does not have the class of the network.
    fn replica(&self, _registry: &Registry) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    /// A copy of the model in memory, as the files of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Model`] if the copy cannot be made.
    fn snapshot(&self) -> Result<Snapshot, Error>;
}

/// The loss of one example in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The trained time of the example's level; `None` for a level between the T trained ones.
    pub time: Option<usize>,
    /// The loss before the example's weight is applied.
    pub loss: f64,
}

/// The losses of some examples.
#[derive(Debug)]
pub struct Examination {
    /// The losses before the weights are applied, (N).
    pub losses: Tensor,
    /// The weight of each example, which corrects for the probability with which its level was drawn.
    pub weights: Vec<f64>,
    /// The trained time of each example's level; `None` for a level between the T trained ones.
    pub times: Vec<Option<usize>>,
    /// For a classifier, whether the most probable class of each example is its label, (N) booleans.
    pub right: Option<Tensor>,
}

/// The state of a learner between steps, as named arrays.
pub trait LearnerState: std::fmt::Debug + Sync {
    /// The names and values, which are stored in checkpoints.
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])>;
}

/// A learner without state.
impl LearnerState for () {
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        Vec::new()
    }
}

/// The losses of importance sampling, if levels are drawn by importance.
impl LearnerState for Option<Importance> {
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        self.iter_mut().map(|importance| ("level_losses", importance.losses_mut())).collect()
    }
}

/// The use that a learner makes of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// Labels are not used.
    Unused,
    /// The network is conditioned on labels. A share of them is replaced by the row for "no class", if the network has one.
    Condition {
        /// The row of the class table for "no class".
        null_class: Option<i64>,
    },
    /// Labels are the target of the training. Each example needs a label below `n_classes`.
    Target {
        /// The number of classes.
        n_classes: i64,
    },
}
