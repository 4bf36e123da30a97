//! Which files of a folder are which: today's layout, the old flat one, a network by itself.

use super::{CLASSIFIER_CONFIG, DESCRIPTION, FLAT_CONFIG, Kind, SCHEDULER, UNET_CONFIG};
use crate::Error;
use std::path::{Path, PathBuf};

/// The files of a checkpoint.
#[derive(Debug)]
pub(crate) struct Files {
    /// The checkpoint itself: of a run, its newest.
    pub folder: PathBuf,
    /// The network's configuration.
    pub network: PathBuf,
    /// The network's weights, or the index of their shards.
    pub weights: PathBuf,
    /// `tweedie.json`.
    pub description: Option<PathBuf>,
    /// `scheduler_config.json`.
    pub scheduler: Option<PathBuf>,
}

/// Files of weights in the order of preference: what executes nothing by design comes first.
const WEIGHTS: [&str; 5] = [
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json",
];

const FLAT_SCHEDULER: &str = "scheduler_config.json";

impl Files {
    /// Finds them; a run's folder stands for its newest checkpoint.
    pub(crate) fn find(folder: &Path) -> Result<Self, Error> {
        let folder = Kind::Denoiser.find(folder)?;
        let network = if holds(&folder, UNET_CONFIG)? { UNET_CONFIG } else { FLAT_CONFIG };
        let network = folder.join(network);
        let beside = network.parent().unwrap_or(&folder);
        let weights = WEIGHTS.iter().map(|name| beside.join(name)).find(|path| path.is_file());
        // Where none is there, the complaint names the file that there should be.
        let weights = weights.unwrap_or_else(|| beside.join(WEIGHTS[0]));
        let optional =
            |names: &[&str]| names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        Ok(Self {
            description: optional(&[DESCRIPTION]),
            scheduler: optional(&[SCHEDULER, FLAT_SCHEDULER]),
            network,
            weights,
            folder,
        })
    }
}

/// Whether a file is there; a folder that may not be looked into is not called empty.
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

/// A run's newest checkpoint.
pub(super) fn newest_checkpoint(run: &Path) -> Result<PathBuf, Error> {
    let not = |reason: String| Error::NotACheckpoint { path: run.to_path_buf(), reason };
    let inside = std::fs::read_dir(run.join("checkpoints")).map(|entries| {
        entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_whole(path))
            .filter(|path| [UNET_CONFIG, CLASSIFIER_CONFIG].iter().any(|name| path.join(name).is_file()))
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
