//! What people do with diffusion models, as a library. A command line, a web page or a program of your own is a view of it.
//!
//! - [`recipes`]: a configuration becomes data, a model, a trainer and a run.
//! - [`generation`]: samples in batches, with classes, guidance, previews and interruption.
//! - [`evaluation`]: samples against data, and the examples of a likelihood.
//! - [`latent`]: images as latent codes and back.
//! - [`comparison`]: samplers beside each other.
//! - [`inspection`]: what a checkpoint is.
//!
//! Long work reports to a [`tweedie_report::Progress`], which can stop it.

pub mod comparison;
mod error;
pub mod evaluation;
pub mod generation;
pub mod inspection;
pub mod latent;
pub mod recipes;

pub use error::Error;
