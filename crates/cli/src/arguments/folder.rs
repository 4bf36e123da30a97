//! Flags about the folder of a model, shared by all commands that load one.

use super::count::between;
use clap::{Args, ValueEnum};
use tweedie_applications::auto::Auto;
use tweedie_applications::generation::OpenOptions;
use tweedie_math::MOST_LEVELS;
use tweedie_models::WeightsChoice;
use tweedie_training::Replicas;

/// The help of --schedule, with names as they are typed.
const SCHEDULE_HELP: &str = "The schedule, for a folder without a scheduler: linear, quadratic (diffusers' scaled_linear), cosine, \
    sigmoid, rectified_flow, ve, edm …, or a table such as '{ name = \"linear\", beta_start = 1e-4, beta_end = 0.02 }'";

/// Options for loading the folder of a model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Model folder")]
pub struct FolderFlags {
    /// Use the optimizer's weights or their moving average; default: the average.
    #[arg(long, value_name = "WHICH")]
    pub weights: Option<WeightsName>,
    /// The variant of the weight files in a folder saved by diffusers, such as fp16 or `non_ema`; default: the files without a variant,
    /// otherwise the only variant.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// The schedule, for a folder without a scheduler.
    #[arg(long, value_name = "SCHEDULE", help = SCHEDULE_HELP)]
    pub schedule: Option<String>,
    /// The number of levels T of --schedule; default: 1000.
    #[arg(long, value_name = "T", value_parser = between(1, MOST_LEVELS))]
    pub schedule_steps: Option<usize>,
    /// The network's prediction: epsilon, x0 (sample), v (`v_prediction`), velocity, score or edm; default: the folder's, otherwise
    /// epsilon.
    #[arg(long, value_name = "NAME")]
    pub prediction: Option<String>,
    /// Evaluate parts of each batch by N replicas of the network at the same time, each with a share of the threads: a number, or auto for
    /// the fastest number by measurement. Small networks use several cores better this way.
    #[arg(long, value_name = "N", default_value_t)]
    pub replicas: Replicas,
}

/// Names of the weights of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WeightsName {
    /// The weights that the optimizer updates.
    Raw,
    /// Their exponential moving average.
    Ema,
}

impl FolderFlags {
    /// The options of the library, without a measurement. `at_once` is the number of examples in a batch.
    pub fn options(&self, device: &str, precision: &str, at_once: usize) -> OpenOptions {
        OpenOptions {
            device: device.to_string(),
            precision: precision.to_string(),
            auto: Auto::Rule,
            replicas: self.replicas,
            at_once,
            weights: self.weights.map(|weights| match weights {
                WeightsName::Raw => WeightsChoice::Raw,
                WeightsName::Ema => WeightsChoice::Ema,
            }),
            variant: self.variant.clone(),
            schedule: self.schedule.clone(),
            schedule_steps: self.schedule_steps,
            prediction: self.prediction.clone(),
        }
    }

    /// A copy of the flags that selects the optimizer's weights if `raw` is set.
    pub fn raw_if(&self, raw: bool) -> Self {
        Self { weights: if raw { Some(WeightsName::Raw) } else { self.weights }, ..self.clone() }
    }

    /// Whether the optimizer's weights are requested.
    pub fn are_raw(&self) -> bool {
        self.weights == Some(WeightsName::Raw)
    }
}
