//! Opening a model for inference.

use super::process::{prediction_of, schedule_of};
use crate::Error;
use std::path::Path;
use tch::Device;
use tweedie_models::{LoadOptions, Model, ProcessChoice, WeightsChoice};
use tweedie_networks::{Pass, Registry};
use tweedie_torch::{Choice, Precision, PrecisionChoice};

/// How a model is opened for inference, by names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OpenOptions {
    /// `auto`, `cpu`, `cuda` or `cuda:0`.
    pub device: String,
    /// `auto`, `f32` or `bf16`.
    pub precision: String,
    /// The weights of the optimiser or their moving average; the average by default.
    pub weights: Option<WeightsChoice>,
    /// The variant of the weight files, such as `fp16`.
    pub variant: Option<String>,
    /// The schedule, for a folder without one: a name such as `linear` or `cosine`, or a table as of `model.schedule`.
    pub schedule: Option<String>,
    /// T of that schedule.
    pub schedule_steps: Option<usize>,
    /// What the network predicts, by a name of `model.parameterization` or of `diffusers`' `prediction_type`.
    pub prediction: Option<String>,
}

/// A model that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The model.
    pub model: Model,
    /// The precision of its network.
    pub precision: Precision,
    /// Sentences about what the folder left open or what was ignored, for a person to read.
    pub notes: Vec<String>,
}

impl OpenOptions {
    /// The choices about the folder.
    ///
    /// # Errors
    /// [`Error::Name`] for a schedule or a prediction that does not exist.
    pub fn load(&self) -> Result<LoadOptions, Error> {
        Ok(LoadOptions {
            weights: self.weights,
            variant: self.variant.clone(),
            process: ProcessChoice {
                schedule: self.schedule.as_deref().map(schedule_of).transpose()?,
                steps: self.schedule_steps,
                prediction: self.prediction.as_deref().map(prediction_of).transpose()?,
            },
        })
    }
}

/// Opens a model for inference.
///
/// # Errors
/// The errors of [`Model::open`]; a device that is not there; a checkpoint without the optimiser's weights where they are requested.
pub fn open(folder: &Path, options: &OpenOptions) -> Result<Opened, Error> {
    let device: Device = options.device.parse::<Choice>()?.resolve()?;
    let (mut model, notes) = Model::open(&Registry::default(), folder, &options.load()?, device)?;
    // A checkpoint of this workspace keeps the optimiser's weights in what a resume needs.
    if options.weights == Some(WeightsChoice::Raw) && tweedie_models::Kind::is_declared(folder) {
        tweedie_training::load_raw_weights(&model, folder)?;
    }
    let (precision, _) = options.precision.parse::<PrecisionChoice>()?.resolve(device);
    model.set_pass(Pass::inference(precision));
    Ok(Opened { model, precision, notes })
}
