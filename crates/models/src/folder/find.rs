//! The files of a folder: today's layout, the old flat one, a network by itself, a checkpoint of a training.

use super::kind::Found;
use super::variants::weights_of;
use super::{CONFIG, DECLARATION, LoadOptions, SCHEDULER, WeightsChoice, pipeline};
use crate::Error;
use std::path::{Path, PathBuf};

/// The component of the network in a folder that `diffusers` saved.
const UNET: &str = "unet";

/// The component of its averaged weights, which `accelerate`'s checkpoints of a training hold.
const AVERAGED: &str = "unet_ema";

/// The variant of weight files that holds the optimiser's weights, where the plain file holds the average.
const NOT_AVERAGED: &str = "non_ema";

/// The files of a denoiser's checkpoint, and notes about choices that the caller did not make.
#[derive(Debug)]
pub(super) struct Files {
    /// The configuration of the network.
    pub(super) network: PathBuf,
    /// The weights of the network, or the index of their shards.
    pub(super) weights: PathBuf,
    /// `scheduler_config.json`.
    pub(super) scheduler: Option<PathBuf>,
    /// Sentences about what was chosen.
    pub(super) notes: Vec<String>,
}

const FLAT_SCHEDULER: &str = "scheduler_config.json";

impl Files {
    /// The files of a checkpoint, by the caller's choices.
    pub(super) fn of(found: &Found, options: &LoadOptions) -> Result<Self, Error> {
        let folder = &found.folder;
        let mut notes = found.notes.clone();
        let component = match &found.declaration {
            Some(declaration) => declaration.component.clone(),
            None => component_of(folder, options, &mut notes)?,
        };
        let own = format!("{component}/{CONFIG}");
        let is_flat = !holds(folder, &own)? && holds(folder, CONFIG)?;
        let network = if is_flat { folder.join(CONFIG) } else { folder.join(own) };
        let beside = network.parent().unwrap_or(folder);
        let variant = match (&options.variant, options.weights) {
            (None, Some(WeightsChoice::Raw)) if has_variant(beside, NOT_AVERAGED) => Some(NOT_AVERAGED),
            (variant, _) => variant.as_deref(),
        };
        let (weights, note) = weights_of(beside, variant)?;
        notes.extend(note);
        let mut files = Self { network, weights, scheduler: None, notes };
        if found.declaration.is_none() {
            files.find_scheduler(folder)?;
        }
        Ok(files)
    }

    /// The scheduler of the folder or of one of the two folders above it, which holds it for a network or a training's checkpoint. The
    /// pipeline that it belongs to must be one that the network stands for.
    fn find_scheduler(&mut self, folder: &Path) -> Result<(), Error> {
        let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        for (i, place) in whole.ancestors().take(3).enumerate() {
            let scheduler = [SCHEDULER, FLAT_SCHEDULER].iter().map(|name| place.join(name));
            let found = { scheduler }.find(|path| path.is_file());
            if i == 0 || found.is_some() {
                pipeline::check(place)?;
            }
            if let Some(path) = found {
                if i > 0 {
                    self.notes.push(format!("process: that of {}, in a folder above", path.display()));
                }
                self.scheduler = Some(path);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The component of a foreign folder whose weights are read.
fn component_of(folder: &Path, options: &LoadOptions, notes: &mut Vec<String>) -> Result<String, Error> {
    let has = |component: &str| holds(folder, &format!("{component}/{CONFIG}"));
    Ok(match (has(UNET)?, has(AVERAGED)?) {
        (true, true) => {
            let chosen = if options.weights == Some(WeightsChoice::Raw) { UNET } else { AVERAGED };
            if options.weights.is_none() {
                notes.push(format!(
                    "weights: the averaged ones in {AVERAGED}; the optimiser's own are in {UNET}"
                ));
            }
            chosen.to_string()
        }
        (false, true) => AVERAGED.to_string(),
        _ => UNET.to_string(),
    })
}

fn has_variant(folder: &Path, variant: &str) -> bool {
    weights_of(folder, Some(variant)).is_ok()
}

/// Whether a folder holds a network that `diffusers` or `accelerate` saved.
pub(super) fn is_foreign(folder: &Path) -> Result<bool, Error> {
    let names = [format!("{UNET}/{CONFIG}"), format!("{AVERAGED}/{CONFIG}"), CONFIG.to_string()];
    names.iter().try_fold(false, |any, name| Ok(any || holds(folder, name)?))
}

/// Whether a file exists. Returns an error if the folder cannot be searched.
pub(super) fn holds(folder: &Path, name: &str) -> Result<bool, Error> {
    match std::fs::metadata(folder.join(name)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let reason = format!("its {name} cannot be read ({error})");
            Err(Error::NotACheckpoint { path: folder.to_path_buf(), reason })
        }
        Err(_) => Ok(false),
    }
}

/// A run's newest checkpoint: in `checkpoints/`, or a `checkpoint-N` of a training by `accelerate`.
pub(super) fn newest_checkpoint(run: &Path) -> Result<PathBuf, Error> {
    let not = |reason: String| Error::NotACheckpoint { path: run.to_path_buf(), reason };
    if let Ok(entries) = std::fs::read_dir(run.join("checkpoints")) {
        let whole = entries.flatten().map(|entry| entry.path()).filter(|path| is_whole(path));
        let newest =
            whole.filter(|path| path.join(DECLARATION).is_file() || is_foreign(path).unwrap_or(false)).max();
        return newest.ok_or_else(|| not("the run has written no checkpoint yet".into()));
    }
    let entries = std::fs::read_dir(run).into_iter().flatten().flatten();
    let numbered = entries.filter_map(|entry| {
        let number = entry.file_name().to_str()?.strip_prefix("checkpoint-")?.parse::<u64>().ok()?;
        is_foreign(&entry.path()).unwrap_or(false).then(|| (number, entry.path()))
    });
    let newest = numbered.max().map(|(_, path)| path);
    newest.ok_or_else(|| not(format!("it holds no {DECLARATION} and no {UNET}/{CONFIG}")))
}

/// Whether a folder is complete. Incomplete folders have the extension `partial`.
fn is_whole(folder: &Path) -> bool {
    folder.extension().is_none_or(|extension| extension != "partial")
}
