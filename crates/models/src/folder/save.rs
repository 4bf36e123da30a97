//! Saving models to checkpoint folders. A folder is written atomically.

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

/// The content of a checkpoint folder in memory. It is a deep copy, which another thread can write while training continues.
#[derive(Debug)]
pub struct Snapshot {
    /// The content of `tweedie.json` without checksums.
    declaration: Declaration,
    files: Vec<(String, Vec<u8>)>,
    /// The files of weights and their tensors.
    weights: Vec<(String, BTreeMap<String, TensorBytes>)>,
}

impl Snapshot {
    /// Writes the folder. An existing folder is replaced after the new one is complete. `more` may add files to the new folder.
    ///
    /// # Errors
    /// Errors of writing the files.
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
        // `tweedie.json` is written last, because it holds the checksums of the other files.
        let mut declaration = self.declaration.clone();
        declaration.checksums = staging.checksums()?;
        staging.write(DECLARATION, &json::bytes_of(&declaration))?;
        more(&staging)?;
        Ok(staging.commit()?)
    }

    /// Adds the configuration and the weights of a component, such as `unet`.
    fn add_component(&mut self, name: &str, config: &Value, parameters: &Parameters) -> Result<(), Error> {
        self.files.push((format!("{name}/{CONFIG}"), json::bytes_of(config)));
        self.weights.push((format!("{name}/{WEIGHTS}"), weights_of(parameters)?));
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.into(), bytes));
    }

    fn new(declaration: Declaration) -> Self {
        Self { declaration, files: Vec::new(), weights: Vec::new() }
    }
}

/// The name of the subfolder of a denoiser's network. It is that of `diffusers` for a network that it supports.
fn component_of(network: &dyn Network) -> &'static str {
    if network.class_name() == UNet::CLASS { "unet" } else { "network" }
}

impl Model {
    /// The content of the folder that [`Model::save`] writes.
    ///
    /// # Errors
    /// An error for an invalid process; errors of copying the weights.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let description = self.description();
        let component = component_of(self.network());
        let mut snapshot = Snapshot::new(Declaration::of_denoiser(&description, component));
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
        snapshot.add(CARD, card::of_denoiser(self).into_bytes());
        let network = self.network();
        snapshot.add_component(component, &network_config(network), network.parameters())?;
        if let Some(encoder) = self.encoder() {
            snapshot.add_component(ENCODER, &json!(encoder.config()), encoder.parameters())?;
        }
        Ok(snapshot)
    }

    /// Writes the folder. An existing folder is replaced after the new one is complete. `more` may add files to the new folder.
    ///
    /// # Errors
    /// An error for an invalid process; errors of writing the files.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        self.snapshot()?.write(folder, more)
    }

    /// Returns an error unless the model can be saved.
    ///
    /// # Errors
    /// An error for an invalid process.
    pub fn check_savable(&self) -> Result<(), Error> {
        scheduler::write(&self.description()).map(|_| ())
    }
}

impl Classifier {
    /// The content of the folder that [`Classifier::save`] writes. It contains no files of a `diffusers` pipeline.
    ///
    /// # Errors
    /// Errors of copying the weights.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        const COMPONENT: &str = "classifier";
        let mut snapshot = Snapshot::new(Declaration::of_classifier(self.about(), COMPONENT));
        snapshot.add(CARD, card::of_classifier(self).into_bytes());
        let network = Backbone::network(self);
        snapshot.add_component(COMPONENT, &network_config(network), network.parameters())?;
        Ok(snapshot)
    }

    /// Writes the folder. An existing folder is replaced after the new one is complete. `more` may add files to the new folder.
    ///
    /// # Errors
    /// Errors of writing the files.
    pub fn save(
        &self,
        folder: &Path,
        more: impl FnOnce(&Staging) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        self.snapshot()?.write(folder, more)
    }
}

/// The configuration of a network with its class name and, for a class of `diffusers`, the version of `diffusers`.
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

/// The values of all parameters by name.
fn weights_of(parameters: &Parameters) -> Result<BTreeMap<String, TensorBytes>, Error> {
    parameters.iter().map(|parameter| Ok((parameter.name.clone(), bytes_of(&parameter.tensor)?))).collect()
}

/// The values of a tensor of any data type, device and strides as f32 bytes.
///
/// # Errors
/// Errors of LibTorch.
pub fn bytes_of(tensor: &Tensor) -> Result<TensorBytes, Error> {
    let values = tensor.detach().f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut bytes = vec![0; 4 * values.numel()];
    values.f_copy_data_u8(&mut bytes, values.numel())?;
    let shape = values.size().iter().map(|&side| side as usize).collect();
    Ok(TensorBytes { kind: DataType::F32, shape, bytes })
}

/// A CPU tensor from the bytes of a file of weights. It is the inverse of [`bytes_of`] for any data type.
///
/// # Errors
/// An error of LibTorch if the bytes do not fit the shape.
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
