//! Loading models from checkpoint folders.

use super::find::Files;
use super::fit::{fitting, read_weights};
use super::kind::Found;
use super::{
    CONFIG, DECLARATION, ENCODER, Kind, LoadOptions, ProcessChoice, WEIGHTS, json, old_keys, scheduler,
};
use crate::sampling::SamplingConfig;
use crate::{Classifier, Description, Error, Model};
use serde_json::Value;
use std::path::Path;
use tch::Device;
use tweedie_math::Parameterization;
use tweedie_networks::{ConditionEncoder, Network, Plan, Registry, UNet};

impl Model {
    /// Loads a denoiser from a checkpoint folder of this workspace or of `diffusers`, in the current layout or the old flat layout. For
    /// the folder of a run, the newest checkpoint is loaded.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for the folder of a classifier; [`Error::Configuration`] for configuration values
    /// that are not implemented; [`Error::Weights`] for weights that do not fit the network.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        Self::load_with(&Registry::default(), folder, device)
    }

    /// Loads a denoiser as [`Model::load`] does, with the network classes of a registry.
    ///
    /// # Errors
    /// Errors of [`Model::load`].
    pub fn load_with(registry: &Registry, folder: &Path, device: Device) -> Result<Self, Error> {
        Ok(Self::open(registry, folder, &LoadOptions::default(), device)?.0)
    }

    /// Loads a denoiser with the given options. The second value contains notes for the user about default choices, such as the variant
    /// of the weights or the averaged weights, and about unknown keys.
    ///
    /// # Errors
    /// Errors of [`Model::load`]; [`Error::Variant`], [`Error::Declared`] and [`Error::NoProcess`] for options that do not fit the folder.
    pub fn open(
        registry: &Registry,
        folder: &Path,
        options: &LoadOptions,
        device: Device,
    ) -> Result<(Self, Vec<String>), Error> {
        Kind::Denoiser.find(folder)?.load(|found| {
            let mut files = Files::of(found, options)?;
            let network = network(registry, &mut files, device)?;
            let encoder = encoder(&found.folder, device)?;
            let description = description_of(found, &mut files, &options.process)?;
            let model = Self::of_network(network, description)?;
            let model = match encoder {
                Some(encoder) => model.with_encoder(encoder)?,
                None => model,
            };
            Ok((model, files.notes))
        })
    }
}

impl Classifier {
    /// Loads a classifier from a checkpoint folder. For the folder of a run, the newest checkpoint is loaded.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for the folder of a denoiser; [`Error::Configuration`] for a declaration that
    /// cannot be read; [`Error::Weights`] for weights that do not fit the network.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        Kind::Classifier.find(folder)?.load(|found| {
            let mut files = Files::of(found, &LoadOptions::default())?;
            let network = network(&Registry::default(), &mut files, device)?;
            let Some(declaration) = &found.declaration else {
                let reason = format!("it contains no {DECLARATION}");
                return Err(Error::NotACheckpoint { path: found.folder.clone(), reason });
            };
            Self::of_network(network, declaration.about.clone())
        })
    }
}

/// The description of the denoiser: declared, read from a scheduler, or given by the options.
fn description_of(found: &Found, files: &mut Files, choice: &ProcessChoice) -> Result<Description, Error> {
    if let Some(declaration) = &found.declaration {
        if !choice.is_empty() {
            return Err(Error::Declared { path: found.folder.join(DECLARATION) });
        }
        return declaration.clone().description(&found.folder);
    }
    let read = match &files.scheduler {
        Some(path) => Some(scheduler::read(&json::read_object(path)?, path)?),
        None => None,
    };
    match (read, &choice.schedule) {
        (Some((description, notes)), _) if choice.is_empty() => {
            files.notes.extend(notes);
            Ok(description)
        }
        (Some((of_folder, notes)), schedule) => {
            files.notes.extend(notes);
            files.notes.push(
                "process: the given schedule, number of steps or prediction replaces the folder's".into(),
            );
            let about = of_folder.about;
            let chosen = Description::new(
                schedule.clone().unwrap_or(about.schedule),
                choice.steps.unwrap_or(about.steps),
                choice.prediction.unwrap_or(of_folder.parameterization),
            );
            let sampling = of_folder.sampling;
            let steps = sampling.steps.min(chosen.about.steps);
            Ok(Description {
                variance: of_folder.variance,
                sampling: SamplingConfig { steps, ..sampling },
                ..chosen
            })
        }
        (None, Some(schedule)) => {
            if choice.prediction.is_none() {
                files.notes.push("prediction: epsilon, by default".into());
            }
            let predicted = choice.prediction.unwrap_or(Parameterization::Epsilon);
            Ok(Description::new(schedule.clone(), choice.steps.unwrap_or(1000), predicted))
        }
        (None, None) => Err(Error::NoProcess { path: found.folder.clone() }),
    }
}

/// Loads the network with its weights. A configuration without a class name, as in the old flat layout, is that of a U-Net.
fn network(registry: &Registry, files: &mut Files, device: Device) -> Result<Box<dyn Network>, Error> {
    let path = &files.network;
    let mut object = json::read_object(path)?;
    let class = object.get("_class_name").and_then(Value::as_str).unwrap_or(UNet::CLASS).to_string();
    // The other keys that start with an underscore are metadata.
    object.retain(|key, _| !key.starts_with('_'));
    if class == UNet::CLASS {
        files.notes.extend(old_keys::modernize(&mut object, path));
    }
    let config = Value::Object(object);
    let wrong = |error| match error {
        torch @ tweedie_networks::Error::Torch(_) => torch.into(),
        other => Error::Configuration { path: path.clone(), reason: reason_of(other) },
    };
    // Memory is allocated only for a network whose weights the file holds.
    let plan = registry.plan_if_possible(&class, &config).map_err(wrong)?;
    let fitted = plan.map(|plan| fitting(&files.weights, &plan)).transpose()?;
    let network = registry.build(&class, &config, device, 0).map_err(wrong)?;
    let (mut weights, note) = match fitted {
        Some(fitted) => fitted,
        None => fitting(&files.weights, &Plan::of(network.parameters()))?,
    };
    read_weights(network.parameters(), &mut weights)?;
    files.notes.extend(note);
    Ok(network)
}

/// The reason why a network cannot be built from its configuration.
fn reason_of(error: tweedie_networks::Error) -> String {
    match error {
        tweedie_networks::Error::Json(reason) => reason,
        other => other.to_string(),
    }
}

/// Loads the encoder of several conditions, if the folder has one.
fn encoder(folder: &Path, device: Device) -> Result<Option<ConditionEncoder>, Error> {
    let path = folder.join(ENCODER).join(CONFIG);
    if !tweedie_files::is_there(&path) {
        return Ok(None);
    }
    let mut object = json::read_object(&path)?;
    object.retain(|key, _| !key.starts_with('_'));
    let config = serde_json::from_value(Value::Object(object))
        .map_err(|error| Error::Configuration { path: path.clone(), reason: error.to_string() })?;
    let plan = ConditionEncoder::plan(&config)
        .map_err(|error| Error::Configuration { path: path.clone(), reason: reason_of(error) })?;
    let (mut weights, _) = fitting(&folder.join(ENCODER).join(WEIGHTS), &plan)?;
    let encoder = ConditionEncoder::new(&config, device, 0)?;
    read_weights(encoder.parameters(), &mut weights)?;
    Ok(Some(encoder))
}
