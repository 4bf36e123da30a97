//! The likelihood of data under a model.
//!
//! [`image_bounds`] computes the variational bound of each image, term by term, and [`BoundReport`] summarises it over many images.
//! Divergences and decoders are computed by [`tweedie_math::bound`] and [`tweedie_math::decoder`] in f64; the network is evaluated on many
//! levels of an image at once. [`image_flows`] computes the likelihood under the probability-flow ODE: exactly up to the error of the solver
//! for arrays of few values, as an unbiased estimate with random probes for more values, and as a bound for bytes, which are dequantized.

mod bound;
mod flow;
mod flow_report;
mod predictions;
mod report;
mod solver_error;
mod term;

pub use bound::{BoundOptions, BoundVariance, Examples, ImageBound, image_bounds};
pub use flow::{EXACT_UP_TO, ImageFlow, dequantized, divergence_for, image_flows};
pub use flow_report::{FlowReport, flow_report};
pub use report::{BoundReport, Figure, ImageReport, LevelReport, bound_report};
pub use solver_error::{SolverError, solved_again, solver_error};
