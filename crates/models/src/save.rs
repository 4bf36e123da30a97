//! Writing a checkpoint folder, whole or not at all.

use crate::folder::{
    CARD, DESCRIPTION, DIFFUSERS, MODEL_INDEX, SCHEDULER, UNET_CONFIG, UNET_WEIGHTS, card, json, scheduler,
};
use crate::{Error, Model};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};
use tweedie_networks::Parameters;
use tweedie_weights::{DataType, Staging, TensorBytes, write_tensors};

/// A model's folder in memory: a deep copy that a thread can write while the model goes on being trained.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    /// The file of weights, and what it holds.
    pub(crate) weights: (&'static str, BTreeMap<String, TensorBytes>),
}

impl Snapshot {
    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same
    /// staging.
    ///
    /// # Errors
    /// A disk that is full or read-only.
    pub fn write(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), tweedie_weights::Error>,
    ) -> Result<PathBuf, tweedie_weights::Error> {
        let staging = Staging::new(folder)?;
        for (name, bytes) in &self.files {
            staging.write(name, bytes)?;
        }
        let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
        let (name, weights) = &self.weights;
        write_tensors(&staging.path(name)?, weights, &metadata)?;
        more(&staging)?;
        staging.commit()
    }
}

impl Model {
    /// The folder that [`Model::save`] writes, in memory.
    ///
    /// # Errors
    /// A schedule that does not exist; memory.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let scheduler = scheduler::write(&self.description)?;
        let class = scheduler["_class_name"].clone();
        let pipeline = if class == "DDIMScheduler" { "DDIMPipeline" } else { "DDPMPipeline" };
        let index = json!({
            "_class_name": pipeline,
            "_diffusers_version": DIFFUSERS,
            "scheduler": ["diffusers", class],
            "unet": ["diffusers", "UNet2DModel"],
        });
        let files = vec![
            (MODEL_INDEX, json::bytes_of(&index)),
            (UNET_CONFIG, json::bytes_of(&self.network_config())),
            (SCHEDULER, json::bytes_of(&scheduler)),
            (DESCRIPTION, json::bytes_of(&self.description)),
            (CARD, card::write(self).into_bytes()),
        ];
        Ok(Snapshot { files, weights: (UNET_WEIGHTS, weights_of(self.network.parameters())?) })
    }

    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same
    /// staging.
    ///
    /// # Errors
    /// A schedule that does not exist; a disk that is full or read-only.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), tweedie_weights::Error>,
    ) -> Result<PathBuf, Error> {
        Ok(self.snapshot()?.write(folder, more)?)
    }

    /// Fails unless the checkpoint's format can express this model.
    ///
    /// # Errors
    /// A schedule that does not exist.
    pub fn check_savable(&self) -> Result<(), Error> {
        scheduler::write(&self.description).map(|_| ())
    }

    fn network_config(&self) -> Value {
        let mut config = json!({ "_class_name": "UNet2DModel", "_diffusers_version": DIFFUSERS });
        if let (Value::Object(all), Value::Object(own)) = (&mut config, json!(self.network.config())) {
            all.extend(own);
        }
        config
    }
}

/// Every parameter by its name.
pub(crate) fn weights_of(parameters: &Parameters) -> Result<BTreeMap<String, TensorBytes>, Error> {
    parameters.iter().map(|parameter| Ok((parameter.name.clone(), bytes_of(&parameter.tensor)?))).collect()
}

/// A tensor's values as f32 bytes, whatever its kind, device and strides.
///
/// # Errors
/// When it cannot be brought to the CPU.
pub fn bytes_of(tensor: &Tensor) -> Result<TensorBytes, Error> {
    let values = tensor.detach().f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut bytes = vec![0; 4 * values.numel()];
    values.f_copy_data_u8(&mut bytes, values.numel())?;
    let shape = values.size().iter().map(|&side| side as usize).collect();
    Ok(TensorBytes { kind: DataType::F32, shape, bytes })
}

/// A tensor from bytes as files of weights hold them, on the CPU: the inverse of [`bytes_of`] for any kind of number.
///
/// # Errors
/// When the bytes do not have the shape.
pub fn tensor_of(kind: DataType, bytes: &[u8], shape: &[i64]) -> Result<Tensor, Error> {
    let kind = match kind {
        DataType::F64 => Kind::Double,
        DataType::F32 => Kind::Float,
        DataType::F16 => Kind::Half,
        DataType::Bf16 => Kind::BFloat16,
        DataType::I64 => Kind::Int64,
        DataType::U8 => Kind::Uint8,
    };
    Ok(Tensor::f_from_data_size(bytes, shape, kind)?)
}
