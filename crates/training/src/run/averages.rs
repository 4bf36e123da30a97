//! The stored averages of a run, and the computation of an average of any width from them.

use super::{Run, numbered_in};
use crate::checkpoint::flat_tensor;
use crate::{Error, FlatParameters, Learner, Trainer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use tweedie_files::{Checksums, checksum_of_bytes};
use tweedie_math::power_average::{Combination, MOST_RESIDUAL, Snapshot, carried, combination, gamma_of};
use tweedie_models::{Model, bytes_of};
use tweedie_weights::{TensorFile, TensorInfo, tensor_file_bytes};

const FOLDER: &str = "averages";

/// The key in the metadata of a file of averages for their checksums, a JSON object by name. It is one key, because the order of several is
/// not fixed in the file.
const CHECKSUMS: &str = "checksums";

impl Run {
    /// Stores a trainer's power-function averages, each as one flat tensor named by its exponent.
    pub(crate) fn store_averages<L: Learner>(&self, trainer: &Trainer<L>) -> Result<(), Error> {
        self.check_place()?;
        let folder = self.folder().join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(super::failed("cannot create", &folder))?;
        let path = self.averages_at(trainer.images());
        let (mut tensors, mut checksums) = (BTreeMap::new(), BTreeMap::new());
        for (gamma, average) in trainer.stored_averages() {
            let values = bytes_of(&average.values)?;
            checksums.insert(gamma.to_string(), checksum_of_bytes(&values.bytes));
            tensors.insert(gamma.to_string(), values);
        }
        // A map of texts: serialising it into memory cannot fail.
        let checksums = serde_json::to_string::<Checksums>(&checksums).unwrap_or_default();
        let metadata = BTreeMap::from([(CHECKSUMS.to_string(), checksums)]);
        let bytes = tensor_file_bytes(&path, &tensors, &metadata)?;
        Ok(tweedie_files::write_file(&path, &bytes)?)
    }

    /// Whether the averages after `images` images are stored.
    pub(crate) fn has_averages(&self, images: u64) -> bool {
        tweedie_files::is_there(&self.averages_at(images))
    }

    fn averages_at(&self, images: u64) -> PathBuf {
        self.folder().join(FOLDER).join(format!("{images:010}.safetensors"))
    }

    /// Removes averages that were stored after more than `images` images.
    pub(super) fn cut_back_averages(&self, images: u64) -> Result<(), Error> {
        let folder = self.folder().join(FOLDER);
        if folder.is_dir() {
            tweedie_files::remove_stale(&folder)?;
            for (_, path) in numbered_in(&folder)?.into_iter().filter(|(at, _)| *at > images) {
                std::fs::remove_file(&path).map_err(super::failed("cannot remove", &path))?;
            }
        }
        Ok(())
    }
}

/// Reads a stored average of `n` values and compares it with its checksum, which files of earlier versions do not have.
fn stored_average(path: &Path, info: &TensorInfo, n: usize) -> Result<Tensor, Error> {
    let wrong = |reason: String| Error::Resume { path: path.to_path_buf(), reason };
    let mut file = TensorFile::open(path)?;
    let checksums: Option<Checksums> = file
        .metadata()
        .get(CHECKSUMS)
        .map(|text| serde_json::from_str(text))
        .transpose()
        .map_err(|error| wrong(format!("the checksums of its averages are damaged ({error})")))?;
    let expected = checksums.map(|mut all| all.remove(&info.name).unwrap_or_default());
    if expected
        .is_some_and(|expected| file.read(info).is_ok_and(|bytes| checksum_of_bytes(&bytes) != expected))
    {
        return Err(wrong(format!("its average {} does not match its checksum: it is damaged", info.name)));
    }
    flat_tensor(&mut file, &info.name, n).map_err(wrong)
}

/// An average that was computed from the stored ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComputedAverage {
    /// The number of images at which the average ends: the last stored time.
    pub images: u64,
    /// The number of stored averages that were combined.
    pub combined: usize,
    /// The relative residual of its weight profile, as in [`Combination`](tweedie_math::power_average::Combination): 0 for a stored
    /// width, at most [`MOST_RESIDUAL`].
    pub residual: f64,
}

/// Computes the average of relative width `std` at the last stored time of a run and copies it into the run's model.
///
/// # Errors
/// [`Error::NoAverages`] for a run without stored averages; [`Error::Width`] for a width that the stored ones do not carry, which
/// leaves the model as it was; [`Error::Resume`] for averages of another network; [`Error::Math`] for a width that is out of range.
pub fn average_of_width(model: &Model, run: &Path, std: f64) -> Result<ComputedAverage, Error> {
    let mut parameters = FlatParameters::new(model.backbone())?;
    let stored = stored_in(run, parameters.values.numel())?;
    let snapshots: Vec<Snapshot> = stored.iter().map(|it| it.snapshot).collect();
    let Some(last) = stored.last().map(|it| it.images) else {
        return Err(Error::NoAverages { run: run.to_path_buf() });
    };
    let Combination { weights, residual } =
        combination(&snapshots, Snapshot { time: last as f64, gamma: gamma_of(std)? })?;
    if residual > MOST_RESIDUAL {
        let range = |[least, greatest]: &[f64; 2]| format!("{least:.3} to {greatest:.3}");
        let ranges: Vec<String> = carried(&snapshots, last as f64)?.iter().map(range).collect();
        return Err(Error::Width { std, residual, carried: ranges.join(", ") });
    }
    let _no_gradient = tch::no_grad_guard();
    // The weights have both signs and nearly cancel, so the sum is computed in f64.
    let mut sum = parameters.values.f_zeros_like()?.f_to_kind(Kind::Double)?;
    let used = weights.iter().zip(&stored).filter(|(weight, _)| **weight != 0.0);
    let mut combined = 0;
    for (weight, it) in used {
        let value = stored_average(&it.path, &it.info, sum.numel())?.f_to_kind(Kind::Double)?;
        let _ = sum.f_add_(&value.f_to_device(sum.device())?.f_mul_scalar(*weight)?)?;
        combined += 1;
    }
    parameters.values.f_copy_(&sum)?;
    Ok(ComputedAverage { images: last, combined, residual })
}

/// A stored average and its place.
struct Stored {
    snapshot: Snapshot,
    images: u64,
    path: PathBuf,
    info: TensorInfo,
}

/// The stored averages of a run by time, each checked to have `numel` values.
fn stored_in(run: &Path, numel: usize) -> Result<Vec<Stored>, Error> {
    let folder = run.join(FOLDER);
    let files = if folder.is_dir() { numbered_in(&folder)? } else { Vec::new() };
    let mut stored = Vec::new();
    for (images, path) in files {
        for info in TensorFile::open(&path)?.tensors() {
            let Some(gamma) = info.name.parse().ok().filter(|_| info.shape == [numel]) else {
                let reason = format!("its average {} does not fit this network", info.name);
                return Err(Error::Resume { path, reason });
            };
            let snapshot = Snapshot { time: images as f64, gamma };
            stored.push(Stored { snapshot, images, path: path.clone(), info: info.clone() });
        }
    }
    Ok(stored)
}
