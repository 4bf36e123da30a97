//! Exact likelihood by the probability-flow ODE (Song et al. 2021, sec. 4.3 and app. D.2).
//!
//! A process of any rates is taken to its variance-preserving coordinates, x = cos φ·x_0 + sin φ·ε. There the flow is
//! dx/dφ = v̂ = cos φ·ε̂ − sin φ·x̂_0, which has no singular level: neither clean data (φ = 0) nor pure noise (φ = π/2). Along it
//! d ln q/dφ = −div v̂.

mod dormand_prince;
mod flow;
mod slope;

pub use flow::{Divergence, FlowLikelihood, FlowOptions, flow_log_likelihood};
