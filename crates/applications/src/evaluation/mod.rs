//! Evaluation of samples against data, and the examples for likelihoods.

mod examples;
mod points;
mod real;
mod recorded;
mod samples;
mod subject;

pub use examples::Examples;
pub use samples::{Judged, SamplesOptions, judge};
pub use subject::Subject;

use crate::Error;
use crate::recipes::{RunConfig, Source};
use std::path::Path;
use tweedie_training::CONFIG;

/// The configuration of the data: that of `source` if it names one, otherwise that of the run that the model belongs to.
///
/// # Errors
/// [`Error::NoRun`] if the model does not belong to a run; errors of [`RunConfig::resolve`].
pub fn config_of(model: &Path, source: &Source) -> Result<RunConfig, Error> {
    if source.preset.is_some() || source.config.is_some() {
        return RunConfig::resolve(source);
    }
    if !model.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::Read { path: model.to_path_buf(), source });
    }
    let own = model
        .ancestors()
        .take(3)
        .map(|folder| folder.join(CONFIG))
        .find(|file| tweedie_files::is_there(file));
    let Some(file) = own else { return Err(Error::NoRun { path: model.to_path_buf() }) };
    RunConfig::resolve(&Source { config: Some(file), ..source.clone() })
}
