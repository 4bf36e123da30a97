//! Writes checkpoints on a separate thread while training continues.

use super::keep::remove_stale_ones;
use super::{Checkpoint, Keep};
use crate::Error;
use crate::run::failed;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Writes checkpoints one at a time on a separate thread.
#[derive(Debug, Default)]
pub(crate) struct CheckpointWriter {
    running: Option<JoinHandle<Result<PathBuf, Error>>>,
}

impl CheckpointWriter {
    /// Waits for the previous checkpoint, returns its path and begins to write a new one. Stale checkpoints are removed once the new one
    /// is complete.
    pub(crate) fn start(
        &mut self,
        checkpoint: Checkpoint,
        target: PathBuf,
        keep: Keep,
    ) -> Result<Option<PathBuf>, Error> {
        let before = self.wait()?;
        let write = move || {
            let path = checkpoint.write(&target)?;
            if let Some(folder) = path.parent() {
                remove_stale_ones(folder, keep)?;
            }
            Ok(path)
        };
        let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(write);
        self.running =
            Some(thread.map_err(failed("cannot start a thread to write", Path::new("a checkpoint")))?);
        Ok(before)
    }

    /// The checkpoint that was finished since the last call, if any.
    pub(crate) fn finished(&mut self) -> Result<Option<PathBuf>, Error> {
        if self.running.as_ref().is_some_and(JoinHandle::is_finished) { self.wait() } else { Ok(None) }
    }

    /// Waits for the checkpoint that is being written, if any, and returns its path.
    pub(crate) fn wait(&mut self) -> Result<Option<PathBuf>, Error> {
        match self.running.take().map(JoinHandle::join) {
            None => Ok(None),
            Some(Ok(result)) => result.map(Some),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        // A checkpoint that was begun is completed, no matter how training ended.
        if let Some(thread) = self.running.take() {
            let _ = thread.join();
        }
    }
}
