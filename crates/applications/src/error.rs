//! What can prevent an application from doing its work.

use std::path::PathBuf;
use tweedie_math::DataShape;
use tweedie_models::Kind;

/// What can prevent an application from doing its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Data sets.
    #[error(transparent)]
    Data(#[from] tweedie_data::Error),
    /// Models and their folders.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// Training.
    #[error(transparent)]
    Training(#[from] tweedie_training::Error),
    /// Evaluation.
    #[error(transparent)]
    Evaluation(#[from] tweedie_evaluation::Error),
    /// Images, plots and pages.
    #[error(transparent)]
    Report(#[from] tweedie_report::Error),
    /// Files that appear whole or not at all.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// Files of tensors.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// Devices, precision and LibTorch.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// A configuration that cannot be read, with the place of the mistake.
    #[error("in {from}: {reason}")]
    Config {
        /// The file or the preset.
        from: String,
        /// The key, what was found and what is allowed.
        reason: String,
    },
    /// A configuration that contradicts its data or itself.
    #[error("{key} is {found}; {allowed}")]
    Setting {
        /// The key in the configuration.
        key: &'static str,
        /// What was found.
        found: String,
        /// What is allowed, as a sentence's end.
        allowed: String,
    },
    /// A text that is no schedule or prediction.
    #[error("there is no {what} `{found}`: {allowed}")]
    Name {
        /// What the text was to name.
        what: &'static str,
        /// What was found.
        found: String,
        /// What is allowed, as a sentence's end.
        allowed: String,
    },
    /// A network that is conditioned on a vector, in a folder without an encoder that makes one.
    #[error(
        "the network is conditioned on a vector of {width} numbers, and the folder holds no encoder that makes one of a class or anything else: a program can pass the vector, these commands cannot"
    )]
    NeedsVector {
        /// The vector's width.
        width: i64,
    },
    /// A configuration without the place of its data.
    #[error("data.path is missing: the data of {data} are read from files")]
    NoPath {
        /// The preset, or what the data are.
        data: String,
    },
    /// A preset that does not exist.
    #[error("there is no preset `{found}`; the nearest is `{nearest}` (the presets are {known})")]
    Preset {
        /// The name that was found.
        found: String,
        /// The most similar name.
        nearest: String,
        /// Every name.
        known: String,
    },
    /// An option outside its range.
    #[error("{option} is {found}; it must be {allowed}")]
    Option {
        /// The option.
        option: &'static str,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A class that the model does not know.
    #[error("there is no class `{found}`{}", listed(names))]
    UnknownClass {
        /// The class that was asked for.
        found: String,
        /// The names of the classes.
        names: Vec<String>,
    },
    /// A class is needed and none was chosen.
    #[error("a class is needed: one of 0 … {}{}, or all", n_classes - 1, listed(names))]
    ClassNeeded {
        /// How many classes there are.
        n_classes: i64,
        /// Their names.
        names: Vec<String>,
    },
    /// A class for a model without classes.
    #[error("this model is unconditional and takes no class")]
    Unconditional,
    /// No class for a model that always needs one.
    #[error("this model was not trained to draw without a class")]
    NoNullClass,
    /// Classifier-free guidance of a model that cannot be guided so.
    #[error(
        "classifier-free guidance needs a model that draws with a class and without one (model.conditional and training.label_dropout), and this model does not; a weaker model can guide it, too"
    )]
    NotGuidable,
    /// Classifier-free guidance without a class.
    #[error("classifier-free guidance leads towards a class: choose one, or all")]
    GuidanceWithoutClass,
    /// An optimal variance under guidance.
    #[error("the optimal variance is that of the model alone; with guidance choose another variance")]
    GuidedOptimalVariance,
    /// Another model that does not fit.
    #[error("{what} {}: {reason}", path.display())]
    Unfit {
        /// The other model's part.
        what: &'static str,
        /// Its folder.
        path: PathBuf,
        /// How it differs.
        reason: String,
    },
    /// A sampler that draws noise where the start alone must determine the sample.
    #[error(
        "{what} needs a sampler that draws no noise on the way, and {sampler} with these options does; ddim with eta 0, dpmpp_2m and unipc do not"
    )]
    Stochastic {
        /// What needs it.
        what: &'static str,
        /// The sampler.
        sampler: String,
    },
    /// Samples that are not finite numbers.
    #[error("the samples are not finite numbers: is the checkpoint whole, and does the precision suit it?")]
    NotFinite,
    /// A model whose examples have no fixed size.
    #[error("the checkpoint does not fix the size of its images; choose one")]
    NoSize,
    /// Data of another shape than the model's.
    #[error("{what} have the shape {found}, and the model was made for {expected}")]
    Shape {
        /// The data.
        what: String,
        /// Their shape.
        found: DataShape,
        /// The model's.
        expected: DataShape,
    },
    /// Images where a model of arrays or points is used, or the other way round.
    #[error("{what} hold {found}, and the model was made for {expected}")]
    Units {
        /// The data.
        what: String,
        /// What they hold.
        found: &'static str,
        /// What the model was made for.
        expected: &'static str,
    },
    /// Something that only images allow.
    #[error("{what} needs images, and the data are of shape {found}")]
    NotImages {
        /// What was asked for.
        what: &'static str,
        /// The shape.
        found: DataShape,
    },
    /// A folder that is in no run.
    #[error("{} is in no run, so the data to compare with are not known; choose a preset or a configuration", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// A run that held no examples out.
    #[error(
        "the run held no examples out, so those that it was trained on would be judged; choose other data"
    )]
    NothingHeldOut,
    /// A set with too few examples.
    #[error("{set} has {available} examples, and {needed} are needed{}", if *needed_twice { " (as many again measure the optimal variance or the floor)" } else { "" })]
    TooFew {
        /// The set.
        set: String,
        /// How many there are.
        available: u64,
        /// How many are needed.
        needed: u64,
        /// Whether half of them serve as a second group.
        needed_twice: bool,
    },
    /// A run that changes what it may not change.
    #[error(
        "a resumed run keeps its data, [network], [model], training.seed and training.objective.kind; only the rest of training.… and sampling.… may change"
    )]
    Resumed,
    /// A folder that is no run.
    #[error("{} is no run: it holds no {file}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The missing file.
        file: &'static str,
    },
    /// A model of another kind.
    #[error("{} holds {found}, and {needed} is needed", path.display())]
    Kind {
        /// The folder.
        path: PathBuf,
        /// The kind that was found.
        found: Kind,
        /// The kind that is needed.
        needed: Kind,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file with other content than is needed.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}

impl From<tweedie_samplers::Error> for Error {
    fn from(error: tweedie_samplers::Error) -> Self {
        Self::Model(error.into())
    }
}

impl From<tweedie_networks::Error> for Error {
    fn from(error: tweedie_networks::Error) -> Self {
        Self::Model(error.into())
    }
}

impl From<tweedie_math::Error> for Error {
    fn from(error: tweedie_math::Error) -> Self {
        Self::Model(error.into())
    }
}

impl From<tweedie_models::sampling::SamplingError> for Error {
    fn from(error: tweedie_models::sampling::SamplingError) -> Self {
        Self::Model(error.into())
    }
}
