//! Opening a checkpoint folder.

use super::find::Files;
use super::kind::Found;
use super::{CONFIG, DECLARATION, ENCODER, Kind, SCHEDULER, WEIGHTS, json, scheduler};
use crate::{Classifier, Description, Error, Model, tensor_of};
use serde_json::Value;
use std::path::Path;
use tch::{Device, Tensor};
use tweedie_networks::{ConditionEncoder, Network, Parameters, Registry, UNet};
use tweedie_weights::{DataType, Expected, Weights, compare, modern_name};

impl Model {
    /// Opens a folder: one of ours, or one that `diffusers` saved, in today's layout or the old flat one. A run's folder stands for its
    /// newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for a classifier's folder; configurations that are not implemented, by key;
    /// weights that do not fit, by name.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        Self::load_with(&Registry::default(), folder, device)
    }

    /// The same with the networks of a registry.
    ///
    /// # Errors
    /// Those of [`Model::load`].
    pub fn load_with(registry: &Registry, folder: &Path, device: Device) -> Result<Self, Error> {
        let found = Kind::Denoiser.find(folder)?;
        let files = Files::of(&found)?;
        let network = network(registry, &files, device)?;
        let encoder = encoder(&found.folder, device)?;
        let model = Self::of_network(network, description_of(found, &files)?)?;
        match encoder {
            Some(encoder) => model.with_encoder(encoder),
            None => Ok(model),
        }
    }
}

impl Classifier {
    /// Opens a classifier's folder; a run's folder stands for its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for a denoiser's folder; a declaration that cannot be read; weights that do not
    /// fit, by name.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        let found = Kind::Classifier.find(folder)?;
        let files = Files::of(&found)?;
        let network = network(&Registry::default(), &files, device)?;
        let Some(declaration) = found.declaration else {
            let reason = format!("it holds no {DECLARATION}");
            return Err(Error::NotACheckpoint { path: found.folder, reason });
        };
        Self::of_network(network, declaration.about)
    }
}

fn description_of(found: Found, files: &Files) -> Result<Description, Error> {
    match (found.declaration, &files.scheduler) {
        (Some(declaration), _) => declaration.description(&found.folder),
        (None, Some(path)) => scheduler::read(&json::read_object(path)?, path),
        (None, None) => {
            let reason = format!("it holds neither {DECLARATION} nor {SCHEDULER}");
            Err(Error::NotACheckpoint { path: found.folder, reason })
        }
    }
}

/// The network with its weights. A configuration without a class name is a U-Net's, as in the old flat layout.
fn network(registry: &Registry, files: &Files, device: Device) -> Result<Box<dyn Network>, Error> {
    let path = &files.network;
    let mut object = json::read_object(path)?;
    let class = object.get("_class_name").and_then(Value::as_str).unwrap_or(UNet::CLASS).to_string();
    // The rest of the keys with an underscore are notes of the writer.
    object.retain(|key, _| !key.starts_with('_'));
    let network = registry.build(&class, &Value::Object(object), device, 0).map_err(|error| match error {
        tweedie_networks::Error::Json(reason) => Error::Configuration { path: path.clone(), reason },
        unknown @ tweedie_networks::Error::UnknownClass { .. } => {
            Error::Configuration { path: path.clone(), reason: unknown.to_string() }
        }
        other => other.into(),
    })?;
    read_weights(network.parameters(), &files.weights)?;
    Ok(network)
}

/// The encoder of several conditions, where the folder has one.
fn encoder(folder: &Path, device: Device) -> Result<Option<ConditionEncoder>, Error> {
    let path = folder.join(ENCODER).join(CONFIG);
    if !path.is_file() {
        return Ok(None);
    }
    let mut object = json::read_object(&path)?;
    object.retain(|key, _| !key.starts_with('_'));
    let config = serde_json::from_value(Value::Object(object))
        .map_err(|error| Error::Configuration { path: path.clone(), reason: error.to_string() })?;
    let encoder = ConditionEncoder::new(&config, device, 0)?;
    read_weights(encoder.parameters(), &folder.join(ENCODER).join(WEIGHTS))?;
    Ok(Some(encoder))
}

/// Reads every tensor into its place, one at a time.
fn read_weights(parameters: &Parameters, path: &Path) -> Result<(), Error> {
    let mut weights = Weights::open(path)?.renamed(modern_name)?;
    let shape = |tensor: &Tensor| tensor.size().iter().map(|&side| side as usize).collect();
    let expected: Expected =
        parameters.iter().map(|parameter| (parameter.name.clone(), shape(&parameter.tensor))).collect();
    compare(path, &weights.shapes(), &expected)?;
    let _no_gradient = tch::no_grad_guard();
    for parameter in parameters.iter() {
        let name = &parameter.name;
        let Some((stored, bytes)) = weights.read(name)? else { continue };
        let value = tensor_of(stored, &bytes, &parameter.tensor.size())?;
        if !matches!(stored, DataType::U8 | DataType::I64)
            && i64::try_from(value.f_isfinite()?.f_all()?)? == 0
        {
            let reason = format!("the tensor {name} holds numbers that are not finite");
            return Err(Error::Configuration { path: path.to_path_buf(), reason });
        }
        parameter.tensor.shallow_clone().f_copy_(&value)?;
    }
    Ok(())
}
