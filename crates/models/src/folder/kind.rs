//! The kind of model in a checkpoint folder.

use super::declaration::Declaration;
use super::find::{is_foreign, newest_checkpoints};
use super::{CARD, DECLARATION};
use crate::Error;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The kind of model in a checkpoint folder, declared by its `tweedie.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A denoiser: [`crate::Model`].
    Denoiser,
    /// A classifier of noisy images: [`crate::Classifier`].
    Classifier,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Denoiser => "a denoiser",
            Self::Classifier => "a classifier of noisy images",
        })
    }
}

impl Kind {
    /// The kind of the model in a folder. For the folder of a run, it is that of its newest checkpoint.
    ///
    /// # Errors
    /// [`Error::NotACheckpoint`]; [`Error::Configuration`] for a `tweedie.json` that cannot be read.
    pub fn of(folder: &Path) -> Result<Self, Error> {
        Ok(resolve(folder)?.kind())
    }

    /// Whether a folder is a checkpoint or a run.
    pub fn is_model(folder: &Path) -> bool {
        !matches!(resolve(folder), Err(Error::NotACheckpoint { .. }))
    }

    /// Whether the model in a folder has a `tweedie.json`, so that it is a checkpoint of this workspace.
    pub fn is_declared(folder: &Path) -> bool {
        resolve(folder).is_ok_and(|found| found.declaration.is_some())
    }

    /// Finds a checkpoint of this kind: the folder itself or, for a run, its newest checkpoint.
    pub(super) fn find(self, folder: &Path) -> Result<Found, Error> {
        let found = resolve(folder)?;
        if found.kind() == self {
            return Ok(found);
        }
        Err(Error::OtherKind { path: folder.to_path_buf(), found: found.kind(), wanted: self })
    }
}

/// A checkpoint folder with its declaration. Folders saved by `diffusers` have none.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) declaration: Option<Declaration>,
    /// Notes about the choice of the folder.
    pub(super) notes: Vec<String>,
    /// The next older checkpoint, if the folder is the newest checkpoint of a run.
    older: Option<PathBuf>,
}

impl Found {
    /// The kind of the model. A folder without a declaration contains a denoiser.
    fn kind(&self) -> Kind {
        self.declaration.as_ref().map_or(Kind::Denoiser, |declaration| declaration.kind)
    }

    /// Compares the files of the model with the checksums in `tweedie.json`, except the model card, which no program reads. Models of
    /// earlier versions and of `diffusers` have no checksums.
    fn verify(&self) -> Result<(), Error> {
        let Some(declaration) = &self.declaration else { return Ok(()) };
        let mut checksums = declaration.checksums.clone();
        checksums.remove(CARD);
        tweedie_files::verify(&self.folder, &checksums)
            .map_err(|source| Error::Checksum { source, declaration: self.folder.join(DECLARATION) })
    }

    /// Loads from the folder and then compares its files with their checksums. An error of reading describes damage better than a checksum,
    /// and is therefore returned first. If a run's newest checkpoint is damaged, the error names the next older one.
    pub(super) fn load<T>(&self, load: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let loaded = load(self);
        let verified = self.verify();
        let is_damaged = verified.is_err();
        loaded.and_then(|value| verified.map(|()| value)).map_err(|error| match &self.older {
            Some(older) if is_damaged => Error::Newest { source: Box::new(error), older: older.clone() },
            _ => error,
        })
    }
}

fn resolve(folder: &Path) -> Result<Found, Error> {
    let not = |reason: &str| Error::NotACheckpoint { path: folder.to_path_buf(), reason: reason.into() };
    if !tweedie_files::is_there(folder) {
        return Err(not("it does not exist"));
    }
    if !folder.is_dir() {
        return Err(not("it is not a folder"));
    }
    if let Some(found) = inspect(folder)? {
        return Ok(found);
    }
    let (newest, older) = newest_checkpoints(folder)?;
    let empty = || {
        let reason = format!("its newest checkpoint {} contains no model", newest.display());
        Error::NotACheckpoint { path: folder.to_path_buf(), reason }
    };
    let inspected = inspect(&newest).and_then(|found| found.ok_or_else(empty));
    let mut found = inspected.map_err(|error| match &older {
        Some(older) => Error::Newest { source: Box::new(error), older: older.clone() },
        None => error,
    })?;
    if found.declaration.is_none() {
        found.notes.push(format!("checkpoint: the newest, {}", newest.display()));
    }
    found.older = older;
    Ok(found)
}

/// Inspects a folder. Returns `None` if it is not itself a checkpoint.
fn inspect(folder: &Path) -> Result<Option<Found>, Error> {
    let declaration = Declaration::read(folder)?;
    if declaration.is_none() && !is_foreign(folder)? {
        return Ok(None);
    }
    Ok(Some(Found { folder: folder.to_path_buf(), declaration, notes: Vec::new(), older: None }))
}
