//! What is trained. The loop knows a learner by this trait alone.

mod classifier;
mod denoiser;

use crate::{Error, Importance, Objective, TrainingConfig};
use std::ops::Range;
use std::sync::Arc;
use tch::Tensor;
use tweedie_data::Batch;
use tweedie_models::{Backbone, Snapshot};
use tweedie_networks::Pass;

/// Makes a learner's batch of examples, on the loader's threads.
pub type Preparation<B> = Arc<dyn Fn(Batch) -> Result<B, Error> + Send + Sync>;

/// A model that learns from batches of its own type.
pub trait Learner: std::fmt::Debug {
    /// What one update learns from: plain numbers, prepared on the loader's threads.
    type Batch: Send + 'static;

    /// What training remembers of this learner beside weights and averages; a resumed run restores it.
    type State: LearnerState;

    /// The network with its process, its data and its classes.
    fn backbone(&self) -> &Backbone;

    /// The same, to be trained.
    fn backbone_mut(&mut self) -> &mut Backbone;

    /// Fails, naming the key, unless it can learn as configured.
    ///
    /// # Errors
    /// [`Error::Config`].
    fn check(&self, config: &TrainingConfig) -> Result<(), Error>;

    /// The state at the start of a training.
    fn state(&self, config: &TrainingConfig) -> Self::State;

    /// The function that makes its batches.
    fn preparation(&self, config: &TrainingConfig) -> Preparation<Self::Batch>;

    /// How many examples a batch holds.
    fn n_examples(batch: &Self::Batch) -> usize;

    /// The losses of some examples of a batch.
    ///
    /// # Errors
    /// What the network reports; a batch that does not fit the model.
    fn examine(
        &self,
        batch: &Self::Batch,
        part: Range<usize>,
        state: &Self::State,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error>;

    /// The losses of held-out examples at given trained times, 1 ..= T, with noise that does not depend on the training.
    ///
    /// # Errors
    /// Those of [`Learner::examine`].
    fn examine_held_out(
        &self,
        examples: &Batch,
        times: &[usize],
        config: &TrainingConfig,
    ) -> Result<Examination, Error>;

    /// Changes the state by what a step found, after the weights were updated.
    fn remember(&self, _state: &mut Self::State, _seen: &[Seen]) {}

    /// The checkpoint's folder in memory.
    ///
    /// # Errors
    /// Memory.
    fn snapshot(&self) -> Result<Snapshot, Error>;
}

/// What one step found of one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The trained time of its level, where the level is one of the T.
    pub time: Option<usize>,
    /// The loss before any weight.
    pub loss: f64,
}

/// The losses of some examples.
#[derive(Debug)]
pub struct Examination {
    /// (N), before the weights.
    pub losses: Tensor,
    /// One per example: the weight that makes up for how its level was drawn.
    pub weights: Vec<f64>,
    /// The trained time of each example's level, where it is one of the T.
    pub times: Vec<Option<usize>>,
    /// (N) truth values, of a classifier: whether the likeliest class is the example's.
    pub right: Option<Tensor>,
}

/// What a learner remembers between steps, as arrays with names.
pub trait LearnerState: std::fmt::Debug {
    /// Names and values; a checkpoint holds them.
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])>;
}

/// Nothing is remembered.
impl LearnerState for () {
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        Vec::new()
    }
}

/// The losses of importance sampling, where levels are drawn so.
impl LearnerState for Option<Importance> {
    fn arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        self.iter_mut().map(|importance| ("level_losses", importance.losses_mut())).collect()
    }
}

/// What a learner does with labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// Nothing.
    Unused,
    /// The network is conditioned on them. Some are replaced by the row that means no class, where there is one.
    Condition {
        /// That row.
        null_class: Option<i64>,
    },
    /// They are what is learned: each example needs one, below this number.
    Target {
        /// How many classes there are.
        n_classes: i64,
    },
}
