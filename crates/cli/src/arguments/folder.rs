//! What a model's folder leaves open: flags of every command that opens one.

use clap::{Args, ValueEnum};
use tweedie_applications::generation::OpenOptions;
use tweedie_models::WeightsChoice;

/// Choices about the folder of a model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Model folder")]
pub struct FolderFlags {
    /// The optimiser's weights or their moving average; default: the average.
    #[arg(long, value_name = "WHICH")]
    pub weights: Option<WeightsName>,
    /// The variant of the weight files in a folder that diffusers saved, such as fp16 or `non_ema`; default: the plain files, otherwise the
    /// only variant.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// The schedule of a folder without a scheduler: linear, quadratic (diffusers' `scaled_linear`), cosine, sigmoid, `rectified_flow`, ve,
    /// edm …, or a table such as '{ name = "linear", `beta_start` = 1e-4, `beta_end` = 0.02 }'.
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// T of --schedule; default: 1000.
    #[arg(long, value_name = "T")]
    pub schedule_steps: Option<usize>,
    /// What the network predicts: epsilon, x0 (sample), v (`v_prediction`), velocity, score or edm; default: the folder's, otherwise epsilon.
    #[arg(long, value_name = "NAME")]
    pub prediction: Option<String>,
}

/// The weights of a folder by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WeightsName {
    /// The weights that the optimiser moves.
    Raw,
    /// Their exponential moving average.
    Ema,
}

impl FolderFlags {
    /// The library's options.
    pub fn options(&self, device: &str, precision: &str) -> OpenOptions {
        OpenOptions {
            device: device.to_string(),
            precision: precision.to_string(),
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

    /// The same flags with the optimiser's weights where `raw` is set.
    pub fn raw_if(&self, raw: bool) -> Self {
        Self { weights: if raw { Some(WeightsName::Raw) } else { self.weights }, ..self.clone() }
    }

    /// Whether the optimiser's weights are requested.
    pub fn are_raw(&self) -> bool {
        self.weights == Some(WeightsName::Raw)
    }
}
