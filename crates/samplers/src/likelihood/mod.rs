//! Exact likelihood by the probability-flow ODE (Song et al. 2021, sec. 4.3 and app. D.2).

mod flow;
mod slope;

pub use flow::{Divergence, FlowLikelihood, FlowOptions, flow_log_likelihood};
pub(crate) use slope::cotangents;
