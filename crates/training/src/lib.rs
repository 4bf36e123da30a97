//! Training: the loop reads as the algorithm.
//!
//! A [`Learner`] is what is trained. [`Trainer::step`] is one step: evaluate the network on noised examples, weigh the error,
//! differentiate, clip, update, average. [`train`] repeats it, writes the [`Run`]'s folder and reports to a
//! [`Progress`](tweedie_report::Progress). Clocks count images seen. Every random number is keyed by (seed, image number): a run depends
//! neither on the device nor on where it was interrupted.

mod adamw;
mod batch;
mod checkpoint;
mod config;
mod ema;
mod flat;
mod held_out;
mod importance;
mod learner;
mod levels;
mod loop_memory;
mod objective;
mod rate;
mod run;
mod train;
mod trainer;

pub use adamw::AdamW;
pub use batch::{NoisedBatch, Noising, TrainingBatch, noise_for, noise_tensor};
pub use checkpoint::{Environment, Keep, ResumeState, load_raw_weights};
pub use config::{
    LevelSampling, Loss, Objective, ObjectiveKind, OptimizerConfig, PosthocEma, RateDecay, ReportConfig,
    TrainingConfig,
};
pub use ema::{Ema, OwnWeights};
pub use flat::FlatParameters;
pub use importance::Importance;
pub use learner::{Examination, Labels, Learner, LearnerState, Preparation, Seen};
pub use levels::{DrawnLevel, draw_levels};
pub use loop_memory::{LoopMemory, Sums, Watch};
pub use objective::{example_losses, loss};
pub use rate::rate_at;
pub use run::{
    Accuracy, CONFIG, Clock, HeldOut, HeldOutBin, Resumed, Run, State, Tick, average_of_width,
    checkpoints_in, read_metrics, run_state,
};
pub use train::{Ending, Preview, TrainingData, train};
pub use trainer::{StepReport, Trainer};

/// Why training stopped, or could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration that describes no training.
    #[error("training configuration: {key} is {found}; it must be {allowed}")]
    Config {
        /// The key.
        key: &'static str,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// The loss is no number, or has exploded.
    #[error("the loss became {loss} at step {step} ({images} images): {advice}")]
    Diverged {
        /// The step.
        step: u64,
        /// Images seen that moved the weights.
        images: u64,
        /// The loss.
        loss: f64,
        /// What to do, and which checkpoint is left.
        advice: String,
    },
    /// The model.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// The data.
    #[error(transparent)]
    Data(#[from] tweedie_data::Error),
    /// Levels and weights.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// Files of tensors.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// Files of the run.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// A sheet that could not be drawn.
    #[error("{0}")]
    Preview(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A level between the trained ones, in a loss that needs a trained one.
    #[error(
        "the variational bound needs the levels of a discrete process, and a level between them was drawn"
    )]
    Untrained,
    /// Images of the run.
    #[error(transparent)]
    Report(#[from] tweedie_report::Error),
    /// Arrays or points, for a model that has no mean and scale for them.
    #[error("the data are arrays or points, and the model has no standardization for them")]
    Arrays,
    /// Examples without classes, for a learner of classes.
    #[error("the data have no classes, and a classifier learns from labelled examples alone")]
    Unlabelled,
    /// A label beyond a classifier's classes.
    #[error("an example has the label {label}; the classifier's classes are 0 … {}", n_classes - 1)]
    Label {
        /// The label.
        label: u32,
        /// How many classes there are.
        n_classes: i64,
    },
    /// A folder that is no run.
    #[error("{} is no run: {reason}", path.display())]
    NoRun {
        /// The folder.
        path: std::path::PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A run that another process trains.
    #[error("the run {} is being trained by {owner}; a run has one owner at a time", run.display())]
    Owned {
        /// The run.
        run: std::path::PathBuf,
        /// Who holds it.
        owner: String,
    },
    /// A run without stored averages.
    #[error(
        "the run {} stored no averages: train with training.posthoc_ema.std = [0.05, 0.1] to choose their length afterwards",
        run.display()
    )]
    NoAverages {
        /// The run.
        run: std::path::PathBuf,
    },
    /// A checkpoint from which training cannot go on.
    #[error("training cannot go on from {}: {reason}", path.display())]
    Resume {
        /// The checkpoint.
        path: std::path::PathBuf,
        /// Why not.
        reason: String,
    },
    /// The run's folder.
    #[error("the run's folder: {action} {}: {source}", path.display())]
    Run {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: std::path::PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}

impl From<tweedie_networks::Error> for Error {
    fn from(error: tweedie_networks::Error) -> Self {
        Self::Model(error.into())
    }
}
