//! What can be wrong with a model or its folder.

use crate::Kind;
use crate::sampling::{Sampler, SamplingError};
use std::path::PathBuf;
use tweedie_math::DataShape;

/// What can be wrong with a model or its folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Files of the checkpoint's weights.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// Files and folders of the checkpoint.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// The network's configuration or input.
    #[error(transparent)]
    Network(#[from] tweedie_networks::Error),
    /// Processes, levels, parameterizations.
    #[error(transparent)]
    Math(#[from] tweedie_math::Error),
    /// Sampling.
    #[error(transparent)]
    Sampler(#[from] tweedie_samplers::Error),
    /// A sampling configuration that does not fit the model.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// A folder that is not a checkpoint.
    #[error("{} is not a checkpoint: {reason}", path.display())]
    NotACheckpoint {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A folder with a network whose process is not known.
    #[error("{} holds a network without its process: there is no tweedie.json and no scheduler_config.json", path.display())]
    NoProcess {
        /// The folder.
        path: PathBuf,
    },
    /// A process chosen for a folder that declares its own.
    #[error("{} declares the model's process; a schedule or a prediction is given only for a folder without one", path.display())]
    Declared {
        /// The declaration.
        path: PathBuf,
    },
    /// A variant of the weights that is not there, or several of which none was chosen.
    #[error(
        "{} holds {}; its variants are: {found}",
        path.display(),
        wanted.as_ref().map_or("several variants of the weights, and none was chosen".into(), |wanted| format!("no variant `{wanted}` of the weights"))
    )]
    Variant {
        /// The component's folder.
        path: PathBuf,
        /// The variant that was requested.
        wanted: Option<String>,
        /// The variants that are there.
        found: String,
    },
    /// A pipeline whose images are more than what its network predicts.
    #[error(
        "{} is a pipeline that {does} `{part}`, which is not implemented: the network's samples alone would not be its images",
        path.display()
    )]
    Pipeline {
        /// The folder.
        path: PathBuf,
        /// What the pipeline does with the part.
        does: &'static str,
        /// The part's name in `model_index.json`.
        part: String,
    },
    /// A folder that holds another kind of model.
    #[error("{} holds {found}; {wanted} is needed here", path.display())]
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
        /// What is wrong.
        reason: String,
    },
    /// A network whose channels do not fit the data.
    #[error(
        "the network has {outputs} output channels and {inputs} input channels; data of {data} channels with the variance \"{variance}\" need {} output channels and at least {data} input channels",
        if *variance == "none" { *data } else { 2 * *data }
    )]
    Outputs {
        /// The network's output channels.
        outputs: i64,
        /// The network's input channels.
        inputs: i64,
        /// The channels of the data.
        data: i64,
        /// The variance that the network is to predict.
        variance: &'static str,
    },
    /// A condition encoder whose vector the network does not take.
    #[error(
        "the condition encoder gives vectors of {width} numbers, and the network takes {}",
        takes.map_or("no vector".into(), |takes| format!("vectors of {takes}"))
    )]
    Encoder {
        /// The encoder's width.
        width: i64,
        /// The width that the network takes.
        takes: Option<i64>,
    },
    /// Classes and names of another number.
    #[error(
        "the classifier's network has {classes} classes, and {names} names are given; each class needs a name"
    )]
    ClassNames {
        /// The network's classes.
        classes: i64,
        /// The names given.
        names: usize,
    },
    /// A class that a model does not know.
    #[error("class {class} is outside 0 … {}{}", n_classes - 1, listed(names))]
    Class {
        /// The class asked for.
        class: i64,
        /// How many classes there are.
        n_classes: i64,
        /// Their names.
        names: Vec<String>,
    },
    /// A guide without a class.
    #[error("a classifier's guide needs a class for the batch or one per example")]
    NoClass,
    /// Data of another shape than the model's.
    #[error("the data have the shape {found}, and the model was made for {expected}")]
    Shape {
        /// The data's shape.
        found: DataShape,
        /// The model's.
        expected: DataShape,
    },
    /// A level at which a network with a learned time table is undefined.
    #[error(
        "this network has a learned time table and is undefined between its trained levels; time {time:.3} is between them"
    )]
    BetweenTimes {
        /// The level's time.
        time: f64,
    },
    /// A sampler that accepts steps by an energy.
    #[error(
        "`{sampler}` accepts a step by the ratio of two densities, and a denoiser gives the score alone, which determines no ratio; `langevin` is the unadjusted form"
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

/// The errors that samplers have variants for keep them.
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
