//! Samplers: functions that walk from noise to data by asking a denoiser.
//!
//! A sampler takes a [`Denoiser`] (what is clean, given what is noisy), a start, a [`Path`] of noise levels, a
//! [`NoiseSource`] and a [`Hook`]. It knows no network and no tensor library: it works on any [`State`], `ndarray` arrays
//! always and `tch::Tensor` by the feature `tch`. No operation works in place, and the gradient mode is never touched.
//!
//! | what | where |
//! |---|---|
//! | ancestral | [`ddpm`] |
//! | implicit, forwards and backwards | [`ddim`], [`ddim_with`], [`ddim_invert`], [`reconstruct`], [`slerp`] |
//! | solvers | [`euler`], [`euler_ancestral`], [`heun`], [`dpm_solver_2m`], [`dpm_solver_3m`], [`unipc`], [`probability_flow`] |
//! | Langevin | [`unadjusted_langevin`], [`adjusted_langevin`], [`underdamped_langevin`], [`annealed_langevin`], [`predictor_corrector`] |
//! | around a denoiser | [`Clipped`], [`Thresholded`], [`WithX0Variance`], [`Extrapolated`], [`ClassifierGuided`] |
//! | likelihood | [`flow_log_likelihood`] |
//!
//! **Batches.** What is computed of a sample depends on no other sample, to the last bit; [`Norms::BatchMean`] alone, by name, does
//! otherwise.
//!
//! **Derivatives.** Where the state records gradients a caller may differentiate through a sampler. Numbers that are read from x per
//! sample are constants to such a derivative: the steps of [`probability_flow`], the corrector's norms, [`Thresholded`]'s quantile,
//! [`Extrapolated`]'s rescaling, [`slerp`]'s angle, Metropolis' choice, the variance of [`WithX0Variance`].
//!
//! ```
//! use ndarray::{Array2, array};
//! use tweedie_math::{DiscreteVp, GaussianDenoiser, Process};
//! use tweedie_samplers::{Path, StreamNoise, ddim, start};
//!
//! // Data distributed as N(2, 0.25) has an exact denoiser; any function of (x, level) can stand in its place.
//! let denoiser = GaussianDenoiser { mean: 2.0, variance: 0.25 };
//! let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
//! let path = Path::of_times(&process, &[1000, 750, 500, 250, 1])?;
//! let noise = StreamNoise::new(0, 0);
//! let x = start(&Array2::<f64>::zeros((4, 1)), &process, &path, &noise)?;
//! let samples = ddim(&denoiser, x, &path, 0.0, &noise, &mut ())?;
//! assert!(samples.iter().all(|x| (x - 2.0).abs() < 4.0));
//! # Ok::<(), tweedie_samplers::Error>(())
//! ```

mod clip;
mod ddim;
mod ddpm;
mod denoiser;
mod error;
mod flow;
mod gaussian;
mod guidance;
mod hook;
mod langevin;
mod likelihood;
mod noise;
mod ode;
mod oracle;
mod path;
mod spread;
mod state;
mod threshold;
mod walk;

pub use clip::{Clipped, EpsAfterClip};
pub use ddim::{
    DdimNoise, Inversion, Told, ddim, ddim_invert, ddim_invert_step, ddim_sigma, ddim_step, ddim_with,
    reconstruct, slerp,
};
pub use ddpm::{ReverseVariance, ddpm, ddpm_step};
pub use denoiser::{Denoiser, Differentiable, Estimate, Spread};
pub use error::Error;
pub use guidance::{ClassifierGuided, Extrapolated, Guide, ddpm_guided};
pub use hook::{Hook, Next, Step};
pub use langevin::{
    Adjusted, Annealed, Corrector, EMA_DECAY, Energy, EnergyAndScore, Norms, Predictor, Score, ScoreAt,
    ScoreOf, Underdamped, adjusted_langevin, adjusted_langevin_step, annealed_langevin, corrector_step,
    first_sigma, geometric_sigmas, langevin_step, level_ratio, predictor_corrector, scale_by_noise,
    step_size, unadjusted_langevin, underdamped_langevin, underdamped_step, variance_after_levels,
};
pub use likelihood::{Divergence, FlowLikelihood, FlowOptions, flow_log_likelihood};
pub use noise::{Draw, NoiseSource, StreamNoise, start};
pub use ode::{
    Adaptive, Churn, Dynamics, Past, ThirdOrder, UniPc, UniPcKernel, dpm_solver_2m, dpm_solver_3m,
    dpm_solver_step, euler, euler_ancestral, euler_ancestral_step, euler_step, exponential_step, heun,
    heun_step, probability_flow, unipc, unipc_corrector, unipc_predictor,
};
pub use oracle::{Exact, ExactAt};
pub use path::Path;
pub use spread::WithX0Variance;
pub use state::{Coefficient, State};
pub use threshold::Thresholded;
