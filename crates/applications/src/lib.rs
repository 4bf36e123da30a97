//! Applications of diffusion models as a library: training, sampling, evaluation and inspection. The command line is built on it.
//!
//! - [`recipes`]: training from a configuration.
//! - [`generation`]: sampling in batches, with classes, guidance, previews and interruption.
//! - [`evaluation`]: evaluation of samples against data, and the examples for likelihoods.
//! - [`latent`]: encoding of images as latents, and decoding.
//! - [`comparison`]: comparison of samplers.
//! - [`inspection`]: descriptions of checkpoints.
//! - [`auto`]: the choice of a precision and a memory order by measurement.
//! - [`characters`]: characters that do not belong in a line of text.
//! - [`nesting`]: the nesting of TOML text, checked before it is parsed.
//!
//! Long operations report to a [`tweedie_report::Progress`], which can stop them.

pub mod auto;
pub mod characters;
pub mod comparison;
mod error;
pub mod evaluation;
pub mod generation;
pub mod inspection;
pub mod latent;
pub mod nesting;
pub mod recipes;

pub use error::Error;

/// The programs of `docs/rust.md`, which are compiled as tests of documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
pub struct Documentation;
