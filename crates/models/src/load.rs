//! Opening a checkpoint folder.

use crate::folder::{DESCRIPTION, SCHEDULER, UNET_CONFIG, UNET_WEIGHTS, json, scheduler};
use crate::{Description, Error, Model};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};
use tweedie_networks::{UNet, UNetConfig};
use tweedie_weights::{DataType, Expected, TensorFile, compare};

impl Model {
    /// Opens a folder: one of ours, or one that `diffusers` saved. A run's folder stands for its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; configurations that are not implemented, by key; weights that do not fit, by name.
    pub fn load(folder: &Path, device: Device) -> Result<Self, Error> {
        let folder = newest_checkpoint(folder)?;
        let config_path = folder.join(UNET_CONFIG);
        let config = network_config(json::read_object(&config_path)?, &config_path)?;
        let description = read_description(&folder)?;
        let network = UNet::new(&config, device, 0)?;
        read_weights(&network, &folder.join(UNET_WEIGHTS))?;
        Self::of_network(network, description)
    }
}

/// The checkpoint that a folder is or holds.
fn newest_checkpoint(folder: &Path) -> Result<PathBuf, Error> {
    let not = |reason: String| Error::NotACheckpoint { path: folder.to_path_buf(), reason };
    if !folder.exists() {
        return Err(not("it does not exist".into()));
    }
    match std::fs::metadata(folder.join(UNET_CONFIG)) {
        Ok(_) => return Ok(folder.to_path_buf()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(not(format!("its {UNET_CONFIG} cannot be read ({error})")));
        }
        Err(_) => {}
    }
    let inside = std::fs::read_dir(folder.join("checkpoints")).map(|entries| {
        entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_whole(path) && path.join(UNET_CONFIG).is_file())
            .max()
    });
    match inside {
        Ok(Some(newest)) => Ok(newest),
        Ok(None) => Err(not("its run has written no checkpoint yet".into())),
        Err(_) => Err(not(format!("it holds no {UNET_CONFIG}"))),
    }
}

/// Whether a folder is none that a writer left unfinished.
fn is_whole(folder: &Path) -> bool {
    folder.extension().is_none_or(|extension| extension != "partial")
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

fn read_description(folder: &Path) -> Result<Description, Error> {
    let own = folder.join(DESCRIPTION);
    if own.is_file() {
        let object = json::read_object(&own)?;
        return serde_json::from_value(Value::Object(object))
            .map_err(|error| Error::Configuration { path: own, reason: error.to_string() });
    }
    let path = folder.join(SCHEDULER);
    if !path.is_file() {
        let reason = format!("it holds neither {DESCRIPTION} nor {SCHEDULER}");
        return Err(Error::NotACheckpoint { path: folder.to_path_buf(), reason });
    }
    scheduler::read(&json::read_object(&path)?, &path)
}

/// Reads every tensor into its place, one at a time.
fn read_weights(network: &UNet, path: &Path) -> Result<(), Error> {
    let mut file = TensorFile::open(path)?;
    let shape = |tensor: &Tensor| tensor.size().iter().map(|&side| side as usize).collect();
    let expected: Expected = network
        .parameters()
        .iter()
        .map(|parameter| (parameter.name.clone(), shape(&parameter.tensor)))
        .collect();
    compare(&file, &expected)?;
    let _no_gradient = tch::no_grad_guard();
    for info in file.tensors().to_vec() {
        let Some(place) = network.parameters().get(&info.name) else { continue };
        let bytes = file.read(&info)?;
        let value = Tensor::f_from_data_size(&bytes, &place.size(), kind(info.kind))?;
        if !matches!(info.kind, DataType::U8 | DataType::I64)
            && i64::try_from(value.f_isfinite()?.f_all()?)? == 0
        {
            let reason = format!("the tensor {} holds numbers that are not finite", info.name);
            return Err(Error::Configuration { path: path.to_path_buf(), reason });
        }
        place.shallow_clone().f_copy_(&value)?;
    }
    Ok(())
}

fn kind(kind: DataType) -> Kind {
    match kind {
        DataType::F64 => Kind::Double,
        DataType::F32 => Kind::Float,
        DataType::F16 => Kind::Half,
        DataType::Bf16 => Kind::BFloat16,
        DataType::I64 => Kind::Int64,
        DataType::U8 => Kind::Uint8,
    }
}
