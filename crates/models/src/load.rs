//! Opening a checkpoint folder.

use crate::description::FORMAT;
use crate::folder::{DESCRIPTION, Files, SCHEDULER, json, scheduler};
use crate::{Description, Error, Model, tensor_of};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::Path;
use tch::{Device, Tensor};
use tweedie_networks::{Parameters, UNet, UNetConfig};
use tweedie_weights::{DataType, Expected, Weights, compare, modern_name};

impl Model {
    /// Opens a folder: one of ours, or one that `diffusers` saved, today's layout or the old flat one. A run's folder stands
    /// for its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] for a classifier's folder; configurations that are not implemented, by key; weights that do not fit, by name.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        let files = Files::find(folder)?;
        let config = network_config(json::read_object(&files.network)?, &files.network)?;
        let description = description_in(&files)?;
        let network = UNet::new(&config, device, 0)?;
        read_weights(network.parameters(), &files.weights)?;
        Self::of_network(network, description)
    }
}

fn description_in(files: &Files) -> Result<Description, Error> {
    match (&files.description, &files.scheduler) {
        (Some(own), _) => read_description(own),
        (None, Some(path)) => scheduler::read(&json::read_object(path)?, path),
        (None, None) => {
            let reason = format!("it holds neither {DESCRIPTION} nor {SCHEDULER}");
            Err(Error::NotACheckpoint { path: files.folder.clone(), reason })
        }
    }
}

/// A `tweedie.json` of this version's format.
pub(crate) fn read_description<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let object = json::read_object(path)?;
    let wrong = |reason: String| Error::Configuration { path: path.to_path_buf(), reason };
    match object.get("format").and_then(Value::as_u64) {
        Some(format) if format > u64::from(FORMAT) => Err(wrong(format!(
            "it has format {format}, of a newer tweedie; this version reads format {FORMAT}"
        ))),
        _ => serde_json::from_value(Value::Object(object)).map_err(|error| wrong(error.to_string())),
    }
}

/// Unknown keys are let be, as `diffusers` does; keys with other values than a U-Net's are refused.
fn network_config(mut object: Map<String, Value>, path: &Path) -> Result<UNetConfig, Error> {
    let wrong = |reason: String| Error::Configuration { path: path.to_path_buf(), reason };
    if let Some(class) = object.get("_class_name").and_then(Value::as_str)
        && class != "UNet2DModel"
    {
        return Err(wrong(format!("the network is a {class}; only UNet2DModel is implemented")));
    }
    object.retain(|key, _| UNetConfig::KEYS.contains(&key.as_str()));
    serde_json::from_value(Value::Object(object)).map_err(|error| wrong(error.to_string()))
}

/// Reads every tensor into its place, one at a time.
pub(crate) fn read_weights(parameters: &Parameters, path: &Path) -> Result<(), Error> {
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
