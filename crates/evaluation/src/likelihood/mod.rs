//! How likely a model holds data to be.
//!
//! [`image_bounds`] is the variational bound, term by term; [`BoundReport`] what it comes to over many images. All divergences and
//! decoders are those of [`tweedie_math::bound`] and [`tweedie_math::decoder`], in f64; the network is asked for many levels of one
//! image at once. [`image_flows`] is the exact likelihood by the probability-flow ODE, of bytes as continuous values.

mod ask;
mod bound;
mod flow;
mod report;
mod term;

pub use bound::{BoundOptions, BoundVariance, Examples, ImageBound, image_bounds};
pub use flow::{EXACT_UP_TO, FlowReport, ImageFlow, dequantized, divergence_for, flow_report, image_flows};
pub use report::{BoundReport, Figure, ImageReport, LevelReport, bound_report};
