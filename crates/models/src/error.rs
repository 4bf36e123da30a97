//! The errors of this crate.

use crate::Kind;
use crate::sampling::{Sampler, SamplingError};
use std::path::PathBuf;
use tweedie_math::DataShape;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of a file of weights.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// An error of a file or folder of the checkpoint.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// An error of the configuration or the input of the network.
    #[error(transparent)]
    Network(#[from] tweedie_networks::Error),
    /// An error of a process, a level or a parameterization.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// An error of sampling.
    #[error(transparent)]
    Sampler(#[from] tweedie_samplers::Error),
    /// A sampling configuration that does not fit the model.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// An error of LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// A replica of a network failed.
    #[error("a replica of the network failed: {0}")]
    Replica(String),
    /// A folder that is not a checkpoint.
    #[error("{} is not a checkpoint: {reason}", path.display())]
    NotACheckpoint {
        /// The folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A file of a model differs from its checksum, or is missing.
    #[error(
        "{source}; a file that was changed on purpose is used after the key `checksums` is removed from {}",
        declaration.display()
    )]
    Checksum {
        /// The file and the problem.
        source: tweedie_files::Error,
        /// The `tweedie.json` with the checksum.
        declaration: PathBuf,
    },
    /// The newest checkpoint of a run is damaged.
    #[error("{source}; the next older checkpoint is {}", older.display())]
    Newest {
        /// The problem.
        source: Box<Error>,
        /// The next older checkpoint.
        older: PathBuf,
    },
    /// A folder with a network but without a description of its process.
    #[error("{} contains a network without a process: it has neither tweedie.json nor scheduler/scheduler_config.json", path.display())]
    NoProcess {
        /// The folder.
        path: PathBuf,
    },
    /// A process given for a folder that declares its own.
    #[error("{} declares the process of the model; a schedule or a prediction can be given only for a folder without this file", path.display())]
    Declared {
        /// The declaration.
        path: PathBuf,
    },
    /// A variant of the weights that does not exist, or several variants without a choice.
    #[error(
        "{} contains {}; its variants are: {found}",
        path.display(),
        wanted.as_ref().map_or("several variants of the weights, but none was chosen".into(), |wanted| format!("no variant `{wanted}` of the weights"))
    )]
    Variant {
        /// The folder of the component.
        path: PathBuf,
        /// The variant that was requested.
        wanted: Option<String>,
        /// The existing variants.
        found: String,
    },
    /// A pipeline whose images are not the samples of its network.
    #[error(
        "{} is a pipeline that {does} `{part}`, which is not implemented; the samples of its network are not its images",
        path.display()
    )]
    Pipeline {
        /// The folder.
        path: PathBuf,
        /// The use of the part in the pipeline.
        does: &'static str,
        /// The name of the part in `model_index.json`.
        part: String,
    },
    /// A folder with another kind of model.
    #[error("{} contains {found}, but {wanted} is needed", path.display())]
    OtherKind {
        /// The folder.
        path: PathBuf,
        /// The kind that was found.
        found: Kind,
        /// The kind that is needed.
        wanted: Kind,
    },
    /// A configuration file that cannot be read, or a value that is not implemented.
    #[error("{}: {reason}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A network whose channels do not fit the data.
    #[error(
        "the network has {outputs} output channels and {inputs} input channels; data of {data} channels with the variance \"{variance}\" need {} output channels and at least {data} input channels",
        if *variance == "none" { *data } else { 2 * *data }
    )]
    Outputs {
        /// The number of output channels of the network.
        outputs: i64,
        /// The number of input channels of the network.
        inputs: i64,
        /// The number of channels of the data.
        data: i64,
        /// The name of the variance prediction.
        variance: &'static str,
    },
    /// A condition encoder whose vectors the network does not take.
    #[error(
        "the condition encoder computes vectors of {width} numbers, but the network takes {}",
        takes.map_or("no vector".into(), |takes| format!("vectors of {takes}"))
    )]
    Encoder {
        /// The width of the encoder's vectors.
        width: i64,
        /// The width that the network takes, if it takes vectors.
        takes: Option<i64>,
    },
    /// Numbers of classes and class names that differ.
    #[error(
        "the classifier's network has {classes} classes, but {names} names were given; each class needs a name"
    )]
    ClassNames {
        /// The number of classes of the network.
        classes: i64,
        /// The number of names.
        names: usize,
    },
    /// A class that does not exist.
    #[error("class {class} is outside 0 … {}{}", n_classes - 1, listed(names))]
    Class {
        /// The requested class.
        class: i64,
        /// The number of classes.
        n_classes: i64,
        /// The names of the classes.
        names: Vec<String>,
    },
    /// A classifier guide without a class.
    #[error("classifier guidance needs one class for the batch or one per example")]
    NoClass,
    /// Data whose shape differs from the model's.
    #[error("the data have the shape {found}; the model needs {expected}")]
    Shape {
        /// The shape of the data.
        found: DataShape,
        /// The shape that the model needs.
        expected: DataShape,
    },
    /// A level between the trained ones, for a network with a learned time table.
    #[error(
        "time {time:.3} is between trained levels; a network with a learned time table is defined only at its trained levels"
    )]
    BetweenTimes {
        /// The time of the level.
        time: f64,
    },
    /// A sampler that needs an energy to accept steps.
    #[error(
        "`{sampler}` accepts a step by the ratio of two densities, which the score of a denoiser does not determine; `langevin` is the unadjusted form"
    )]
    NeedsEnergy {
        /// The sampler.
        sampler: Sampler,
    },
    /// A network whose output does not depend on x.
    #[error("the network's output does not depend on x, so it has no gradient")]
    NoGradient,
}

/// At most this many names are listed in a message.
const LISTED: usize = 12;

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(LISTED)].join(", ");
    match names.len() {
        0 => String::new(),
        1..=LISTED => format!(" ({shown})"),
        n => format!(" ({shown} and {} more)", n - LISTED),
    }
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}

/// Uses the variant of [`tweedie_samplers::Error`] for errors that have one there.
impl From<Error> for tweedie_samplers::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Sampler(error) => error,
            Error::Math(error) => Self::Math(error),
            Error::Torch(error) => Self::Tensor(error.into()),
            other => Self::other(other),
        }
    }
}
