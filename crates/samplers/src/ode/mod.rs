//! Solvers of the probability-flow ODE and of the reverse SDE, published after DDIM.
//!
//! In x̃ = x/signal and σ = noise/signal all processes are the same, and the ODE is dx̃/dσ = ε̂ (Karras et al. 2022, eq. 1 with s = 1).
//! With λ = ln(signal/noise) it is d(x/noise)/dλ = e^λ·x̂_0 (Lu et al. 2022). σ is infinite at a level without signal. The step from
//! such a level is a step of DDIM, and solvers with a memory begin after it.

mod dpm_solver;
mod euler;
mod heun;
mod multistep;
mod probability_flow;
mod unipc;

pub use dpm_solver::{
    Dynamics, ThirdOrder, ThirdOrderOptions, dpm_solver_2m, dpm_solver_3m, dpm_solver_step,
};
pub use euler::{euler, euler_ancestral, euler_ancestral_step, euler_step};
pub use heun::{Churn, heun, heun_step};
pub use multistep::{Past, exponential_step};
pub use probability_flow::{Adaptive, probability_flow};
pub use unipc::{UniPc, UniPcKernel, unipc, unipc_corrector, unipc_predictor};
