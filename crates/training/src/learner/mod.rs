//! What is trained: a denoiser or a classifier of noisy pictures. The loop knows neither; it knows this.

mod classifier;
mod denoiser;

use crate::{Error, Objective, TrainingBatch, TrainingConfig};
use tch::Tensor;
use tweedie_math::DiscreteProcess;
use tweedie_models::{DataRange, Model, Snapshot, Standardization, TrainingSummary};
use tweedie_networks::{Parameters, Pass};

/// A model that learns from noisy pictures.
pub trait Learner: std::fmt::Debug {
    /// Its weights, in the order of construction.
    fn parameters(&self) -> &Parameters;

    /// The share of features that its network drops in training.
    fn dropout(&self) -> f64;

    /// The process whose levels it learns.
    fn process(&self) -> &dyn DiscreteProcess;

    /// How its network computes when it does not learn.
    fn pass(&self) -> Pass;

    /// How its network computes when it does not learn.
    fn set_pass(&mut self, pass: Pass);

    /// The range that u8 pictures are mapped to, and how arrays become what it sees, where it sees arrays.
    fn clean_data(&self) -> (DataRange, Option<&Standardization>);

    /// Names of the classes that it knows.
    fn class_names(&self) -> &[String];

    /// What it does with labels.
    fn labels(&self) -> Labels;

    /// Fails, naming the key, unless it can learn so.
    ///
    /// # Errors
    /// [`Error::Config`].
    fn check(&self, config: &TrainingConfig) -> Result<(), Error>;

    /// How well it does on each example of a batch.
    ///
    /// # Errors
    /// What the network reports.
    fn examine(
        &self,
        batch: &TrainingBatch,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error>;

    /// Tells it how it came to be.
    fn set_summary(&mut self, summary: TrainingSummary);

    /// Its checkpoint's folder in memory.
    ///
    /// # Errors
    /// Memory.
    fn snapshot(&self) -> Result<Snapshot, Error>;

    /// What draws pictures for sheets; a classifier draws none.
    fn denoiser(&self) -> Option<&Model> {
        None
    }
}

/// What a learner does with labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// Nothing.
    Unused,
    /// It is told them; some are replaced by the row that means no class, where there is one.
    Told {
        /// That row.
        null_class: Option<i64>,
    },
    /// It is asked for them: each must be there, and below this number.
    Asked {
        /// How many classes there are.
        n_classes: i64,
    },
}

/// How well each example of a batch was done.
#[derive(Debug)]
pub struct Examination {
    /// (N), before the weight of how the example's level was drawn.
    pub losses: Tensor,
    /// (N) truth values, of a classifier: whether the class it thinks likeliest is the example's.
    pub right: Option<Tensor>,
}
