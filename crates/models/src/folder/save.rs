//! Writing a checkpoint folder, whole or not at all.

use super::declaration::Declaration;
use super::{
    CARD, CONFIG, DECLARATION, DIFFUSERS, ENCODER, MODEL_INDEX, SCHEDULER, WEIGHTS, card, json, scheduler,
};
use crate::{Backbone, Classifier, Error, Model};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};
use tweedie_files::Staging;
use tweedie_networks::{Network, Parameters, UNet};
use tweedie_weights::{DataType, TensorBytes, write_tensors};

/// A model's folder in memory: a deep copy that a thread can write while the model goes on being trained.
#[derive(Debug)]
pub struct Snapshot {
    files: Vec<(String, Vec<u8>)>,
    /// Files of weights, and what they hold.
    weights: Vec<(String, BTreeMap<String, TensorBytes>)>,
}

impl Snapshot {
    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same staging.
    ///
    /// # Errors
    /// A disk that is full or read-only.
    pub fn write<E: From<tweedie_files::Error> + From<tweedie_weights::Error>>(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let staging = Staging::new(folder)?;
        for (name, bytes) in &self.files {
            staging.write(name, bytes)?;
        }
        let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
        for (name, weights) in &self.weights {
            write_tensors(&staging.path(name)?, weights, &metadata)?;
        }
        more(&staging)?;
        Ok(staging.commit()?)
    }

    /// The configuration and the weights of a component, such as `unet`.
    fn add_component(&mut self, name: &str, config: &Value, parameters: &Parameters) -> Result<(), Error> {
        self.files.push((format!("{name}/{CONFIG}"), json::bytes_of(config)));
        self.weights.push((format!("{name}/{WEIGHTS}"), weights_of(parameters)?));
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.into(), bytes));
    }

    fn empty() -> Self {
        Self { files: Vec::new(), weights: Vec::new() }
    }
}

/// The component of a denoiser's network: the name that `diffusers` gives it where it has such a network.
fn component_of(network: &dyn Network) -> &'static str {
    if network.class_name() == UNet::CLASS { "unet" } else { "network" }
}

impl Model {
    /// The folder that [`Model::save`] writes, in memory.
    ///
    /// # Errors
    /// A process that does not exist; memory.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let description = self.description();
        let component = component_of(self.network());
        let mut snapshot = Snapshot::empty();
        if component == "unet" {
            let scheduler = scheduler::write(&description)?;
            let class = scheduler["_class_name"].clone();
            let pipeline = if class == "DDIMScheduler" { "DDIMPipeline" } else { "DDPMPipeline" };
            let index = json!({
                "_class_name": pipeline,
                "_diffusers_version": DIFFUSERS,
                "scheduler": ["diffusers", class],
                "unet": ["diffusers", UNet::CLASS],
            });
            snapshot.add(MODEL_INDEX, json::bytes_of(&index));
            snapshot.add(SCHEDULER, json::bytes_of(&scheduler));
        }
        let declaration = Declaration::of_denoiser(&description, component);
        snapshot.add(DECLARATION, json::bytes_of(&declaration));
        snapshot.add(CARD, card::of_denoiser(self).into_bytes());
        let network = self.network();
        snapshot.add_component(component, &network_config(network), network.parameters())?;
        if let Some(encoder) = self.encoder() {
            snapshot.add_component(ENCODER, &json!(encoder.config()), encoder.parameters())?;
        }
        Ok(snapshot)
    }

    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same staging.
    ///
    /// # Errors
    /// A process that does not exist; a disk that is full or read-only.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        self.snapshot()?.write(folder, more)
    }

    /// Fails unless the checkpoint's format can express this model.
    ///
    /// # Errors
    /// A process that does not exist.
    pub fn check_savable(&self) -> Result<(), Error> {
        scheduler::write(&self.description()).map(|_| ())
    }
}

impl Classifier {
    /// The folder that [`Classifier::save`] writes, in memory. It holds nothing that `diffusers` would take for a pipeline.
    ///
    /// # Errors
    /// Memory.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        const COMPONENT: &str = "classifier";
        let mut snapshot = Snapshot::empty();
        let declaration = Declaration::of_classifier(self.about(), COMPONENT);
        snapshot.add(DECLARATION, json::bytes_of(&declaration));
        snapshot.add(CARD, card::of_classifier(self).into_bytes());
        let network = Backbone::network(self);
        snapshot.add_component(COMPONENT, &network_config(network), network.parameters())?;
        Ok(snapshot)
    }

    /// Writes the folder; what stood there before is replaced after the new one is whole. `more` may add files to the same staging.
    ///
    /// # Errors
    /// A disk that is full or read-only.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        self.snapshot()?.write(folder, more)
    }
}

/// A network's configuration with its class name; the version is that of `diffusers` for its own classes.
fn network_config(network: &dyn Network) -> Value {
    let class = network.class_name();
    let mut config = json!({ "_class_name": class });
    if class == UNet::CLASS {
        config["_diffusers_version"] = DIFFUSERS.into();
    }
    if let (Value::Object(all), Value::Object(own)) = (&mut config, network.config()) {
        all.extend(own);
    }
    config
}

/// Every parameter by its name.
fn weights_of(parameters: &Parameters) -> Result<BTreeMap<String, TensorBytes>, Error> {
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
