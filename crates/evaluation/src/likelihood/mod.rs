//! The likelihood of data under a model.
//!
//! [`image_bounds`] computes the variational bound of each image, term by term, and [`BoundReport`] summarises it over many images.
//! Divergences and decoders are computed by [`tweedie_math::bound`] and [`tweedie_math::decoder`] in f64; the network is evaluated on many
//! levels of an image at once. [`image_flows`] computes the exact likelihood with the probability-flow ODE, for bytes as continuous values.

mod bound;
mod flow;
mod predictions;
mod report;
mod term;

pub use bound::{BoundOptions, BoundVariance, Examples, ImageBound, image_bounds};
pub use flow::{EXACT_UP_TO, FlowReport, ImageFlow, dequantized, divergence_for, flow_report, image_flows};
pub use report::{BoundReport, Figure, ImageReport, LevelReport, bound_report};
