//! The folder `resume/` of a checkpoint: the state, beside the model, from which a run continues bit for bit.
//!
//! `resume/state.json` is [`ResumeState`]; `resume/tensors.safetensors` holds the raw weights, the moving averages and the
//! optimiser's moments, each as one flat tensor in the order of the network's construction. `resume/checksums.json` holds the SHA-256
//! checksum of every file of the checkpoint. Noise, the order of examples and dropout
//! need no state, because they are keyed by (seed, images seen).

mod environment;
mod keep;
mod writer;

pub use environment::Environment;
pub use keep::Keep;
pub(crate) use keep::remove_stale_ones;
pub(crate) use writer::CheckpointWriter;

use crate::{Error, FlatParameters, Learner, LogState, LoopMemory, Trainer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use tweedie_data::DataIdentity;
use tweedie_files::{Checksums, MOST_SETTINGS, is_there, read_bytes, read_text};
use tweedie_models::{Model, Snapshot, bytes_of};
use tweedie_weights::{DataType, TensorBytes, TensorFile, tensor_file_bytes};

const STATE: &str = "resume/state.json";
const TENSORS: &str = "resume/tensors.safetensors";

const CHECKSUMS: &str = "resume/checksums.json";

/// The version of `resume/` that this crate writes. Versions 1 and 2 have no checksums and no state of the log.
const FORMAT: u32 = 3;

/// The first version with checksums.
const CHECKSUMS_SINCE: u32 = 3;

/// The state that resuming needs, apart from the tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeState {
    /// Version of this format.
    pub format: u32,
    /// Images seen; the next batch begins with this one.
    pub images: u64,
    /// Updates made.
    pub steps: u64,
    /// Whether the checkpoint was due, as opposed to written because training was interrupted.
    #[serde(default = "yes")]
    pub scheduled: bool,
    /// The data set.
    pub data: DataIdentity,
    /// The environment in which the numbers were computed.
    #[serde(alias = "conditions")]
    pub environment: Environment,
    /// The state of the training loop.
    pub progress: LoopMemory,
    /// The state of `metrics.jsonl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogState>,
}

/// The value of `scheduled` for checkpoints of earlier versions, which do not store it.
fn yes() -> bool {
    true
}

impl ResumeState {
    /// Reads the state of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Resume`] for a checkpoint without a state, or with one that cannot be read or has a newer format.
    pub fn read(checkpoint: &Path) -> Result<Self, Error> {
        let path = checkpoint.join(STATE);
        let wrong = |reason: String| Error::Resume { path: checkpoint.to_path_buf(), reason };
        if !is_there(&path) {
            let reason =
                "it has no resume/state.json, so it can be sampled, but training cannot resume from it";
            return Err(wrong(reason.into()));
        }
        let text = read_text(&path, MOST_SETTINGS)
            .map_err(|error| wrong(format!("{STATE} cannot be read ({error})")))?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| wrong(format!("{STATE} is not JSON ({error})")))?;
        match value["format"].as_u64() {
            Some(format) if format > u64::from(FORMAT) => {
                return Err(wrong(format!(
                    "{STATE} has format {format}, written by a newer tweedie; this version reads formats up to {FORMAT}"
                )));
            }
            _ => {}
        }
        serde_json::from_value(value).map_err(|error| wrong(format!("{STATE}: {error}")))
    }

    /// A sentence about a checkpoint of an earlier version, whose damage cannot be recognised.
    pub(crate) fn unprotected(&self) -> Option<String> {
        (self.format < CHECKSUMS_SINCE).then(|| {
            "the checkpoint was written by an earlier version without checksums, so that its files could not be verified".into()
        })
    }
}

/// Compares the files of a checkpoint with their checksums, except the model card, which a user may edit and no program reads.
///
/// # Errors
/// [`Error::Resume`] with the name of a file that is damaged or missing.
pub(crate) fn verify(checkpoint: &Path, format: u32) -> Result<(), Error> {
    if format < CHECKSUMS_SINCE && !is_there(&checkpoint.join(CHECKSUMS)) {
        return Ok(());
    }
    let wrong = |reason: String| Error::Resume { path: checkpoint.to_path_buf(), reason };
    let text = read_bytes(&checkpoint.join(CHECKSUMS), MOST_SETTINGS)
        .map_err(|error| wrong(format!("{CHECKSUMS} cannot be read ({error})")))?;
    let mut checksums: Checksums =
        serde_json::from_slice(&text).map_err(|error| wrong(format!("{CHECKSUMS} is damaged ({error})")))?;
    if let Some(missing) = [STATE, TENSORS].into_iter().find(|name| !checksums.contains_key(*name)) {
        return Err(wrong(format!("{CHECKSUMS} is damaged: it does not contain {missing}")));
    }
    checksums.remove(tweedie_models::CARD);
    tweedie_files::verify(checkpoint, &checksums).map_err(|error| wrong(error.to_string()))
}

/// A complete checkpoint in memory, independent of the tensors that are still being trained.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    snapshot: Snapshot,
    state: ResumeState,
    tensors: BTreeMap<String, TensorBytes>,
}

impl Checkpoint {
    /// A deep copy of everything that a checkpoint holds.
    pub(crate) fn capture<L: Learner>(
        trainer: &mut Trainer<L>,
        data: &DataIdentity,
        progress: LoopMemory,
        scheduled: bool,
        log: LogState,
    ) -> Result<Self, Error> {
        let state = ResumeState {
            format: FORMAT,
            images: trainer.images(),
            steps: trainer.steps(),
            scheduled,
            data: data.clone(),
            environment: Environment::of(trainer),
            progress,
            log: Some(log),
        };
        let mut tensors = BTreeMap::new();
        for (name, tensor) in trainer.tensors_mut() {
            tensors.insert(name, bytes_of(tensor)?);
        }
        for (name, values) in trainer.state_arrays() {
            tensors.insert(name.into(), bytes_of(&Tensor::f_from_slice(values)?)?);
        }
        Ok(Self { snapshot: trainer.with_ema(L::snapshot)?, state, tensors })
    }

    /// Writes the folder atomically.
    fn write(&self, target: &Path) -> Result<PathBuf, Error> {
        // A struct of numbers and names: serialising it into memory cannot fail.
        let state = serde_json::to_vec_pretty(&self.state).unwrap_or_default();
        self.snapshot.write(target, |staging| {
            let tensors = tensor_file_bytes(&staging.path(TENSORS)?, &self.tensors, &BTreeMap::new())?;
            staging.write(TENSORS, &tensors)?;
            staging.write(STATE, &state)?;
            // A map of texts: serialising it into memory cannot fail.
            let checksums = serde_json::to_vec_pretty(&staging.checksums()?).unwrap_or_default();
            Ok(staging.write(CHECKSUMS, &checksums)?)
        })
    }
}

/// Loads a checkpoint's tensors into a trainer, which then computes the same numbers as the trainer that wrote the checkpoint.
pub(crate) fn restore<L: Learner>(
    trainer: &mut Trainer<L>,
    checkpoint: &Path,
    state: &ResumeState,
) -> Result<(), Error> {
    let path = checkpoint.join(TENSORS);
    let wrong = |reason: String| Error::Resume { path: checkpoint.to_path_buf(), reason };
    let mut file = TensorFile::open(&path)?;
    let _no_gradient = tch::no_grad_guard();
    let mut n_stored = 0;
    for (name, place) in trainer.tensors_mut() {
        // Format 1 numbers the stored averages; later formats name them by their exponents.
        let name = match (state.format, name.starts_with("stored.")) {
            (1, true) => {
                n_stored += 1;
                format!("stored.{}", n_stored - 1)
            }
            _ => name,
        };
        let value = flat_tensor(&mut file, &name, place.numel()).map_err(|reason| {
            wrong(format!("{TENSORS}: {reason}; the network or the configuration may have changed"))
        })?;
        place.f_copy_(&value)?;
    }
    for (name, values) in trainer.state_arrays() {
        let value = flat_tensor(&mut file, name, values.len())
            .map_err(|reason| wrong(format!("{TENSORS}: {reason}; [training.objective] may have changed")))?;
        values.copy_from_slice(&Vec::<f32>::try_from(value)?);
    }
    trainer.continue_from(state.images, state.steps);
    Ok(())
}

/// Replaces the averaged weights of a loaded model by the raw weights of its checkpoint.
///
/// `folder` is the checkpoint, or a run, whose newest checkpoint is then used.
///
/// # Errors
/// [`Error::Weights`] for a checkpoint without `resume/`; [`Error::Resume`] for a checkpoint of another network.
pub fn load_raw_weights(model: &Model, folder: &Path) -> Result<(), Error> {
    let inside = folder.join("checkpoints");
    let newest =
        if inside.is_dir() { crate::checkpoints_in(&inside)?.pop().map(|(_, path)| path) } else { None };
    let checkpoint = newest.unwrap_or_else(|| folder.to_path_buf());
    // A model without `resume/` has no raw weights, which the error of opening them describes.
    if let Ok(state) = ResumeState::read(&checkpoint) {
        verify(&checkpoint, state.format)?;
    }
    let mut file = TensorFile::open(&checkpoint.join(TENSORS))?;
    let mut parameters = FlatParameters::new(model.backbone())?;
    let value = flat_tensor(&mut file, "weights", parameters.values.numel()).map_err(|reason| {
        Error::Resume { path: checkpoint.clone(), reason: format!("{TENSORS}: {reason}") }
    })?;
    let _no_gradient = tch::no_grad_guard();
    parameters.values.f_copy_(&value)?;
    Ok(())
}

/// Reads a flat tensor of `n` 32-bit floats, or returns the reason why it cannot be read.
pub(crate) fn flat_tensor(file: &mut TensorFile, name: &str, n: usize) -> Result<Tensor, String> {
    let info = file.tensors().iter().find(|info| info.name == name).cloned();
    let info = info.ok_or_else(|| format!("it has no tensor {name}"))?;
    if info.shape != [n] || info.kind != DataType::F32 {
        return Err(format!(
            "its tensor {name} is {:?} of shape {:?}; this network needs F32 of shape [{n}]",
            info.kind, info.shape
        ));
    }
    let bytes = file.read(&info).map_err(|error| error.to_string())?;
    Tensor::f_from_data_size(&bytes, &[n as i64], Kind::Float).map_err(|error| error.to_string())
}
