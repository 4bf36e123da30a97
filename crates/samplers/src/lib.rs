//! Samplers: functions that go from noise to data by a denoiser's predictions.
//!
//! A sampler takes a [`Denoiser`] (E[x_0 | x_t] at any noise level), a start, a [`Path`] of noise levels, a [`NoiseSource`] and a
//! [`Hook`]. It does not depend on a network or a tensor library, and works on any [`State`]: on `ndarray` arrays, and on
//! `tch::Tensor` with the feature `tch`. No operation works in place or changes the gradient mode.
//!
//! | group | functions and types |
//! |---|---|
//! | ancestral | [`ddpm`] |
//! | implicit, forwards and backwards | [`ddim`], [`ddim_with`], [`ddim_invert`], [`reconstruct`], [`slerp`] |
//! | solvers | [`euler`], [`euler_ancestral`], [`heun`], [`dpm_solver_2m`], [`dpm_solver_3m`], [`unipc`], [`probability_flow`] |
//! | Langevin | [`unadjusted_langevin`], [`adjusted_langevin`], [`underdamped_langevin`], [`annealed_langevin`], [`predictor_corrector`] |
//! | wrappers of denoisers | [`Clipped`], [`Thresholded`], [`WithX0Variance`], [`Extrapolated`], [`ClassifierGuided`] |
//! | likelihood | [`flow_log_likelihood`] |
//! | noised data | [`noised`], [`start`] |
//!
//! **Batches.** A sample does not depend on the other samples of its batch, to the last bit; [`Norms::BatchMean`] is the only
//! exception. [`Levels`] are the noise levels of a batch: one for all samples, or one per sample.
//!
//! **Options.** Each sampler defines its own options, which implement `serde`'s traits. `check` tests their ranges.
//!
//! **Derivatives.** If the state records gradients, a caller may differentiate through a sampler. Numbers that are computed per sample
//! from x are constants in such a derivative: the steps of [`probability_flow`], the corrector's norms, [`Thresholded`]'s quantile,
//! [`Extrapolated`]'s rescaling, [`slerp`]'s angle, Metropolis' choice, and the variance of [`WithX0Variance`].
//!
//! ```
//! use ndarray::{Array2, array};
//! use tweedie_math::{DiscreteVp, GaussianDenoiser, Process};
//! use tweedie_samplers::{Path, StreamNoise, ddim, start};
//!
//! // Data distributed as N(2, 0.25) has an exact denoiser. Any function of (x, level) can replace it.
//! let denoiser = GaussianDenoiser { mean: 2.0, variance: 0.25 };
//! let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
//! let path = Path::of_times(&process, &[1000, 750, 500, 250, 1])?;
//! let noise = StreamNoise::new(0, 0);
//! let x = start(&Array2::<f64>::zeros((4, 1)), &process, &path, &noise)?;
//! let samples = ddim(&denoiser, x, &path, 0.0, &noise, &mut ())?;
//! assert!(samples.iter().all(|x| (x - 2.0).abs() < 4.0));
//! # Ok::<(), tweedie_samplers::Error>(())
//! ```
//!
//! A custom sampler is a function that evaluates a denoiser along a path. A model uses it like the samplers of this crate:
//!
//! ```
//! use tweedie_samplers::{Coefficient, Denoiser, Error, Path, State};
//!
//! /// Cold diffusion (Bansal et al. 2022, Algorithm 2): x_s = x_t − D(x̂_0, t) + D(x̂_0, s), where D adds the estimated noise.
//! fn cold<X: State>(denoiser: &dyn Denoiser<X>, mut x: X, path: &Path) -> Result<X, Error> {
//!     for step in path.steps() {
//!         let estimate = denoiser.denoise(&x, step.from.into())?;
//!         let signal = step.to.signal_rate() - step.from.signal_rate();
//!         let noise = step.to.noise_rate() - step.from.noise_rate();
//!         x = X::combine(&[
//!             (Coefficient::Same(1.0), &x),
//!             (Coefficient::Same(signal), &estimate.x0),
//!             (Coefficient::Same(noise), &estimate.eps),
//!         ])?;
//!     }
//!     Ok(x)
//! }
//!
//! # use tweedie_math::{DiscreteVp, GaussianDenoiser};
//! # let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
//! # let path = Path::of_times(&process, &[1000, 750, 500, 250, 1])?;
//! # let denoiser = GaussianDenoiser { mean: 2.0, variance: 0.25 };
//! let samples = cold(&denoiser, ndarray::Array2::<f64>::zeros((4, 1)), &path)?;
//! assert!(samples.iter().all(|x| (x - 2.0).abs() < 0.5));
//! # Ok::<(), Error>(())
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
mod levels;
mod likelihood;
mod noise;
mod ode;
mod oracle;
mod path;
mod spread;
mod state;
mod threshold;
mod walk;

pub use clip::{ClipOptions, Clipped, EpsAfterClip};
pub use ddim::{
    ConditionedOn, DdimNoise, DdimNoiseKind, DdimOptions, Inversion, ddim, ddim_invert, ddim_invert_step,
    ddim_sigma, ddim_step, ddim_with, reconstruct, slerp,
};
pub use ddpm::{DdpmOptions, MOST_PROBES, ReverseVariance, ddpm, ddpm_step};
pub use denoiser::{Denoiser, Differentiable, Estimate, Spread};
pub use error::Error;
pub use guidance::{ClassifierGuided, Extrapolated, Extrapolation, Guide, ddpm_guided};
pub use hook::{Hook, Next, Step};
pub use langevin::{
    Adjusted, Annealed, AnnealedOptions, Corrector, EMA_DECAY, Energy, EnergyAndScore, Norms, Predictor,
    Score, ScoreAt, ScoreOf, Underdamped, adjusted_langevin, adjusted_langevin_step, annealed_langevin,
    corrector_step, first_sigma, geometric_sigmas, langevin_step, level_ratio, predictor_corrector,
    scale_by_noise, step_size, technique_4, unadjusted_langevin, underdamped_langevin, underdamped_step,
    variance_after_levels,
};
pub use levels::Levels;
pub use likelihood::{Divergence, FlowLikelihood, FlowOptions, flow_log_likelihood};
pub use noise::{Draw, NoNoise, NoiseSource, StreamNoise, noised, start};
pub use ode::{
    Adaptive, Churn, Dynamics, Past, ThirdOrder, ThirdOrderOptions, UniPc, UniPcKernel, dpm_solver_2m,
    dpm_solver_3m, dpm_solver_step, euler, euler_ancestral, euler_ancestral_step, euler_step,
    exponential_step, heun, heun_step, probability_flow, unipc, unipc_corrector, unipc_predictor,
};
pub use oracle::{Exact, ExactAt};
pub use path::Path;
pub use spread::WithX0Variance;
pub use state::{Coefficient, State};
pub use threshold::Thresholded;
