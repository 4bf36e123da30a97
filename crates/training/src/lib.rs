//! Training of denoisers, classifiers and other learners.
//!
//! A [`Learner`] is a model that can be trained. [`Trainer::step`] makes one step: it evaluates the network on noised examples, weights the
//! error, differentiates, clips the gradient, and updates the weights and their averages. [`train`] repeats steps, writes the folder of a
//! [`Run`] and reports to a [`Progress`](tweedie_report::Progress). Schedules and intervals are measured in images seen. Every random
//! number is keyed by (seed, image number), so it depends neither on the device nor on interruptions of the run.

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
mod mode;
mod objective;
mod rate;
mod replicas;
mod run;
mod train;
mod trainer;

pub use adamw::AdamW;
pub use batch::{NoisedBatch, Noising, TrainingBatch, noise_for, noise_tensor};
pub use checkpoint::{Environment, Keep, ResumeState, load_raw_weights};
pub use config::{
    Layout, LevelSampling, Loss, Objective, ObjectiveKind, OptimizerConfig, PosthocEma, RateDecay, Replicas,
    ReportConfig, TrainingConfig,
};
pub use ema::{Ema, OwnWeights};
pub use flat::FlatParameters;
pub use importance::Importance;
pub use learner::{Examination, Labels, Learner, LearnerState, Preparation, Seen};
pub use levels::{DrawnLevel, draw_levels};
pub use loop_memory::{LoopMemory, Sums, Watch};
pub use mode::Mode;
pub use objective::{example_losses, loss};
pub use rate::rate_at;
pub use run::{
    Accuracy, CONFIG, Clock, ComputedAverage, HeldOut, HeldOutBin, LogState, MetricsLog, Resumed, Run, State,
    Tick, average_of_width, checkpoint_at, checkpoints_in, read_metrics, run_of, run_state,
};
pub use train::{Ending, Preview, TrainingData, train};
pub use trainer::{StepReport, Trainer};

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A replica of the learner failed.
    #[error("a replica of the network failed: {0}")]
    Replica(String),
    /// A value of the configuration is not allowed.
    #[error("training configuration: {key} is {found}; it must be {allowed}")]
    Config {
        /// The key.
        key: &'static str,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// The loss is not finite, or has exploded.
    #[error("the loss became {loss} at step {step} ({images} images): {advice}")]
    Diverged {
        /// The step.
        step: u64,
        /// The number of images by which the weights were updated.
        images: u64,
        /// The loss.
        loss: f64,
        /// The problem, the last good checkpoint and a possible remedy.
        advice: String,
    },
    /// An error of the model.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// An error of the data.
    #[error(transparent)]
    Data(#[from] tweedie_data::Error),
    /// An error in computing levels or weights.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// An error of LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// An error in reading or writing a file of tensors.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// An error in writing a file of the run.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// A sheet of samples could not be drawn.
    #[error("{0}")]
    Preview(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A level between the trained ones was used with a loss that needs a trained one.
    #[error(
        "an example has a level between the trained ones; the variational bound is defined only at the trained levels"
    )]
    Untrained,
    /// An error in writing an image or a plot of the run.
    #[error(transparent)]
    Report(#[from] tweedie_report::Error),
    /// The data are arrays or points, but the model has no mean and scale for them.
    #[error("the data are arrays or points, but the model has no standardization for them")]
    Arrays,
    /// The examples have no classes, but the learner needs them.
    #[error("the data have no classes; a classifier needs labelled examples")]
    Unlabelled,
    /// A label is not one of the classifier's classes.
    #[error("an example has the label {label}; the classifier's classes are 0 … {}", n_classes - 1)]
    Label {
        /// The label.
        label: u32,
        /// The number of classes.
        n_classes: i64,
    },
    /// A folder is not a run.
    #[error("{} is not a run: {reason}", path.display())]
    NoRun {
        /// The folder.
        path: std::path::PathBuf,
        /// The reason.
        reason: String,
    },
    /// Another process trains the run.
    #[error("the run {} is being trained by {owner}; only one process at a time can train a run", run.display())]
    Owned {
        /// The run.
        run: std::path::PathBuf,
        /// The process that trains it.
        owner: String,
    },
    /// The folder of a run was moved, removed or replaced during its training.
    #[error("the folder of the run {} was moved, removed or replaced during the training; nothing more is written", run.display())]
    Moved {
        /// The run.
        run: std::path::PathBuf,
    },
    /// The run has no checkpoint of this number of images.
    #[error("the run {} has no checkpoint after {images} images; it has {}", run.display(), list(found))]
    NoCheckpoint {
        /// The run.
        run: std::path::PathBuf,
        /// The requested number of images.
        images: u64,
        /// The numbers of images of its checkpoints.
        found: Vec<u64>,
    },
    /// The run has no stored averages.
    #[error(
        "the run {} has no stored averages; training stores them if training.posthoc_ema.std is set, for example to [0.05, 0.1]",
        run.display()
    )]
    NoAverages {
        /// The run.
        run: std::path::PathBuf,
    },
    /// The stored averages do not carry the width of a requested one.
    #[error(
        "an average of the relative width {std} cannot be computed from the stored ones: the residual of its weight profile is {residual:.3}, and at most {} is allowed; the stored averages carry the widths {carried}",
        tweedie_math::power_average::MOST_RESIDUAL
    )]
    Width {
        /// The requested width.
        std: f64,
        /// The relative residual of the weight profile.
        residual: f64,
        /// The ranges of widths that the stored averages carry.
        carried: String,
    },
    /// Training cannot resume from a checkpoint.
    #[error("training cannot resume from {}: {reason}", path.display())]
    Resume {
        /// The checkpoint.
        path: std::path::PathBuf,
        /// The reason.
        reason: String,
    },
    /// A file or folder of the run cannot be read or written.
    #[error("run folder: {action} {}: {source}", path.display())]
    Run {
        /// The failed action, such as `cannot read`.
        action: &'static str,
        /// The file or folder.
        path: std::path::PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Numbers in words.
fn list(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    if texts.is_empty() { "none".into() } else { texts.join(", ") }
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
