//! What a checkpoint's folder holds.

use super::find::{holds, newest_checkpoint};
use super::{CLASSIFIER_CONFIG, FLAT_CONFIG, UNET_CONFIG};
use crate::Error;
use std::path::{Path, PathBuf};

/// What a checkpoint's folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A denoiser: [`crate::Model`].
    Denoiser,
    /// A classifier of noisy pictures: [`crate::Classifier`].
    Classifier,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Denoiser => "a denoiser",
            Self::Classifier => "a classifier of noisy pictures",
        })
    }
}

impl Kind {
    /// What a folder holds; a run's folder stands for its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`].
    pub fn of(folder: &Path) -> Result<Self, Error> {
        Ok(resolve(folder)?.1)
    }

    /// The checkpoint of this kind that a folder is or, a run, holds as its newest.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::OtherKind`] where another kind lies there.
    pub(crate) fn find(self, folder: &Path) -> Result<PathBuf, Error> {
        match resolve(folder)? {
            (found, kind) if kind == self => Ok(found),
            (_, found) => Err(Error::OtherKind { path: folder.to_path_buf(), found, wanted: self }),
        }
    }
}

fn resolve(folder: &Path) -> Result<(PathBuf, Kind), Error> {
    if !folder.exists() {
        let reason = "it does not exist".into();
        return Err(Error::NotACheckpoint { path: folder.to_path_buf(), reason });
    }
    let kind = |folder: &Path| -> Result<Option<Kind>, Error> {
        Ok(if holds(folder, UNET_CONFIG)? {
            Some(Kind::Denoiser)
        } else if holds(folder, CLASSIFIER_CONFIG)? {
            Some(Kind::Classifier)
        } else {
            holds(folder, FLAT_CONFIG)?.then_some(Kind::Denoiser)
        })
    };
    if let Some(kind) = kind(folder)? {
        return Ok((folder.to_path_buf(), kind));
    }
    let newest = newest_checkpoint(folder)?;
    let kind = kind(&newest)?.unwrap_or(Kind::Denoiser);
    Ok((newest, kind))
}
