//! The files of a folder: today's layout, the old flat one, a network by itself.

use super::kind::Found;
use super::{CONFIG, DECLARATION, SCHEDULER};
use crate::Error;
use std::path::{Path, PathBuf};

/// The network of a folder that `diffusers` saved.
const FOREIGN: &str = "unet/config.json";

/// The files of a denoiser's checkpoint.
#[derive(Debug)]
pub(super) struct Files {
    /// The network's configuration.
    pub(super) network: PathBuf,
    /// The network's weights, or the index of their shards.
    pub(super) weights: PathBuf,
    /// `scheduler_config.json`.
    pub(super) scheduler: Option<PathBuf>,
}

/// Files of weights in the order of preference: a format that executes nothing by design comes first.
const WEIGHTS: [&str; 5] = [
    super::WEIGHTS,
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json",
];

const FLAT_SCHEDULER: &str = "scheduler_config.json";

impl Files {
    /// Those of a checkpoint.
    pub(super) fn of(found: &Found) -> Result<Self, Error> {
        let folder = &found.folder;
        let component = found.declaration.as_ref().map_or("unet", |declaration| &declaration.component);
        let own = format!("{component}/{CONFIG}");
        let is_flat = !holds(folder, &own)? && holds(folder, CONFIG)?;
        let network = if is_flat { folder.join(CONFIG) } else { folder.join(own) };
        let beside = network.parent().unwrap_or(folder);
        let weights = WEIGHTS.iter().map(|name| beside.join(name)).find(|path| path.is_file());
        // Where there is none, the error names the file that there should be.
        let weights = weights.unwrap_or_else(|| beside.join(WEIGHTS[0]));
        let scheduler = [SCHEDULER, FLAT_SCHEDULER].iter().map(|name| folder.join(name));
        Ok(Self { scheduler: { scheduler }.find(|path| path.is_file()), network, weights })
    }
}

/// Whether a file is there. A folder that cannot be searched is an error, not empty.
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
            .filter(|path| [DECLARATION, FOREIGN].iter().any(|name| path.join(name).is_file()))
            .max()
    });
    match inside {
        Ok(Some(newest)) => Ok(newest),
        Ok(None) => Err(not("the run has written no checkpoint yet".into())),
        Err(_) => Err(not(format!("it holds no {DECLARATION} and no {FOREIGN}"))),
    }
}

/// Whether a folder is complete: a writer gives unfinished ones another extension.
fn is_whole(folder: &Path) -> bool {
    folder.extension().is_none_or(|extension| extension != "partial")
}
