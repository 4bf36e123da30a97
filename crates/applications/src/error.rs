//! The errors of this crate.

use std::path::PathBuf;
use tweedie_data::short_list;
use tweedie_math::DataShape;
use tweedie_models::Kind;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of a data set.
    #[error(transparent)]
    Data(#[from] tweedie_data::Error),
    /// An error of a model or its folder.
    #[error(transparent)]
    Model(#[from] tweedie_models::Error),
    /// An error of training.
    #[error(transparent)]
    Training(#[from] tweedie_training::Error),
    /// An error of evaluation.
    #[error(transparent)]
    Evaluation(#[from] tweedie_evaluation::Error),
    /// An error of an image, a plot or a page.
    #[error(transparent)]
    Report(#[from] tweedie_report::Error),
    /// An error of writing a file atomically.
    #[error(transparent)]
    Files(#[from] tweedie_files::Error),
    /// An error of a tensor file.
    #[error(transparent)]
    Weights(#[from] tweedie_weights::Error),
    /// An error of LibTorch, a device or a precision.
    #[error(transparent)]
    Torch(#[from] tweedie_torch::Error),
    /// A configuration that cannot be read.
    #[error("in {from}: {reason}")]
    Config {
        /// The file or preset.
        from: String,
        /// The key, the value that was found and the allowed values.
        reason: String,
    },
    /// A configuration value that contradicts the data or another value.
    #[error("{key} is {found}; {allowed}")]
    Setting {
        /// The key.
        key: &'static str,
        /// The value that was found.
        found: String,
        /// A clause that describes the problem or the allowed values.
        allowed: String,
    },
    /// A training that needs more memory than the machine has.
    #[error(
        "training needs at least {} GiB: {} GiB for the weights, gradients, averages and moments of {n_trained} parameters, and {} GiB for a batch of {batch} examples; the machine has {} GiB, so the network or training.batch must be smaller",
        gib(kept + of_batch),
        gib(*kept),
        gib(*of_batch),
        gib(*available)
    )]
    Memory {
        /// The number of trained parameters.
        n_trained: usize,
        /// The number of examples in a batch.
        batch: usize,
        /// The bytes for the parameters.
        kept: f64,
        /// The bytes for the values of a batch.
        of_batch: f64,
        /// The bytes of the machine.
        available: f64,
    },
    /// Text that is not the name of a schedule or a prediction.
    #[error("`{found}` is not a {what}: {allowed}")]
    Name {
        /// The kind of name.
        what: &'static str,
        /// The value that was found.
        found: String,
        /// A clause that describes the problem or the allowed values.
        allowed: String,
    },
    /// A network that is conditioned on a vector, in a folder without an encoder that computes it.
    #[error(
        "the network is conditioned on a vector of {width} numbers, but the folder contains no encoder that computes it; the vector can be passed only from a program"
    )]
    NeedsVector {
        /// The width of the vector.
        width: i64,
    },
    /// A configuration without the path of its data.
    #[error("data.path is missing; {data} reads its data from files")]
    NoPath {
        /// The name of the configuration.
        data: String,
    },
    /// A preset that does not exist.
    #[error("`{found}` is not a preset; the nearest is `{nearest}` (the presets are {known})")]
    Preset {
        /// The given name.
        found: String,
        /// The most similar preset.
        nearest: String,
        /// The names of all presets, separated by commas.
        known: String,
    },
    /// An option outside its range.
    #[error("{option} is {found}; it must be {allowed}")]
    Option {
        /// The option.
        option: &'static str,
        /// The value that was found.
        found: String,
        /// The allowed values.
        allowed: String,
    },
    /// A class that does not exist.
    #[error("there is no class `{found}`{}", known_classes(found, *n_classes, names))]
    UnknownClass {
        /// The requested class.
        found: String,
        /// The number of classes.
        n_classes: i64,
        /// The names of the classes.
        names: Vec<String>,
    },
    /// A class is needed, but none was chosen.
    #[error("a class is needed: 0 … {}{}, or all", n_classes - 1, listed(names))]
    ClassNeeded {
        /// The number of classes.
        n_classes: i64,
        /// Their names.
        names: Vec<String>,
    },
    /// A class for a model without classes.
    #[error("the model is unconditional and takes no class")]
    Unconditional,
    /// Sampling without a class with a model that always needs one.
    #[error("the model was not trained to sample without a class")]
    NoNullClass,
    /// Classifier-free guidance of a model without a row for no class.
    #[error(
        "classifier-free guidance needs a model trained with and without classes (model.conditional and training.label_dropout), which this model is not; a weaker model can guide it instead"
    )]
    NotGuidable,
    /// Classifier-free guidance without a class.
    #[error("classifier-free guidance needs a class; choose one, or all")]
    GuidanceWithoutClass,
    /// The optimal variance together with guidance.
    #[error("the optimal variance is available only without guidance; choose another variance")]
    GuidedOptimalVariance,
    /// A guiding model that does not fit the model.
    #[error("{what} {}: {reason}", path.display())]
    Unfit {
        /// The role of the guiding model.
        what: &'static str,
        /// Its folder.
        path: PathBuf,
        /// The difference.
        reason: String,
    },
    /// A sampler that adds noise, where the samples must be determined by their starting points.
    #[error(
        "{what} needs a deterministic sampler, but {sampler} with these options adds noise; ddim with eta 0, dpmpp_2m and unipc are deterministic"
    )]
    Stochastic {
        /// The operation that needs a deterministic sampler.
        what: &'static str,
        /// The sampler.
        sampler: String,
    },
    /// Samples with values that are not finite.
    #[error(
        "the samples contain values that are not finite; the checkpoint may be damaged or the precision too low"
    )]
    NotFinite,
    /// A model whose examples have no fixed size.
    #[error("the checkpoint does not fix the size of its images; choose one")]
    NoSize,
    /// Data whose shape differs from the model's.
    #[error("{what} has the shape {found}; the model needs {expected}")]
    Shape {
        /// The data.
        what: String,
        /// The shape of the data.
        found: DataShape,
        /// The shape that the model needs.
        expected: DataShape,
    },
    /// Images for a model of arrays or points, or arrays or points for a model of images.
    #[error("{what} contains {found}; the model needs {expected}")]
    Units {
        /// The data.
        what: String,
        /// The kind of the data.
        found: &'static str,
        /// The kind that the model needs.
        expected: &'static str,
    },
    /// An operation that is defined only for images.
    #[error("{what} needs images, but the data have the shape {found}")]
    NotImages {
        /// The requested operation.
        what: &'static str,
        /// The shape of the data.
        found: DataShape,
    },
    /// A folder that does not belong to a run.
    #[error("{} does not belong to a run, so the data to compare with are unknown; choose a preset with its data, such as `folder`, or a configuration", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// A run without held-out examples.
    #[error(
        "the run held out no examples, so the model would be evaluated on its training examples; choose other data"
    )]
    NothingHeldOut,
    /// A data set with too few examples.
    #[error("{set} has {available} examples; {needed} are needed{}", if *needed_twice { " (as many again measure the floor, or the optimal variance)" } else { "" })]
    TooFew {
        /// The data set.
        set: String,
        /// The number of examples of the data set.
        available: u64,
        /// The number of examples that are needed.
        needed: u64,
        /// Whether half of the needed examples form a second group.
        needed_twice: bool,
    },
    /// A change that is not allowed for a resumed run.
    #[error(
        "a resumed run must keep its data, [network], [model], training.seed and training.objective.kind; only data.bad_files and the other keys of [training] and [sampling] may change"
    )]
    Resumed,
    /// A folder that is not a run.
    #[error("{} is not a run: it contains no {file}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The missing file.
        file: &'static str,
    },
    /// A model of the wrong kind.
    #[error("{} contains {found}, but {needed} is needed", path.display())]
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
        /// The cause.
        source: std::io::Error,
    },
    /// A file with invalid content.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
}

impl Error {
    /// Whether the error is a file of the data that cannot be decoded, which `data.bad_files = "skip"` leaves out.
    pub fn is_bad_file(&self) -> bool {
        matches!(
            self,
            Self::Data(tweedie_data::Error::Image { .. })
                | Self::Training(tweedie_training::Error::Data(tweedie_data::Error::Image { .. }))
        )
    }
}

/// A number of bytes in GiB, with one digit after the point.
fn gib(bytes: f64) -> String {
    format!("{:.1}", bytes / f64::from(1u32 << 30))
}

/// The names of classes in brackets, the first few of many; empty without names.
fn listed(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({})", short_list(names)) }
}

/// The number of classes that are named completely when another one was requested.
const NAMED: usize = 12;

/// The number of similar names that are given instead where there are more classes.
const SIMILAR: usize = 3;

/// The classes that exist in place of a requested one: all names, or the most similar ones of many.
fn known_classes(found: &str, n_classes: i64, names: &[String]) -> String {
    let row = match found.parse::<i64>() {
        Ok(row) if (0..n_classes).contains(&row) => format!("; row {row} of the class table is row:{row}"),
        _ => String::new(),
    };
    match names.len() {
        0 => format!("; the classes have no names, and their numbers are 0 … {}", n_classes - 1),
        1..=NAMED => format!("{}{row}", listed(names)),
        n => {
            let mut similar: Vec<&String> = names.iter().collect();
            similar.sort_by(|a, b| strsim::jaro(b, found).total_cmp(&strsim::jaro(a, found)));
            similar.truncate(SIMILAR);
            format!(" among the {n} classes; the nearest are {}{row}", short_list(&similar))
        }
    }
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
