//! Loading a model for inference.

use super::process::{prediction_of, schedule_of};
use crate::Error;
use crate::auto::{Auto, prepare_for_inference};
use std::path::Path;
use tch::Device;
use tweedie_models::{LoadOptions, Model, ProcessChoice, WeightsChoice};
use tweedie_networks::Registry;
use tweedie_torch::{Choice, Precision, PrecisionChoice};
use tweedie_training::Replicas;

/// Options of loading a model for inference, given by names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OpenOptions {
    /// The device: `auto`, `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// The precision: `auto`, `f32` or `bf16`.
    pub precision: String,
    /// How the precision `auto` is chosen.
    pub auto: Auto,
    /// The number of replicas of the network that evaluate parts of a batch at the same time.
    pub replicas: Replicas,
    /// The number of examples that are evaluated together, for a measurement of `auto`; 0 stands for 16.
    pub at_once: usize,
    /// The weights of the optimizer or their moving average; default: the average.
    pub weights: Option<WeightsChoice>,
    /// The variant of the weight files, such as `fp16`.
    pub variant: Option<String>,
    /// The schedule, for a folder without one: a name such as `linear` or `cosine`, or a table as in `model.schedule`.
    pub schedule: Option<String>,
    /// T, the number of levels of the schedule.
    pub schedule_steps: Option<usize>,
    /// The name of the network's prediction in `model.parameterization` or in `prediction_type` of `diffusers`.
    pub prediction: Option<String>,
}

/// The number of examples for a measurement if none is given.
const AT_ONCE: usize = 16;

/// A loaded model.
#[derive(Debug)]
pub struct Opened {
    /// The model.
    pub model: Model,
    /// The precision of the network.
    pub precision: Precision,
    /// Notes for the user about default choices and ignored keys.
    pub notes: Vec<String>,
}

impl OpenOptions {
    /// The options in the form of [`Model::open`].
    ///
    /// # Errors
    /// [`Error::Name`] for a name of a schedule or a prediction that does not exist.
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

/// Loads a model for inference.
///
/// # Errors
/// Errors of [`Model::open`]; an error for a device or precision that does not exist, and for a checkpoint without the requested
/// weights of the optimizer.
pub fn open(folder: &Path, options: &OpenOptions) -> Result<Opened, Error> {
    let device: Device = options.device.parse::<Choice>()?.resolve()?;
    let (mut model, mut notes) = Model::open(&Registry::default(), folder, &options.load()?, device)?;
    // A checkpoint of this workspace stores the optimizer's weights with the files for resuming.
    if options.weights == Some(WeightsChoice::Raw) && tweedie_models::Kind::is_declared(folder) {
        tweedie_training::load_raw_weights(&model, folder)?;
    }
    let requested = options.precision.parse::<PrecisionChoice>()?;
    let at_once = if options.at_once == 0 { AT_ONCE } else { options.at_once };
    let (precision, reason) =
        prepare_for_inference(&mut model, requested, options.replicas, at_once, &options.auto)?;
    if requested == PrecisionChoice::Auto || options.replicas == Replicas::Auto {
        let by = match model.replicas() {
            1 => String::new(),
            n => format!(" by {n} replicas"),
        };
        notes.push(format!("computed in {}{by} ({reason})", precision.name()));
    }
    Ok(Opened { model, precision, notes })
}
