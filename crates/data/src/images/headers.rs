//! The headers of the image files of a set.

use super::{BadFiles, ImageFiles, decode};
use crate::Error;
use std::collections::BTreeMap;
use std::sync::PoisonError;

impl ImageFiles {
    /// Reads the header of every image and returns an error for the first file that is not an image, unless such files are skipped.
    ///
    /// # Errors
    /// [`Error::Image`].
    pub fn check(&self) -> Result<(), Error> {
        if self.options.bad_files == BadFiles::Skip {
            return Ok(());
        }
        for &at in self.images() {
            let bad = |reason| Error::Image {
                name: self.path.join(&self.files.names()[at]).display().to_string(),
                reason,
            };
            decode::size_of(&self.files.read(at)?).map_err(bad)?;
        }
        Ok(())
    }

    /// Reads the header of every image that is not skipped. Returns the number of images of each height and width, and the names of files
    /// that are not images.
    pub fn sizes(&self) -> (BTreeMap<[usize; 2], u64>, Vec<String>) {
        let mut sizes = BTreeMap::new();
        let mut bad = Vec::new();
        for &at in self.images().iter().filter(|at| !self.is_left_out(**at)) {
            let bytes = self.files.read(at).map_err(|error| error.to_string());
            match bytes.and_then(|bytes| decode::size_of(&bytes)) {
                Ok(size) => *sizes.entry(size).or_default() += 1,
                Err(_) => bad.push(self.files.names()[at].clone()),
            }
        }
        (sizes, bad)
    }

    /// Marks files as skipped that were found to be damaged when the same set was decoded before.
    pub fn skip(&self, names: impl IntoIterator<Item = String>) {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }
}
