//! Locating the files of a checkpoint: the current layout, the old flat layout, a single network, or a checkpoint of a training.

use super::kind::Found;
use super::variants::weights_of;
use super::{CONFIG, DECLARATION, LoadOptions, SCHEDULER, WeightsChoice, pipeline};
use crate::Error;
use std::path::{Path, PathBuf};
use tweedie_files::is_there;

/// The subfolder of the network in a folder saved by `diffusers`.
const UNET: &str = "unet";

/// The subfolder of the averaged weights in a training checkpoint of `accelerate`.
const AVERAGED: &str = "unet_ema";

/// The variant of weight files with the optimizer's weights, in a folder whose files without a variant contain the average.
const NOT_AVERAGED: &str = "non_ema";

/// The variant of weight files that holds the average, where the plain file holds the optimizer's weights.
const AVERAGE: &str = "ema";

/// The files of a checkpoint, and notes about default choices.
#[derive(Debug)]
pub(super) struct Files {
    /// The configuration of the network.
    pub(super) network: PathBuf,
    /// The weights of the network, or the index of their shards.
    pub(super) weights: PathBuf,
    /// `scheduler_config.json`.
    pub(super) scheduler: Option<PathBuf>,
    /// Notes about default choices.
    pub(super) notes: Vec<String>,
}

const FLAT_SCHEDULER: &str = "scheduler_config.json";

impl Files {
    /// Locates the files of a checkpoint with the given options.
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
        let variant = match &options.variant {
            None if found.declaration.is_none() => variant_of(beside, options.weights, &mut notes),
            variant => variant.as_deref(),
        };
        let (weights, note) = weights_of(beside, variant)?;
        notes.extend(note);
        let mut files = Self { network, weights, scheduler: None, notes };
        if found.declaration.is_none() {
            files.find_scheduler(folder)?;
        }
        Ok(files)
    }

    /// Finds the scheduler in the folder or in one of the two folders above it, where it lies for a single network or a training
    /// checkpoint. Returns an error if the pipeline that it belongs to consists of more than the network.
    fn find_scheduler(&mut self, folder: &Path) -> Result<(), Error> {
        let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        for (i, place) in whole.ancestors().take(3).enumerate() {
            let scheduler = [SCHEDULER, FLAT_SCHEDULER].iter().map(|name| place.join(name));
            let found = { scheduler }.find(|path| is_there(path));
            if i == 0 || found.is_some() {
                pipeline::check(place)?;
            }
            if let Some(path) = found {
                if i > 0 {
                    self.notes.push(format!("process: read from {}, in a parent folder", path.display()));
                }
                self.scheduler = Some(path);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The subfolder of the network whose weights are read, for a folder without a declaration.
fn component_of(folder: &Path, options: &LoadOptions, notes: &mut Vec<String>) -> Result<String, Error> {
    let has = |component: &str| holds(folder, &format!("{component}/{CONFIG}"));
    Ok(match (has(UNET)?, has(AVERAGED)?) {
        (true, true) => {
            let chosen = if options.weights == Some(WeightsChoice::Raw) { UNET } else { AVERAGED };
            if options.weights.is_none() {
                notes.push(format!(
                    "weights: the averaged weights in {AVERAGED}; the optimizer's weights are in {UNET}"
                ));
            }
            chosen.to_string()
        }
        (false, true) => AVERAGED.to_string(),
        _ => UNET.to_string(),
    })
}

/// The variant of the weight files by the choice between average and optimizer's weights, if a variant is named after one of them.
fn variant_of(folder: &Path, choice: Option<WeightsChoice>, notes: &mut Vec<String>) -> Option<&'static str> {
    let has = |variant| has_variant(folder, variant);
    // An empty variant is the plain file.
    if has(NOT_AVERAGED) && has("") {
        if choice.is_none() {
            notes.push(format!(
                "weights: the plain file, which holds the averaged weights; the optimizer's are the variant `{NOT_AVERAGED}`"
            ));
        }
        return (choice == Some(WeightsChoice::Raw)).then_some(NOT_AVERAGED);
    }
    if has(AVERAGE) && has("") {
        if choice.is_none() {
            notes.push(format!(
                "weights: the averaged weights, the variant `{AVERAGE}`; the optimizer's are the plain file"
            ));
        }
        return (choice != Some(WeightsChoice::Raw)).then_some(AVERAGE);
    }
    None
}

fn has_variant(folder: &Path, variant: &str) -> bool {
    weights_of(folder, Some(variant)).is_ok()
}

/// Whether a folder contains a network saved by `diffusers` or `accelerate`.
pub(super) fn is_foreign(folder: &Path) -> Result<bool, Error> {
    let names = [format!("{UNET}/{CONFIG}"), format!("{AVERAGED}/{CONFIG}"), CONFIG.to_string()];
    names.iter().try_fold(false, |any, name| Ok(any || holds(folder, name)?))
}

/// Whether a file exists. Returns an error if the folder cannot be searched.
pub(super) fn holds(folder: &Path, name: &str) -> Result<bool, Error> {
    // A link without a target, a folder or a device is there as well. Reading it is an error that names it.
    match std::fs::symlink_metadata(folder.join(name)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let reason = format!("its {name} cannot be read ({error})");
            Err(Error::NotACheckpoint { path: folder.to_path_buf(), reason })
        }
        Err(_) => Ok(false),
    }
}

/// The newest checkpoint of a run and the next older one: in `checkpoints/`, or a `checkpoint-N` of a training with `accelerate`.
pub(super) fn newest_checkpoints(run: &Path) -> Result<(PathBuf, Option<PathBuf>), Error> {
    let not = |reason: String| Error::NotACheckpoint { path: run.to_path_buf(), reason };
    if let Ok(entries) = std::fs::read_dir(run.join("checkpoints")) {
        let whole = entries.flatten().map(|entry| entry.path()).filter(|path| is_whole(path));
        let mut found: Vec<PathBuf> = whole
            .filter(|path| {
                // A checkpoint of a run is named by a number. One that lost its files is damaged, not absent.
                is_number(path) || is_there(&path.join(DECLARATION)) || is_foreign(path).unwrap_or(false)
            })
            .collect();
        found.sort();
        let newest = found.pop().ok_or_else(|| not("the run has written no checkpoint yet".into()))?;
        return Ok((newest, found.pop()));
    }
    let entries = std::fs::read_dir(run).into_iter().flatten().flatten();
    let numbered = entries.filter_map(|entry| {
        let number = entry.file_name().to_str()?.strip_prefix("checkpoint-")?.parse::<u64>().ok()?;
        is_foreign(&entry.path()).unwrap_or(false).then(|| (number, entry.path()))
    });
    let mut found: Vec<(u64, PathBuf)> = numbered.collect();
    found.sort();
    let mut newest = || found.pop().map(|(_, path)| path);
    let first =
        newest().ok_or_else(|| not(format!("it contains neither {DECLARATION} nor {UNET}/{CONFIG}")))?;
    Ok((first, newest()))
}

/// Whether a name consists of digits.
fn is_number(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a folder is a complete checkpoint: unfinished ones and those set aside have an extension.
fn is_whole(folder: &Path) -> bool {
    folder.extension().is_none_or(|extension| extension != "partial" && extension != "set-aside")
}
